import express, { type Express } from 'express';
import { Redis } from 'ioredis';
import { createText, user } from './sample-login.ts';
import type { ServerSettings } from './server-settings.ts';

/** The reference: Express and exactly one GET of 4 KB, by the whole Cookie header. Nothing is checked, nothing is parsed. */
export function createApp({ redisUrl }: ServerSettings): Express {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const app = express();
  app.get('/seed', async (_req, res) => {
    const key = createText(43);
    await redis.set(`key=${key}`, createText(4096));
    res.cookie('key', key).end();
  });
  app.get('/me', async (req, res) => {
    const record = await redis.get(req.headers.cookie ?? '');
    if (record === null) throw new Error('There is no such record.');
    res.json(user);
  });
  return app;
}
