import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { exchange } from '../support/http-exchange.ts';
import { done, sendLogout, sidOf } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const A_MINUTE = 61_000;

const start = () => startApp({ op, redis: redis.url, now: clock.now });
const findIndexes = async () => [
  ...(await database.keys('connect-auth:sub:*')),
  ...(await database.keys('connect-auth:sid:*')),
];
/** As a failover does that keeps the records, which on a cluster lie elsewhere. */
const loseIndexes = async () => database.del(...(await findIndexes()));
/** A request after the minute in which a session is not touched again, and what it writes behind the answer. */
const touch = async (browser: BrowserClient) => {
  clock.advance(A_MINUTE);
  expect(await whoIs(browser)).toBe('ada');
  await until(async () => (await findIndexes()).length === 2);
};
const byToken = async (app: TestApp, whom: { sub?: string; sid?: string }) =>
  expect(await sendLogout(app, op, { ...whom, now: clock.now })).toEqual(done);

const LOGOUTS: Readonly<Record<string, (app: TestApp) => Promise<unknown>>> = {
  'a logout token with sub': (app) => byToken(app, { sub: 'ada' }),
  'a logout token with sid': (app) => byToken(app, { sid: sidOf('ada') }),
  'the frame of a logout': async (app) => {
    const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
    const url = `${app.origin}/oauth/frontchannel-logout?${query}`;
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'iframe',
    };
    expect((await exchange({ method: 'GET', url, headers })).status).toBe(200);
  },
  'auth.sessions.revokeAll()': (app) => app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' }),
};

describe('a session whose entries in the indexes were lost', () => {
  beforeEach(async () => {
    await database.flushall();
    clock.advance(1000);
  });

  it.each(Object.keys(LOGOUTS))('is found by %s, once it was used for a minute', async (kind) => {
    const app = await start();
    const browser = await logInWith(op, app);
    await loseIndexes();
    await touch(browser);
    await LOGOUTS[kind]!(app);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts).toHaveLength(1);
    expect(await findIndexes()).toEqual([]);
  });

  it.each(
    Object.keys(LOGOUTS),
  )('ends by the mark of %s that came before it was found again', async (kind) => {
    const app = await start();
    const browser = await logInWith(op, app);
    clock.advance(2000);
    await loseIndexes();
    await LOGOUTS[kind]!(app);
    clock.advance(A_MINUTE);
    await until(async () => (await whoIs(browser)) === null);
    expect(app.logouts).toHaveLength(1);
  });

  it('is listed again', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const list = () => app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' });
    expect(await list()).toHaveLength(1);
    await loseIndexes();
    expect(await list()).toEqual([]);
    await touch(browser);
    expect(await list()).toHaveLength(1);
  });

  it('is not brought back by a request that overlaps its end', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    clock.advance(A_MINUTE);
    await Promise.all([whoIs(browser), whoIs(browser), byToken(app, { sub: 'ada' })]);
    expect(await whoIs(browser)).toBeNull();
    await until(async () => (await findIndexes()).length === 0);
  });
});
