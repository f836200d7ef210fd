import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { type GatedRedis, gateRedis, interleave } from '../support/gated-redis.ts';
import { done, sendLogout } from '../support/logout-token.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { seedSessions } from '../support/seed-sessions.ts';
import { keysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const ada = { issuer: op.issuer, sub: 'ada' };
let one: TestApp & { gate: GatedRedis };
let two: TestApp & { gate: GatedRedis };

async function startGated(baseUrl?: string) {
  const gate = gateRedis(redis.client());
  const handlers = (server: Express) =>
    server.get('/renew', async (req, res) => {
      await req.auth.renew();
      res.end();
    });
  const session = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600 };
  const options = { op, redis: gate.client, now: clock.now, storeTimeoutMs: 60_000, handlers, session };
  return Object.assign(await startApp({ ...options, ...(baseUrl && { baseUrl }) }), { gate });
}

beforeAll(async () => {
  one = await startGated();
  two = await startGated(one.origin);
});
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
  for (const { gate } of [one, two]) gate.onCommand = () => undefined;
});
afterAll(async () => {
  await one.close();
  await two.close();
});

/** Sessions of the application that both processes serve. */
const seed = (count: number, sub: string) =>
  seedSessions(redis.url, {
    ...{ count, app: one, issuer: op.issuer, clientId: op.clientId, sub, now: clock.now },
  });

/** How many sessions the indexes of a person and of their sessions at the provider hold. */
async function sizesOf(kind: 'sub' | 'sid'): Promise<number[]> {
  const keys = await database.keys(`connect-auth:${kind}:*`);
  return Promise.all(keys.map((key) => database.zcard(key)));
}

describe('the sessions of a person, in two processes', () => {
  it('are the same list, and end in both at once (R-113, R-114, R-115)', async () => {
    const browsers = [await logInWith(op, one), await logInWith(op, two)];
    const lists = [await one.auth.sessions.list(ada), await two.auth.sessions.list(ada)];
    expect(lists[0]).toEqual(lists[1]);
    expect(lists[0]).toHaveLength(2);
    expect(await two.auth.sessions.revokeAll(ada)).toBe(2);
    for (const app of [one, two]) {
      for (const { jar } of browsers) expect(await whoIs(app.browser(jar.clone()))).toBeNull();
    }
    expect(await one.auth.sessions.list(ada)).toEqual([]);
  });

  it('are all ended by several who ask at once, each once (R-114)', async () => {
    const browsers = [];
    for (let count = 0; count < 5; count += 1) browsers.push(await logInWith(op, one));
    const before = one.logouts.length + two.logouts.length;
    const counts = await Promise.all([one, two, one].map((app) => app.auth.sessions.revokeAll(ada)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(5);
    expect(one.logouts.length + two.logouts.length).toBe(before + 5);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, null, null, null, null]);
  });
});

describe('some of many sessions that cannot be reached', () => {
  afterEach(() => database.call('ACL', 'SETUSER', 'default', 'allkeys'));

  it('keep none of the others alive (F-13, F-81)', async () => {
    await seed(300, 'ada');
    const listed = () => one.auth.sessions.list(ada, { limit: 1000 });
    const handles = (await listed()).map(({ handle }) => handle);
    const [own] = keysOf(one).name(op.issuer, op.clientId, 'ada');
    const letter = [...'abcdef'].find(
      (one) => one !== own && handles.some((handle) => handle.startsWith(one)),
    )!;
    const unreachable = handles.filter((handle) => handle.startsWith(letter));
    const toldBefore = one.logouts.length;
    await database.call('ACL', 'SETUSER', 'default', 'resetkeys', `~connect-auth:*:{[^${letter}]*`);
    await expect(one.auth.sessions.revokeAll(ada)).rejects.toMatchObject({ code: 'store_unavailable' });
    await database.call('ACL', 'SETUSER', 'default', 'allkeys');
    // Those are ended behind our back as well: whoever comes first ends each, once.
    const left = (await listed()).map(({ handle }) => handle);
    expect(unreachable).toEqual(expect.arrayContaining(left));
    await one.auth.sessions.revokeAll(ada);
    await until(() => one.logouts.length - toldBefore >= handles.length);
    expect(one.logouts).toHaveLength(toldBefore + handles.length);
    expect(await listed()).toEqual([]);
  });
});

describe('the index of a person’s sessions', () => {
  it('loses each when it ends by whatever way (R-89)', async () => {
    const ways: ((browser: BrowserClient) => unknown)[] = [
      (browser) => browser.post('/logout'),
      () => one.auth.sessions.revokeAll(ada),
      () => sendLogout(one, op, { sub: 'ada', now: clock.now }),
      (browser) => one.logIn(browser, { as: 'grace' }),
    ];
    for (const end of ways) {
      clock.advance(1000);
      const browser = await logInWith(op, one);
      expect(await one.auth.sessions.list(ada)).toHaveLength(1);
      await end(browser);
      expect(await one.auth.sessions.list(ada)).toEqual([]);
    }
    await one.auth.sessions.revokeAll({ ...ada, sub: 'grace' });
    expect([await sizesOf('sub'), await sizesOf('sid')]).toEqual([[], []]);
  });

  it('holds one entry of a session, whatever its id, and never loses the new for the old (R-89, F-84)', async () => {
    const browser = await logInWith(op, one);
    for (let round = 0; round < 3; round += 1) await browser.get('/renew');
    expect([await sizesOf('sub'), await sizesOf('sid')]).toEqual([[1], [1]]);
    await one.logIn(browser);
    expect([await sizesOf('sub'), await sizesOf('sid')]).toEqual([[1], [1]]);
    // The first logs out; the second, of the same person, must still be found.
    const second = await logInWith(op, one);
    await browser.post('/logout');
    expect(await sendLogout(one, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await whoIs(second)).toBeNull();
  });

  it('drops those that came to their absolute end a day ago, and lives as long as the last (R-89, N-05)', async () => {
    await logInWith(op, one);
    clock.advance(50 * MINUTE);
    await logInWith(op, one);
    expect(await sizesOf('sub')).toEqual([2]);
    clock.advance(20 * MINUTE);
    await logInWith(op, one);
    expect(await sizesOf('sub')).toEqual([3]);
    // An hour of life, an hour after it, a day of slack.
    clock.advance(25 * 60 * MINUTE);
    await logInWith(op, one);
    expect(await sizesOf('sub')).toEqual([3]);
    for (const key of await database.keys('connect-auth:s[ui][bd]:*')) {
      const life = await database.pttl(key);
      expect(life).toBeGreaterThan((26 * 60 - 1) * MINUTE);
      expect(life).toBeLessThanOrEqual(26 * 60 * MINUTE);
    }
  });

  it('that points to what is not there any more does no harm (F-83, F-12)', async () => {
    const [gone, living] = [await logInWith(op, one), await logInWith(op, one)];
    const { record, data, tokens } = redisKeysOfBrowser(one, gone);
    await database.del(record, data, tokens);
    expect(await one.auth.sessions.list(ada)).toHaveLength(1);
    expect(await sendLogout(one, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await whoIs(living)).toBeNull();
  });

  it('finds a record that another version wrote, and ends it: in doubt it is meant (F-19, F-83)', async () => {
    const browser = await logInWith(op, one);
    const { record, data } = redisKeysOfBrowser(one, browser);
    const theirs = `2 in a way of its own\n${await database.get(record)}`;
    await database.set(record, theirs, 'KEEPTTL');
    expect(await one.auth.sessions.list(ada)).toEqual([]);
    expect(await database.get(record)).toBe(theirs);
    expect(await sendLogout(one, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await database.get(record)).toMatch(/^x /);
    expect(await database.exists(data)).toBe(0);
  });

  it.each([
    'login',
    'list',
  ] as const)('keeps a login that is listed while it is written, held in the %s at each command (F-80, F-83)', async (held) => {
    let runs = 0;
    for (let isHeld = true; isHeld; runs += 1) {
      await database.flushall();
      clock.advance(1000);
      for (const { gate } of [one, two]) gate.onCommand = () => undefined;
      const browser = one.browser();
      const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
      const pause = (name: string) => (held === name ? runs : 99);
      const logsIn = { gate: one.gate, pause: pause('login'), act: () => browser.deliver(callback) };
      const lists = { gate: two.gate, pause: pause('list'), act: () => two.auth.sessions.list(ada) };
      [isHeld] = await (held === 'login' ? interleave(logsIn, lists) : interleave(lists, logsIn));
      for (const { gate } of [one, two]) gate.onCommand = () => undefined;
      expect([runs, await whoIs(browser)]).toEqual([runs, 'ada']);
      expect(await sendLogout(one, op, { sub: 'ada', now: clock.now })).toEqual(done);
      expect([runs, await whoIs(browser)]).toEqual([runs, null]);
    }
    expect(runs).toBeGreaterThan(1);
  });
});

describe('a person with a thousand sessions', () => {
  it('is listed and ended in time that follows from their sessions alone (F-81)', async () => {
    await seed(1000, 'ada');
    await seed(3, 'grace');
    const begun = performance.now();
    expect(await one.auth.sessions.list(ada, { limit: 1000 })).toHaveLength(1000);
    await redis.resetCommandCounts();
    expect(await one.auth.sessions.list({ ...ada, sub: 'grace' })).toHaveLength(3);
    expect(await redis.commandCounts()).toEqual({ zrevrange: 1, mget: 3 });
    expect(await one.auth.sessions.revokeAll(ada)).toBe(1000);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await one.auth.sessions.list(ada)).toEqual([]);
    expect(await one.auth.sessions.list({ ...ada, sub: 'grace' })).toHaveLength(3);
  });
});

describe('a Redis server that may evict', () => {
  it.each([
    'allkeys-lru',
    'volatile-ttl',
  ])('is reported, since logouts would be lost: %s (F-12, F-83)', async (policy) => {
    const evicting = await startRedisServer({ args: ['--maxmemory', '50mb', '--maxmemory-policy', policy] });
    const app = await startApp({ op, redis: evicting.url });
    const { ok, store } = await app.auth.health();
    expect(ok).toBe(true);
    expect(store.warnings).toEqual([
      `Redis must have maxmemory-policy noeviction; it has ${policy}. Evicted indexes lose logouts.`,
    ]);
    await app.close();
    await evicting.stop();
  });

  it('is not reported when it may not', async () => {
    expect((await one.auth.health()).store.warnings).toEqual([]);
  });
});
