import { afterEach, expect, it } from '@jest/globals';
import type { NextFunction, Request, Response } from 'express';
import { setUpBed } from '../support/bed.ts';

const bed = setUpBed();
afterEach(() => bed.redis.resume());

it('an error handler of the application that answers at once answers a save that failed, once (F-02)', async () => {
  const faults: unknown[] = [];
  const app = await bed.start({
    redis: bed.redis.url,
    storeTimeoutMs: 300,
    handlers: (server) => {
      server.get('/fails', (req, res) => {
        res.on('error', (error) => void faults.push(error));
        bed.redis.pause();
        Object.assign(req.session, { changed: true });
        res.json('saved');
      });
      server.use((error: { status: number }, _req: Request, res: Response, _next: NextFunction) => {
        res.status(error.status).json('told');
      });
    },
  });
  const browser = app.browser();
  await app.logIn(browser);
  // On a connection that stays open, an answer that is ended twice is an error that nobody listens for.
  const answer = await browser.get('/fails', { connection: 'keep-alive' });
  expect([answer.status, await answer.json()]).toEqual([503, 'told']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(faults).toEqual([]);
});
