import { encode } from '@auth/core/jwt';
import { getSession } from '@auth/express';
import express, { type Express } from 'express';
import { user } from './sample-login.ts';

const SECRET = 'a secret of the benchmark, long enough to be one';
const COOKIE = 'authjs.session-token';

/** @auth/express with its sealed JWT in the browser's cookie, which is its default; there are no tokens. */
export function createApp(): Express {
  const config = { providers: [], secret: SECRET, trustHost: true };
  const app = express();
  app.get('/seed', async (_req, res) => {
    res.cookie(COOKIE, await encode({ token: user, secret: SECRET, salt: COOKIE })).end();
  });
  app.get('/me', async (req, res) => {
    const session = await getSession(req, config);
    if (session) res.json(session.user);
    else res.status(401).end();
  });
  return app;
}
