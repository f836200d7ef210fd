import type { Express } from 'express';
import { user } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

declare module 'express-session' {
  interface SessionData {
    user: object;
    visits: number;
    tokens: object;
  }
}

/** What an application does with `req.session` where the person who is logged in stands in it: reads it, or changes it. */
export function addSessionHandlers(app: Express, variant: ServerSettings['variant']): void {
  app.get('/seed', (req, res) => {
    Object.assign(req.session, { user, visits: 1 });
    res.end();
  });
  app.get('/me', (req, res) => {
    if (!req.session.user) {
      res.status(401).end();
      return;
    }
    if (variant === 'write') req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ ...req.session.user, visits: req.session.visits });
  });
}
