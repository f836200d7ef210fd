import { describe, expect, it } from '@jest/globals';
import type { Express, Request } from 'express';
import { dataOf, setUpBed } from '../support/bed.ts';

const bed = setUpBed();

const GIVE_UP: Record<string, (req: Request) => void> = {
  'req.session = null': (req) => void Object.assign(req, { session: null }),
  'req.session = undefined': (req) => void Object.assign(req, { session: undefined }),
  'delete req.session': (req) => void delete (req as { session?: unknown }).session,
};

describe.each(Object.keys(GIVE_UP))('%s, as with express-session,', (way) => {
  const addRoute = (server: Express) =>
    server.get('/give-up', (req, res) => {
      Object.assign(req.session, { lost: true });
      GIVE_UP[way]!(req);
      res.json(req.session ?? null);
    });

  it.each([
    'redis',
    'memory',
  ])('saves nothing of what was changed before, and ends nothing, in %s', async (kind) => {
    const app = await bed.start({ redis: kind === 'redis' ? bed.redis.url : 'memory', handlers: addRoute });
    const [person, visitor, stranger] = [app.browser(), app.browser(), app.browser()];
    await app.logIn(person);
    for (const browser of [person, visitor]) await browser.get('/save?kept=1');
    for (const browser of [person, visitor]) {
      const answer = await browser.get('/give-up');
      expect([await answer.json(), answer.headers.getSetCookie()]).toEqual([null, []]);
      expect(await dataOf(browser)).toEqual({ kept: '1' });
    }
    expect((await stranger.get('/give-up')).headers.getSetCookie()).toEqual([]);
  });
});

it.each([
  'sessionID',
  'sessionStore',
] as const)('req.session is there when req.%s was looked at first', async (name) => {
  const app = await bed.start({
    redis: 'memory',
    handlers: (server) =>
      server.get('/first', (req, res) => {
        const first = req[name];
        Object.assign(req.session, { seen: true });
        res.json(first === req[name]);
      }),
  });
  const browser = app.browser();
  expect(await (await browser.get('/first')).json()).toBe(true);
  expect(await dataOf(browser)).toEqual({ seen: true });
});
