import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';

const bed = setUpBed();

const startLoggedIn = async () => {
  const app = await bed.start({ redis: bed.redis.url, now: bed.clock.now });
  const browser = app.browser();
  await app.logIn(browser);
  await browser.get('/save?cart=3');
  const keys = redisKeysOfBrowser(app, browser);
  const records = [keys.record, keys.data, keys.tokens];
  return { app, browser, keys, records, redis: bed.redis.client() };
};

/** A record is a line of the store's own, with the times, and below it the identity. */
const split = (record: string) => [record.slice(0, 30), record.slice(30)] as const;

/** Values that are no identity of ours, and no record, whatever put them there. */
const foreign: Record<string, string> = {
  'an empty string': '',
  'no JSON': 'x',
  'JSON cut short': '{"sub":"ada","issuer":"http',
  null: 'null',
  'a number': '1',
  'a string': '"ada"',
  'an array': '[{"sub":"ada"}]',
  'an empty object': '{}',
  'a session of express-session': '{"cookie":{"path":"/"},"passport":{"user":"ada"}}',
};

/** Changes of one member of an identity of ours, as JSON; an empty one removes it. */
const damages: [string, string][] = [
  ...['loginId', 'provider', 'issuer', 'clientId', 'sub', 'claims'].flatMap((name): [string, string][] =>
    ['', '1', 'null'].map((value) => [name, value]),
  ),
  ...['loggedInAt', 'loginStartedAt', 'issuedAt'].flatMap((name): [string, string][] =>
    ['', '"never"', '1e999', 'null', '[9e15]'].map((value) => [name, value]),
  ),
  ['claims', '"ada"'],
];

/** First lines whose times are none. */
const heads: Record<string, (seen: string, end: string) => string> = {
  'no last touch': (_, end) => `1  ${end}`,
  'the end alone': (_, end) => `1 ${end}`,
  'no end': (seen) => `1 ${seen} `,
  'a last touch in words': (_, end) => `1 long ago      ${end}`,
  'an end in words': (seen) => `1 ${seen} never        `,
  'a last touch of nothing': (_, end) => `1 ${'\0'.repeat(13)} ${end}`,
  'a last touch that is too short': (seen, end) => `1 ${seen.slice(1)} ${end}`,
  'a last touch that is too long': (seen, end) => `1 0${seen} ${end}`,
  'a negative last touch': (seen, end) => `1 -${seen.slice(1)} ${end}`,
  'a last touch with an exponent': (_, end) => `1 1e99999999999 ${end}`,
  'an end that is infinite': (seen) => `1 ${seen} Infinity`,
  'the format before the first': (seen, end) => `0 ${seen} ${end}`,
  'no format': (seen, end) => `${seen} ${end}`,
};

describe('a record in Redis that is not what it should be', () => {
  /** Data goes at once; of the rest a mark stays, for a minute, that is nobody. */
  const expectGone = async ({ keys, redis }: Awaited<ReturnType<typeof startLoggedIn>>) => {
    await until(async () => (await redis.get(keys.record))?.startsWith('x ') ?? false);
    expect(await redis.exists(keys.data)).toBe(0);
    for (const key of [keys.record, keys.tokens]) expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
  };

  describe.each(['the record', 'its identity'] as const)('in %s', (place) => {
    it.each(Object.keys(foreign))('is nobody, once and for all: %s (F-18)', async (name) => {
      const session = await startLoggedIn();
      const { app, browser, keys, redis } = session;
      const [head] = split((await redis.get(keys.record))!);
      await redis.set(keys.record, (place === 'the record' ? '' : head) + foreign[name], 'KEEPTTL');
      expect(await whoIs(browser)).toBeNull();
      expect((await browser.get('/me')).status).toBe(302);
      expect(await dataOf(browser)).toEqual({});
      await expectGone(session);
      expect((await browser.get('/save?b=2')).status).toBe(200);
      await app.logIn(browser);
      expect(await whoIs(browser)).toBe('ada');
      await until(() => app.errors.length > 0);
      expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
        ['store_damaged', 'session'],
      ]);
      expect(app.logouts).toEqual([]);
    });
  });

  it.each(damages)('is nobody when its member %s is: %s (F-18)', async (name, value) => {
    const session = await startLoggedIn();
    const { browser, keys, redis } = session;
    const [head, identity] = split((await redis.get(keys.record))!);
    const { [name]: before, ...rest } = JSON.parse(identity);
    expect(before).toBeDefined();
    const damaged = JSON.stringify({ ...rest, damaged: 0 }).replace(
      '"damaged":0',
      value && `"${name}":${value}`,
    );
    await redis.set(keys.record, head + damaged.replace(',}', '}'), 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
    await expectGone(session);
  });

  it.each(Object.keys(heads))('is nobody when its first line has %s (F-18, N-34)', async (name) => {
    const session = await startLoggedIn();
    const { app, browser, keys, redis } = session;
    const [head, identity] = split((await redis.get(keys.record))!);
    const [, seen, end] = head.trim().split(' ');
    await redis.set(keys.record, `${heads[name]!(seen!, end!)}\n${identity}`, 'KEEPTTL');
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/me')).status).toBe(302);
    await expectGone(session);
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });

  const types: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
    list: (redis, key) => redis.rpush(key, 'x'),
    hash: (redis, key) => redis.hset(key, 'v', '1'),
    set: (redis, key) => redis.sadd(key, 'x'),
    'sorted set': (redis, key) => redis.zadd(key, 1, 'x'),
  };
  const names = ['record', 'data', 'tokens'] as const;
  it.each(
    Object.keys(types).flatMap((type) => names.map((name) => [type, name] as const)),
  )('is no fault when it is a %s in the place of the %s (F-18)', async (type, name) => {
    const { app, browser, keys, redis } = await startLoggedIn();
    const key = keys[name];
    await redis.del(key);
    await types[type]!(redis, key);
    bed.clock.advance(120_000); // Due for a touch.
    expect((await browser.get('/')).status).toBe(200);
    expect(await whoIs(browser)).toBe(name === 'record' ? null : 'ada');
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
    const next = redisKeysOfBrowser(app, browser);
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await redis.get(next.record)).toMatch(/^x /);
    expect(await redis.exists(next.data)).toBe(0);
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
    await redis.set(keys.data, value, 'KEEPTTL');
    expect(await dataOf(browser)).toEqual(value.includes('cart') ? { cart: 4 } : {});
    expect(await whoIs(browser)).toBe('ada');
    await browser.get('/save?again=1');
    expect(await dataOf(browser)).toMatchObject({ again: '1' });
  });

  it('cannot be opened, moved to another session, or altered, when it holds tokens (CVE-2021-32791)', async () => {
    const { browser: ada, keys, redis } = await startLoggedIn();
    const { app, browser: grace, keys: others } = await startLoggedIn();
    await redis.set(keys.tokens, (await redis.getBuffer(others.tokens))!, 'KEEPTTL');
    const out = await ada.post('/logout');
    expect(out.headers.get('location')).not.toContain('id_token_hint');
    const altered = (await redis.getBuffer(others.tokens))!;
    altered[altered.length - 1]! ^= 1;
    await redis.set(others.tokens, altered, 'KEEPTTL');
    expect(await whoIs(grace)).toBe('ada');
    expect((await grace.post('/logout')).headers.get('location')).not.toContain('id_token_hint');
    expect(await whoIs(app.browser(grace.jar.clone()))).toBeNull();
  });

  it.each([
    2, 10, 99,
  ])('is left alone by another version of this library, and counts as nobody meanwhile: format %s (F-19)', async (format) => {
    const { app, browser, keys, records, redis } = await startLoggedIn();
    const ours = (await redis.get(keys.record))!;
    const theirs = `${format} in a way of its own\n${ours}`;
    await redis.set(keys.record, theirs, 'KEEPTTL');
    const old = browser.jar.clone();
    bed.clock.advance(120_000); // Due for a touch.
    expect(await whoIs(browser)).toBeNull();
    expect(await dataOf(browser)).toEqual({});
    expect((await browser.get('/me')).status).toBe(302);
    // Whoever writes meanwhile writes elsewhere.
    await app.browser(browser.jar.clone()).get('/save?cart=4');
    expect(await redis.get(keys.record)).toBe(theirs);
    expect(await redis.exists(...records)).toBe(3);
    expect(old.get('session')).toEqual(browser.jar.get('session'));
    expect(app.errors).toEqual([]);
    await redis.set(keys.record, ours, 'KEEPTTL');
    expect(await whoIs(browser)).toBe('ada');
    expect(await dataOf(browser)).toEqual({ cart: '3' });
  });

  it('is understood with members that this version does not know (F-19)', async () => {
    const { browser, keys, redis } = await startLoggedIn();
    const [head, identity] = split((await redis.get(keys.record))!);
    const later = JSON.stringify({ ...JSON.parse(identity), later: { more: 1 } });
    await redis.set(keys.record, head + later, 'KEEPTTL');
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is not taken from what lies under other keys: a login that was taken, a lock, a mark, tokens (CVE-2023-48309)', async () => {
    const { app, browser, keys, redis } = await startLoggedIn();
    await app.auth.sessions.revokeAll({ issuer: bed.op.issuer, sub: 'grace' });
    const texts = await Promise.all(
      [...(await redis.keys('connect-auth:used:*')), ...(await redis.keys('connect-auth:mark:*'))].map(
        (key) => redis.get(key),
      ),
    );
    expect(texts.length).toBeGreaterThan(1);
    const ours = (await redis.get(keys.record))!;
    const tokens = (await redis.getBuffer(keys.tokens))!;
    for (const value of [...texts, 'cancelled', 'u owner', 's owner', 'b {"at":1}', tokens]) {
      await redis.set(keys.record, value!, 'KEEPTTL');
      expect(await whoIs(browser)).toBeNull();
      await redis.set(keys.record, ours, 'KEEPTTL');
    }
  });
});
