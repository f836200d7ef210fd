import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import {
  createLogoutToken,
  done,
  failedLogout,
  postLogoutToken,
  readLogoutAnswer,
  sidOf,
} from '../support/logout-token.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
let redis: RedisServer;
let app: TestApp;
let browsers: BrowserClient[];

beforeAll(async () => {
  redis = await startRedisServer({ args: ['--maxmemory-policy', 'noeviction'] });
});
afterAll(() => redis.stop());

/** From now on Redis takes nothing that needs memory; or it does again. */
const setFull = async (isFull: boolean) => {
  await redis.client().config('SET', 'maxmemory', isFull ? '1' : '0');
};

beforeEach(async () => {
  await redis.client().flushall();
  clock.advance(1000);
  app = await startApp({ op, redis: redis.url, now: clock.now });
  browsers = [app.browser(), app.browser()];
  for (const browser of browsers) expect((await app.logIn(browser)).status).toBe(303);
});
afterEach(() => setFull(false));

/** Somebody whom the provider has sent back, and who has not come yet. */
async function beginLogin() {
  const browser = app.browser();
  const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
  return { browser, finish: () => browser.deliver(callback) };
}

const user = { issuer: op.issuer, sub: 'ada' };

/** What ends both sessions from outside. Each says whether it was done, or is to be repeated. */
const OUTSIDE: Record<string, () => Promise<boolean>> = {
  'a logout token with the sub': () => post(createLogoutToken(op, { sub: 'ada', now: clock.now })),
  'a logout token with the sid': () => post(createLogoutToken(op, { sid: sidOf('ada'), now: clock.now })),
  'the frame of a logout': async () => {
    const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
    const { status } = await app.browser().get(`/oauth/frontchannel-logout?${query}`);
    expect([200, 503]).toContain(status);
    return status === 200;
  },
  'revokeAll()': () =>
    app.auth.sessions.revokeAll(user).then(
      () => true,
      (error) => {
        expect(error).toMatchObject({ code: 'store_unavailable', status: 503 });
        return false;
      },
    ),
};

async function post(token: string): Promise<boolean> {
  const answer = await readLogoutAnswer(await postLogoutToken(app, token));
  expect([done, failedLogout]).toContainEqual(answer);
  return answer.status === 200;
}

describe('with a Redis that is full,', () => {
  it('a logout ends its session, tells, and leads to the provider (N-07)', async () => {
    const [browser, other] = browsers as [BrowserClient, BrowserClient];
    const old = app.browser(browser.jar.clone());
    await setFull(true);
    const out = await browser.post('/logout');
    expect(out.status).toBe(303);
    expect(out.headers.get('location')).toContain('end_session');
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
    expect(await Promise.all([browser, old, other].map(whoIs))).toEqual([null, null, 'ada']);
  });

  it('the revocation of one session ends it (N-07)', async () => {
    const [{ handle } = { handle: '' }] = await app.auth.sessions.list(user);
    await setFull(true);
    expect(await app.auth.sessions.revoke(handle)).toBe(true);
    const users = await Promise.all(browsers.map(whoIs));
    expect(users.sort()).toEqual(['ada', null]);
  });

  it.each(
    Object.keys(OUTSIDE),
  )('%s ends what it finds, and says that it must be repeated (N-07)', async (name) => {
    await setFull(true);
    expect(await OUTSIDE[name]!()).toBe(false);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, null]);
    expect(app.logouts).toHaveLength(2);
  });

  it.each(
    Object.keys(OUTSIDE),
  )('%s, repeated when there is room, ends what is under way (N-07)', async (name) => {
    const { browser, finish } = await beginLogin();
    await setFull(true);
    expect(await OUTSIDE[name]!()).toBe(false);
    await setFull(false);
    expect(await OUTSIDE[name]!()).toBe(true);
    expect((await finish()).status).toBe(403);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts).toHaveLength(2);
  });

  it('a logout with a login under way says that it must be repeated, and ends its session all the same (N-07, N-09)', async () => {
    const [browser] = browsers as [BrowserClient];
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    const late = app.browser(browser.jar.clone());
    await setFull(true);
    expect((await browser.post('/logout')).status).toBe(503);
    expect(app.logouts).toHaveLength(1);
    await setFull(false);
    expect((await browser.post('/logout')).status).toBe(303);
    await late.deliver(callback);
    expect(await Promise.all([browser, late].map(whoIs))).toEqual([null, null]);
  });

  it('GET /login starts, and costs it nothing (N-07)', async () => {
    await setFull(true);
    const before = await redis.client().dbsize();
    expect((await app.browser().get('/login')).status).toBe(302);
    expect(await redis.client().dbsize()).toBe(before);
    await until(async () => (await whoIs(browsers[0]!)) === 'ada');
  });
});
