import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { MARK_LIFE_MS } from '../../src/store/store.ts';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { keysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

/** Far above what any request of these takes, far below "without end". */
const BOUND_MS = 8000;

const op = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();

/** How many wait for the end of their session. */
let watching = 0;
const addRoutes = (server: Express) => {
  addTokenRoutes(server);
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json('renewed');
  });
  server.get('/events', (req, res) => {
    req.auth.onEnd(() => res.end('ended'));
    watching += 1;
    res.write('begun ');
  });
};

const startLoggedIn = async () => {
  const gate = gateRedis(redis.client());
  const app = await startApp({ op, redis: gate.client, handlers: addRoutes });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser, gate };
};

const point = (from: string, to: string) =>
  database.set(`connect-auth:s:{${from}}`, `> ${to}`, 'PX', MARK_LIFE_MS);

/** Pointers in place of the session that a browser has, as no id change leaves them. */
const SHAPES: Record<string, (app: TestApp, key: string) => Promise<unknown>> = {
  'to itself': (_, key) => point(key, key),
  'to another that points back': async (app, key) => {
    const other = keysOf(app).sessionKey('another');
    await point(key, other);
    await point(other, key);
  },
  'into a circle that it is no part of': async (app, key) => {
    const [one, two] = ['one', 'two'].map(keysOf(app).sessionKey) as [string, string];
    await point(key, one);
    await point(one, two);
    await point(two, one);
  },
  'through a hundred and fifty others': async (app, key) => {
    const chain = [key, ...Array.from({ length: 150 }, (_, at) => keysOf(app).sessionKey(`link ${at}`))];
    // The first last, so that nobody sees a shorter one.
    for (let at = chain.length - 2; at >= 0; at -= 1) await point(chain[at]!, chain[at + 1]!);
  },
  'to nothing': (app, key) => point(key, keysOf(app).sessionKey('nothing')),
};

describe.each(Object.keys(SHAPES))('a session whose record points %s (N-20)', (shape) => {
  const spoil = async (app: TestApp, browser: BrowserClient) =>
    SHAPES[shape]!(app, redisKeysOfBrowser(app, browser).key);
  const inTime = async <T>(work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    expect(performance.now() - begun).toBeLessThan(BOUND_MS);
    return result;
  };

  it('is nobody, and a logout of it comes to its end', async () => {
    const { app, browser } = await startLoggedIn();
    await spoil(app, browser);
    await inTime(async () => {
      expect(await whoIs(browser)).toBeNull();
      expect((await browser.get('/me')).status).toBe(302);
      expect(await ask(browser)).toMatchObject({ status: 401 });
      // Whether there is a session at the end of the longest nobody knows.
      expect([303, 503]).toContain((await browser.post('/logout')).status);
    });
    expect(browser.jar.get('session')).toBeUndefined();
    expect(app.logouts).toEqual([]);
  });

  it('does not hold up the next login of its browser, at the latest after a logout', async () => {
    const { app, browser } = await startLoggedIn();
    await spoil(app, browser);
    const answer = await inTime(() => app.logIn(browser));
    if (shape === 'through a hundred and fifty others') {
      // Whose session is at its end nobody knows, and so not whether it must end.
      expect([answer.status, app.errors.at(-1)?.error.code]).toEqual([503, 'store_damaged']);
      await browser.post('/logout');
      expect((await inTime(() => app.logIn(browser))).status).toBe(303);
    } else {
      expect(answer.status).toBe(303);
    }
    expect(await whoIs(browser)).toBe('ada');
  });

  it('comes to its end when it is given a new id in that moment', async () => {
    const { app, browser, gate } = await startLoggedIn();
    let isSpoilt = false;
    gate.onCommand = async (name) => {
      if (isSpoilt || name !== 'connectAuth:rotateSession') return;
      isSpoilt = true;
      await spoil(app, browser);
    };
    const answer = await inTime(() => browser.get('/renew'));
    expect(isSpoilt).toBe(true);
    expect(answer.status).not.toBe(404);
  });

  it('is told of to those who watch it, or watched on, and others are told meanwhile', async () => {
    const { app, browser } = await startLoggedIn();
    const other = app.browser();
    await app.logIn(other);
    watching = 0;
    const stop = new AbortController();
    const watched = browser
      .request('GET', '/events', { signal: stop.signal })
      .then((answer) => answer.text())
      .catch(() => 'stopped');
    const others = other.get('/events').then((answer) => answer.text());
    await until(() => watching === 2);
    await spoil(app, browser);
    await other.post('/logout');
    expect(await inTime(() => others)).toBe('begun ended');
    const isUnknown = shape === 'through a hundred and fifty others';
    if (isUnknown) stop.abort();
    expect(await inTime(() => watched)).toBe(isUnknown ? 'stopped' : 'begun ended');
  });
});
