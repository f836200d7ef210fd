import express, { type Express } from 'express';
import passport from 'passport';
import { createUsualSession } from './express-session-usual.ts';
import { createTokens, user } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

/** passport's session strategy on express-session as usually set up, with the tokens in the session. */
export function createApp({ redisUrl }: ServerSettings): Express {
  passport.serializeUser((who, done) => done(null, who));
  passport.deserializeUser((who: Express.User, done) => done(null, who));
  const app = express();
  app.use(createUsualSession(redisUrl));
  app.use(passport.session());
  app.get('/seed', (req, res, next) => {
    req.logIn(user, (error) => {
      if (error) return next(error);
      Object.assign(req.session, { tokens: createTokens() });
      res.end();
    });
  });
  app.get('/me', (req, res) => {
    if (req.isAuthenticated()) res.json(req.user);
    else res.status(401).end();
  });
  return app;
}
