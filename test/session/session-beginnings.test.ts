import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { keysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const ada = { issuer: op.issuer, sub: 'ada' };

describe.each(['redis', 'memory'] as const)('an anonymous session, in %s, at a login (N-40)', (kind) => {
  const start = (session: TestAppOptions['session'] = {}) =>
    startApp({ op, redis: kind === 'redis' ? redis.url : 'memory', session });

  it.each([
    ['is dropped', [], {}],
    ['is carried over as far as the options say', ['cart'], { cart: '3' }],
    ['is carried over by names that it has, and no others', ['cart', 'nothing', 'toString'], { cart: '3' }],
  ])('%s, and is nobody’s under its old id', async (_, carryOver, kept) => {
    const app = await start({ carryOver });
    const browser = app.browser();
    await browser.get('/save?cart=3&draft=x');
    const before = browser.jar.clone();
    const { data } = redisKeysOfBrowser(app, browser);
    expect(await dataOf(browser)).toEqual({ cart: '3', draft: 'x' });
    await app.logIn(browser);
    expect([await whoIs(browser), await dataOf(browser)]).toEqual(['ada', kept]);
    const old = app.browser(before);
    expect([await whoIs(old), await dataOf(old)]).toEqual([null, {}]);
    expect(await database.exists(data)).toBe(0);
  });

  it('is dropped as well when somebody plants it in a browser and looks after the login', async () => {
    const app = await start();
    const attacker = app.browser();
    await attacker.get('/save?planted=1');
    const victim = app.browser(attacker.jar.clone());
    await app.logIn(victim);
    expect(await dataOf(victim)).toEqual({});
    expect([await whoIs(attacker), await dataOf(attacker)]).toEqual([null, {}]);
  });
});

describe('a login that loses a command or its reply on the way (N-41)', () => {
  /** Living sessions in Redis, and the keys that an index holds. */
  const lookAtStore = async () => {
    const keys = await database.keys('connect-auth:s:*');
    const records = await Promise.all(keys.map((key) => database.get(key)));
    const living = keys
      .filter((_, at) => records[at]?.startsWith('1 '))
      .map((key) => /\{(.*)\}/.exec(key)![1]!);
    const membersOf = async (kind: string) => {
      const indexes = await database.keys(`connect-auth:${kind}:*`);
      const members = await Promise.all(indexes.map((index) => database.zrange(index, '0', '-1')));
      return members.flat();
    };
    return { living, subs: await membersOf('sub'), sids: await membersOf('sid') };
  };

  it.each([
    'onCommand',
    'onAnswer',
  ] as const)('leaves no session outside its indexes, wherever it is: %s', async (hook) => {
    const gate = gateRedis(redis.client());
    const app = await startApp({ op, redis: gate.client });
    let lost = 0;
    for (let isLost = true; isLost; lost += 1) {
      await database.flushall();
      const browser = app.browser();
      if (lost % 2) await app.logIn(browser);
      let left = lost;
      isLost = false;
      gate[hook] = () => {
        left -= 1;
        if (left !== -1) return;
        isLost = true;
        throw new Error('away');
      };
      const { status } = await app.logIn(browser);
      gate[hook] = () => undefined;
      expect([303, 503]).toContain(status);
      const { living, subs, sids } = await lookAtStore();
      for (const key of living)
        expect([lost, subs.includes(key), sids.includes(key)]).toEqual([lost, true, true]);
      // Whoever logs out everywhere is logged out, and what is left in an index harms nobody.
      await app.auth.sessions.list(ada);
      await app.auth.sessions.revokeAll(ada);
      expect((await lookAtStore()).living).toEqual([]);
      expect(await whoIs(browser)).toBeNull();
      expect((await app.logIn(app.browser())).status).toBe(303);
    }
    expect(lost).toBeGreaterThan(6);
  });

  it('leaves no session that nobody was told of, once the store is back', async () => {
    const gate = gateRedis(redis.client());
    const app = await startApp({ op, redis: gate.client });
    await database.flushall();
    const browser = app.browser();
    gate.onAnswer = (name) => {
      if (name === 'connectAuth:writeLogin' || name === 'connectAuth:endSession') throw new Error('away');
    };
    expect((await app.logIn(browser)).status).toBe(503);
    gate.onAnswer = () => undefined;
    await until(async () => (await lookAtStore()).living.length === 0);
    await until(async () => (await lookAtStore()).subs.length === 0);
    expect(app.logouts).toEqual([]);
  });
});

describe('a mark of a logout that cannot be read (N-33)', () => {
  it.each([
    'x',
    '[]',
    '{"startedBy":"soon"}',
  ])('ends each login of that person, and of nobody else, until it is forgotten: %s', async (mark) => {
    await database.flushall();
    const app = await startApp({ op, redis: redis.url });
    const user = keysOf(app).name(op.issuer, op.clientId, 'ada');
    const key = `connect-auth:mark:sub:{${user}}`;
    await database.set(key, mark, 'PX', 60_000);
    expect(await tryLogin(app)).toEqual(refused('login_ended', 403));
    expect(await tryLogin(app, { as: 'grace' })).toMatchObject({ status: 303, user: 'grace' });
    await database.del(key);
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });
});

describe('session.describe (N-25)', () => {
  const faults: Record<string, () => unknown> = {
    'throws an error': () => {
      throw new Error('of the application');
    },
    'throws nothing': () => {
      throw undefined;
    },
    'returns a number': () => 7,
    'returns null': () => null,
    'returns an object': () => ({ toString: () => 'x' }),
    'returns a promise': async () => 'a browser',
    'returns one that rejects': () => Promise.reject(new Error('of the application')),
  };

  it.each(Object.keys(faults))('that %s labels nothing, and refuses nobody', async (name) => {
    const app = await startApp({ op, session: { describe: faults[name] as () => string } });
    const outcome = await tryLogin(app);
    expect({ ...outcome, error: undefined }).toEqual(loggedIn);
    expect((await app.auth.sessions.list(ada))[0]).toMatchObject({ description: undefined });
    // The operator is told.
    await until(() => app.errors.length > 0);
    expect(app.errors[0]!.error.message).toMatch(/^session\.describe (must return|of the application threw)/);
  });

  it.each([
    ['a label', 'Firefox on Linux', 'Firefox on Linux'],
    ['a long one, cut', 'x'.repeat(1000), 'x'.repeat(256)],
    ['nothing', undefined, undefined],
  ])('labels a session with %s', async (_, given, kept) => {
    const app = await startApp({ op, session: { describe: () => given } });
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect((await app.auth.sessions.list(ada))[0]?.description).toBe(kept);
    expect(app.errors).toEqual([]);
  });
});
