import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { fromNodeHeaders } from 'better-auth/node';
import express, { type Express } from 'express';
import { Redis } from 'ioredis';
import { createText } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

/** better-auth with Redis as its secondary storage, where its sessions are then; there are no tokens. */
export function createApp({ redisUrl, baseUrl }: ServerSettings): Express {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const auth = betterAuth({
    baseURL: baseUrl,
    secret: 'a secret of the benchmark, long enough to be one',
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage: {
      get: (key) => redis.get(key),
      set: async (key, value, seconds) => {
        await (seconds ? redis.set(key, value, 'EX', seconds) : redis.set(key, value));
      },
      delete: async (key) => {
        await redis.del(key);
      },
      getAndDelete: (key) => redis.getdel(key),
      increment: (key) => redis.incr(key),
    },
    emailAndPassword: {
      enabled: true,
      // Only the session is measured.
      password: { hash: async (text) => text, verify: async ({ hash, password }) => hash === password },
    },
    telemetry: { enabled: false },
  });
  const app = express();
  app.get('/seed', async (_req, res) => {
    const body = { name: 'Ada Lovelace', email: `${createText(8)}@example.com`, password: createText(20) };
    const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
    res.setHeader('set-cookie', headers.getSetCookie());
    res.end();
  });
  app.get('/me', async (req, res) => {
    const session = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
    if (session) res.json(session.user);
    else res.status(401).end();
  });
  return app;
}
