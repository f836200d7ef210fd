import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { readSessionId, sessionKeys } from '../support/session-records.ts';
import { until } from '../support/until.ts';

const bed = setUpBed();

const startLoggedIn = async () => {
  const app = await bed.start({ redis: bed.redis.url, now: bed.clock.now });
  const browser = app.browser();
  await app.logIn(browser);
  await browser.get('/save?cart=3');
  const keys = sessionKeys(readSessionId(browser));
  return { app, browser, keys, redis: bed.redis.client() };
};

/** Values that are no identity of ours, whatever put them there. */
const foreign: Record<string, string> = {
  'an empty string': '',
  'no JSON': 'x',
  'JSON cut short': '{"v":1,"sub":"ada","issuer":"http',
  null: 'null',
  'a number': '1',
  'a string': '"ada"',
  'an array': '[{"v":1}]',
  'an empty object': '{}',
  'a session of express-session': '{"cookie":{"path":"/"},"passport":{"user":"ada"}}',
};

/** Changes of one member of an identity of ours, as JSON; an empty one removes it. */
const damages: [string, string][] = [
  ...['v', 'provider', 'issuer', 'sub', 'claims'].map((name): [string, string] => [name, '']),
  ...['absoluteEnd', 'loggedInAt', 'loginStartedAt', 'issuedAt'].flatMap((name): [string, string][] =>
    ['', '"never"', '1e999', 'null', '[9e15]'].map((value) => [name, value]),
  ),
  ...[
    ['v', '"1"'] as [string, string],
    ['sub', '1'] as [string, string],
    ['claims', '"ada"'] as [string, string],
  ],
];

describe('a record in Redis that is not what it should be', () => {
  it.each(Object.keys(foreign))('is nobody, once and for all: %s (F-18)', async (name) => {
    const { app, browser, keys, redis } = await startLoggedIn();
    await redis.set(keys[0], foreign[name]!, 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/me')).status).toBe(302);
    expect(await dataOf(browser)).toEqual({});
    expect((await browser.get('/save?b=2')).status).toBe(200);
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    await until(async () => (await redis.exists(...keys)) === 0);
    await until(() => app.errors.length > 0);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['store_damaged', 'session'],
    ]);
  });

  it.each(damages)('is nobody when its member %s is: %s (F-18)', async (name, value) => {
    const { browser, keys, redis } = await startLoggedIn();
    const { [name]: _, ...rest } = JSON.parse((await redis.get(keys[0]))!);
    const damaged = JSON.stringify({ ...rest, damaged: 0 }).replace(
      '"damaged":0',
      value && `"${name}":${value}`,
    );
    await redis.set(keys[0], damaged.replace(',}', '}'), 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
    await until(async () => (await redis.exists(...keys)) === 0);
  });

  it('is nobody when the time of its last request is none (F-18)', async () => {
    const { browser, keys, redis } = await startLoggedIn();
    await redis.set(keys[3], 'long ago', 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
  });

  const types: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
    list: (redis, key) => redis.rpush(key, 'x'),
    hash: (redis, key) => redis.hset(key, 'v', '1'),
    set: (redis, key) => redis.sadd(key, 'x'),
    'sorted set': (redis, key) => redis.zadd(key, 1, 'x'),
  };
  const names = ['auth', 'sess', 'tok', 'seen'] as const;
  it.each(
    Object.keys(types).flatMap((type) => names.map((name) => [type, name] as const)),
  )('is no fault when it is a %s in the place of %s (F-18)', async (type, name) => {
    const { app, browser, keys, redis } = await startLoggedIn();
    const key = keys[names.indexOf(name)]!;
    await redis.del(key);
    await types[type]!(redis, key);
    bed.clock.advance(120_000); // Due for a touch.
    expect((await browser.get('/')).status).toBe(200);
    expect(await whoIs(browser)).toBe(name === 'auth' ? null : 'ada');
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
    const newKeys = sessionKeys(readSessionId(browser));
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await redis.exists(...newKeys)).toBe(0);
    // At most the pointer of the old id to the new one is left.
    expect(['none', 'string']).toContain(await redis.type(key));
  });

  it.each([
    'x',
    '',
    'null',
    '[1]',
    '"x"',
    '{"cookie":null}',
    '{"cookie":{"path":"/x"},"cart":4}',
    '{"__proto__":{"admin":true}}',
  ])("reads as the application's data if it is an object, and as none if it is not: %s (F-18)", async (value) => {
    const { browser, keys, redis } = await startLoggedIn();
    await redis.set(keys[1], value, 'KEEPTTL');
    expect(await dataOf(browser)).toEqual(value.includes('cart') ? { cart: 4 } : {});
    expect(await whoIs(browser)).toBe('ada');
    await browser.get('/save?again=1');
    expect(await dataOf(browser)).toMatchObject({ again: '1' });
  });

  it('cannot be opened, moved to another session, or altered, when it holds tokens (CVE-2021-32791)', async () => {
    const { browser: ada, keys, redis } = await startLoggedIn();
    const { app, browser: grace, keys: others } = await startLoggedIn();
    await redis.set(keys[2], (await redis.get(others[2]))!, 'KEEPTTL');
    const out = await ada.post('/logout');
    expect(out.headers.get('location')).not.toContain('id_token_hint');
    const whole = (await redis.get(others[2]))!;
    await redis.set(others[2], `${whole.slice(0, -4)}AAAA`, 'KEEPTTL');
    expect(await whoIs(grace)).toBe('ada');
    expect((await grace.post('/logout')).headers.get('location')).not.toContain('id_token_hint');
    expect(await whoIs(app.browser(grace.jar.clone()))).toBeNull();
  });

  it('is left alone by another version of this library, and counts as nobody meanwhile (F-19)', async () => {
    const { browser, keys, redis } = await startLoggedIn();
    const ours = (await redis.get(keys[0]))!;
    for (const version of [0, 2, 99]) {
      const theirs = JSON.stringify({ ...JSON.parse(ours), v: version, renamed: true });
      await redis.set(keys[0], theirs, 'KEEPTTL');
      const old = browser.jar.clone();
      expect(await whoIs(browser)).toBeNull();
      expect(await dataOf(browser)).toEqual({});
      expect((await browser.get('/me')).status).toBe(302);
      expect(await redis.get(keys[0])).toBe(theirs);
      expect(old.get('session')).toEqual(browser.jar.get('session'));
    }
    await redis.set(keys[0], ours, 'KEEPTTL');
    expect(await whoIs(browser)).toBe('ada');
    expect(await dataOf(browser)).toEqual({ cart: '3' });
  });

  it('is understood with members that this version does not know (F-19)', async () => {
    const { browser, keys, redis } = await startLoggedIn();
    const ours = JSON.parse((await redis.get(keys[0]))!);
    await redis.set(keys[0], JSON.stringify({ ...ours, later: { more: 1 } }), 'KEEPTTL');
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is not taken from the keys of a pending login or a lock (CVE-2023-48309)', async () => {
    const { app, browser, keys, redis } = await startLoggedIn();
    await app.browser().get('/login');
    const [login] = await redis.keys('connect-auth:login:*');
    await redis.set(keys[0], (await redis.get(login!))!, 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
  });
});
