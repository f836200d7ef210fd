import { RedisStore } from 'connect-redis';
import express, { type Express } from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';
import { createTokens } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';
import { addSessionHandlers } from './session-handlers.ts';

const TOUCH_INTERVAL_MS = 60_000;

/** express-session by somebody who has measured: auto-pipelining, a touch a minute, the tokens under a key of their own. */
export function createApp({ redisUrl, variant }: ServerSettings): Express {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const app = express();
  app.use(
    session({
      store: createThrottledStore(redis),
      secret: 'a secret of the benchmark, long enough to be one',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 86_400_000 },
    }),
  );
  app.use('/seed', async (req, _res, next) => {
    await redis.set(`tokens:${req.sessionID}`, JSON.stringify(createTokens()), 'EX', 86_400);
    next();
  });
  addSessionHandlers(app, variant);
  return app;
}

function createThrottledStore(redis: Redis): RedisStore {
  const store = new RedisStore({ client: redis });
  const touch = store.touch.bind(store);
  const touchedAt = new Map<string, number>();
  store.touch = async (id, data, done) => {
    const now = performance.now();
    if (now - (touchedAt.get(id) ?? Number.NEGATIVE_INFINITY) < TOUCH_INTERVAL_MS) return done?.();
    touchedAt.set(id, now);
    return touch(id, data, done);
  };
  return store;
}
