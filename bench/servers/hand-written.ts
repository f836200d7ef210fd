import { parse } from 'cookie';
import { sign, unsign } from 'cookie-signature';
import express, { type Express } from 'express';
import { Redis } from 'ioredis';
import { createText, createTokens, user } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

const SECRET = 'a secret of the benchmark, long enough to be one';

/** The possible: a signed cookie, one GET of a small session, JSON.parse, `req.user`. Tokens lie apart and are not read. */
export function createApp({ redisUrl }: ServerSettings): Express {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const app = express();
  app.get('/seed', async (_req, res) => {
    const id = createText(43);
    await redis.set(`session:${id}`, JSON.stringify({ user, loggedInAt: Date.now() }), 'EX', 86_400);
    await redis.set(`tokens:${id}`, JSON.stringify(createTokens()), 'EX', 86_400);
    res.cookie('sid', sign(id, SECRET), { httpOnly: true }).end();
  });
  app.use(async (req, _res, next) => {
    const cookie = parse(req.headers.cookie ?? '').sid;
    const id = cookie !== undefined && unsign(cookie, SECRET);
    const session = id && (await redis.get(`session:${id}`));
    if (session) req.user = JSON.parse(session).user;
    next();
  });
  app.get('/me', (req, res) => {
    if (req.user) res.json(req.user);
    else res.status(401).end();
  });
  return app;
}
