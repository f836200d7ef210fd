import { RedisStore } from 'connect-redis';
import express, { type Express } from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';
import { createTokens } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';
import { addSessionHandlers } from './session-handlers.ts';

/** express-session and connect-redis as their documents set them up, with the tokens in the session. */
export function createApp({ redisUrl, variant }: ServerSettings): Express {
  const app = express();
  app.use(createUsualSession(redisUrl));
  app.use('/seed', (req, _res, next) => {
    req.session.tokens = createTokens();
    next();
  });
  addSessionHandlers(app, variant);
  return app;
}

/** The middleware, for whoever builds on it. */
export function createUsualSession(redisUrl: string) {
  return session({
    store: new RedisStore({ client: new Redis(redisUrl) }),
    secret: 'a secret of the benchmark, long enough to be one',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 86_400_000 },
  });
}
