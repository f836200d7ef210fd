// Run as a process of its own, by startProcess(): one of several that serve the same application.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import express, { type NextFunction, type Request, type Response } from 'express';
import { ConnectAuthError, connectAuth, providers, requireAuth } from '../../src/index.ts';
import type { FleetAppOptions } from './fleet.ts';
import { measureProcess } from './measure-process.ts';

declare module 'express-session' {
  interface SessionData {
    n: number;
  }
}

const options = JSON.parse(process.env.FLEET_OPTIONS ?? '') as FleetAppOptions;
const { name, redis, baseUrl, secrets, issuer, clientId, storeTimeoutMs } = options;
const tell = (message: object) => {
  if (process.connected) process.send?.(message);
};

const auth = connectAuth({
  ...{ baseUrl, redis, storeTimeoutMs, secret: secrets, application: 'the fleet' },
  provider: providers.oidc({
    ...{ issuer, clientId, clientSecret: 'the secret of the client, long enough' },
    ...{ idTokenSigningAlgorithm: 'ES256', timeoutMs: 5000 },
  }),
  session: { cookieName: 'session' },
  onError: ({ error, during }) =>
    tell({
      at: new Date().toISOString().slice(11, 23),
      error: error.code,
      message: error.message.slice(0, 200),
      during,
    }),
});
const app = express();
app.set('etag', false);
app.use((_req, res, next) => {
  res.setHeader('x-process', name);
  next();
});
app.use(auth);

const meOf = ({ user, session }: Request) => ({ sub: user?.sub, n: session.n ?? 0 });
app.get('/me', requireAuth, (req, res) => void res.json(meOf(req)));
app.post('/count', requireAuth, (req, res) => {
  req.session.n = (req.session.n ?? 0) + 1;
  res.json(meOf(req));
});
app.post('/renew', requireAuth, (req, res, next) => {
  req.session.regenerate((error) => (error ? next(error) : res.json(meOf(req))));
});
app.get('/token', requireAuth, async (req, res) => {
  res.json({ sub: req.user?.sub, token: await req.auth.getAccessToken({ minValiditySeconds: 1 }) });
});
app.post('/out-everywhere', async (req, res) => {
  await auth.sessions.revokeAll({ issuer, sub: String(req.query.sub) });
  res.json({});
});
app.get('/slow', requireAuth, async (req, res) => {
  tell({ waiting: name });
  await wait(Number(req.query.ms));
  req.session.n = (req.session.n ?? 0) + 1;
  res.json(meOf(req));
});
app.get('/stream', requireAuth, (req, res) => {
  res.write('begun\n');
  req.auth.onEnd(() => res.end('told\n'));
});
app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const { status = 500, code = 'unknown' } = error as Partial<ConnectAuthError>;
  if (!(error instanceof ConnectAuthError)) tell({ error: 'foreign', message: String(error) });
  if (status === 503) res.setHeader('Retry-After', '5');
  res.status(status).json({ error: code });
});

const server = createServer(app);
// Longer than whoever is in front keeps a connection for the next request.
server.keepAliveTimeout = 65_000;
process.on('message', async (message) => {
  if (message === 'measure') tell({ measured: await measureProcess(server) });
});
process.once('SIGTERM', async () => {
  await auth.close({ server });
  tell({ closed: true });
  process.disconnect();
});
// Whoever started this has ended, however that came.
process.once('disconnect', () => setTimeout(() => process.exit(7), 3000).unref());

server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
