import express, { type Express } from 'express';
import { user } from './sample-login.ts';

/** Express alone, answering a tick later, as everything does that has asked something. */
export function createApp(): Express {
  const app = express();
  app.get('/me', (_req, res) => {
    setImmediate(() => res.json(user));
  });
  return app;
}
