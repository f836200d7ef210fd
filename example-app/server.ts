// The application: what you would write yourself. `main.ts` starts it with a provider beside it.
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { type ConnectAuthOptions, connectAuth, requireAuth } from 'express-connect-auth';
import helmet from 'helmet';
import { renderHome, renderProfile } from './pages.ts';

export type ExampleOptions = Pick<ConnectAuthOptions, 'baseUrl' | 'secret' | 'redis' | 'provider'> & {
  /** Where the provider's pages are: the sign-out form is redirected there, which a browser wants to be allowed. */
  providerOrigin: string;
};

export function createApp({ providerOrigin, ...options }: ExampleOptions): Express {
  const app = express();
  const formAction = ["'self'", providerOrigin];
  app.use(helmet({ contentSecurityPolicy: { directives: { formAction, upgradeInsecureRequests: null } } }));
  // Before connectAuth: files need no session.
  app.use('/public', express.static(fileURLToPath(new URL('public', import.meta.url))));

  app.use(connectAuth(options));

  app.get('/', (req, res) => {
    res.send(renderHome(req.user));
  });
  app.get('/profile', requireAuth, (req, res) => {
    const visit = (req.session.visits ?? 0) + 1;
    req.session.visits = visit;
    res.send(
      renderProfile({ user: req.user!, claims: req.auth.claims!, expiresAt: req.auth.expiresAt!, visit }),
    );
  });
  app.get('/api/me', requireAuth, (req, res) => {
    res.json(req.user);
  });
  return app;
}

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}
