import express, { type Express } from 'express';
import { type ConnectAuth, connectAuth, providers, requireAuth } from '../../dist/index.js';
import { user } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

/** This package, as its README sets it up, built. Each variant is one thing that a handler does. */
export function createApp(settings: ServerSettings): Express {
  const { baseUrl, redisUrl, issuer, clientId, clientSecret } = settings;
  const auth = connectAuth({
    baseUrl,
    secret: 'a secret of the benchmark, long enough to be one',
    redis: redisUrl,
    provider: providers.oidc({ issuer, clientId, clientSecret }),
  });
  const app = express();
  app.use(auth);
  VARIANTS[settings.variant]!(app, auth, settings);
  return app;
}

const VARIANTS: Record<string, (app: Express, auth: ConnectAuth, settings: ServerSettings) => void> = {
  user: (app) => {
    app.get('/me', requireAuth, (req, res) => {
      res.json(req.user);
    });
  },
  'session-read': (app) => {
    app.get('/me', requireAuth, (req, res) => {
      res.json({ ...req.user, visits: visitsOf(req.session) });
    });
  },
  'session-write': (app) => {
    app.get('/me', requireAuth, (req, res) => {
      const visits = visitsOf(req.session) + 1;
      Object.assign(req.session, { visits });
      res.json({ ...req.user, visits });
    });
  },
  'no-cookie': (app) => {
    app.get('/me', (_req, res) => {
      setImmediate(() => res.json(user));
    });
  },
  token: (app) => {
    app.get('/me', requireAuth, async (req, res) => {
      const token = await req.auth.getAccessToken();
      res.json({ ...req.user, length: token.length });
    });
  },
  'revoke-all': (app, auth, { issuer }) => {
    app.get('/revoke-all/:sub', async (req, res) => {
      res.json(await auth.sessions.revokeAll({ issuer, sub: req.params.sub }));
    });
  },
};

function visitsOf(session: object): number {
  return (session as { visits?: number }).visits ?? 0;
}
