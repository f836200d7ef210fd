import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startApp } from '../support/app.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';

const TIMEOUT = 1000;
const PASSWORD = 'the-password-of-this-test';

let redis: RedisServer;
let op: OpenIdProvider;
let admin: Redis;
const stores: Store[] = [];

beforeAll(async () => {
  [redis, op] = await Promise.all([startRedisServer(), startOpenIdProvider()]);
  admin = redis.client();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await admin.replicaof('NO', 'ONE');
  await admin.config('SET', 'maxmemory', 0, 'min-replicas-to-write', 0);
});
afterAll(async () => {
  await op.close();
  await redis.stop();
});

const open = (target: string | Redis = redis.url, prefix = 'test:') => {
  const store = createRedisStore({ redis: target, prefix, timeoutMs: TIMEOUT });
  stores.push(store);
  return store;
};
/** Signs in a user of the server who may do so much. */
const openAs = async (...rules: string[]) => {
  await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', `>${PASSWORD}`, ...rules);
  return open(redis.url.replace('//', `//app:${PASSWORD}@`));
};
/** Whether the store can do what a callback does at its end. */
const canLogIn = (store: Store, key = randomUUID()) =>
  store
    .writeLogin(
      key,
      { identity: '{}', data: '{}', tokens: Buffer.from('sealed') },
      { idleMs: 60_000, absoluteMs: 60_000 },
    )
    .then(
      async () => (await store.readSession(key)).login?.identity === '{}',
      () => false,
    );

describe('the health of Redis', () => {
  it('is good where a login can be written and read (N-26)', async () => {
    const store = open();
    expect(await store.health()).toEqual({ kind: 'redis', ok: true, warnings: [] });
    expect(await canLogIn(store)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['full', () => admin.config('SET', 'maxmemory', 1), /is full \(OOM\)/],
    ['a replica', () => admin.replicaof('127.0.0.1', 1), /takes no writes \(READONLY\)/],
    ['without its replicas', () => admin.config('SET', 'min-replicas-to-write', 1), /too few replicas/],
  ])('is bad where it is %s (N-26)', async (_, spoil, message) => {
    const store = open();
    expect((await store.health()).ok).toBe(true);
    await spoil();
    const bad = { kind: 'redis', ok: false, warnings: [expect.stringMatching(message)] };
    expect(await store.health()).toEqual(bad);
    expect(await open().health()).toEqual(bad);
    expect(await canLogIn(store)).toBe(false);
  });

  it.each<[string, string[], RegExp]>([
    ['EVAL', ['~*', '+@all', '-eval', '-evalsha'], /forbids scripts \(NOPERM EVAL\)/],
    ['SET', ['~*', '+@all', '-set'], /\(NOPERM SET\)/],
    ['MGET', ['~*', '+@all', '-mget'], /\(NOPERM MGET\)/],
    ['our keys', ['~other:*', '+@all'], /no right to our keys/],
    ['TIME in scripts', ['~*', '+@all', '-time'], /forbids what a script of ours does/],
    ['sorted sets in scripts', ['~*', '+@all', '-zadd'], /forbids what a script of ours does/],
    ['the touch of a session', ['~*', '+@all', '-setrange'], /forbids what a script of ours does/],
    ['lists of sessions', ['~*', '+@all', '-zscan'], /\(NOPERM ZSCAN\)/],
  ])('is bad for a user who is forbidden %s (N-26)', async (_, rules, message) => {
    const health = await (await openAs(...rules)).health();
    expect(health).toEqual({ kind: 'redis', ok: false, warnings: [expect.stringMatching(message)] });
    expect(JSON.stringify(health)).not.toContain(PASSWORD);
  });

  it('is good for a user who may not ask for INFO, PING or anything that no login needs (N-26)', async () => {
    const print = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const needed = ['set', 'setrange', 'mget', 'del', 'pexpire', 'pttl', 'eval', 'evalsha', 'time'].concat([
        'zadd',
        'zrem',
        'zrange',
        'zrevrange',
        'zscan',
        'zscore',
      ]);
      const store = await openAs('~test:*', '-@all', ...needed.map((command) => `+${command}`));
      expect(await store.health()).toEqual({
        kind: 'redis',
        ok: true,
        warnings: [
          expect.stringMatching(/^Version and eviction policy of Redis are unknown\. .*NOPERM INFO/),
        ],
      });
      expect(await canLogIn(store)).toBe(true);
    } finally {
      print.mockRestore();
    }
  });

  it('is bad where what was written is not read (N-26)', async () => {
    const gate = gateRedis(redis.client());
    const blind = new Proxy(gate.client, {
      get: (target, name) =>
        name === 'mget' ? async (...keys: string[]) => keys.map(() => null) : Reflect.get(target, name),
    });
    expect(await open(blind).health()).toMatchObject({
      ok: false,
      warnings: [expect.stringMatching(/primary/)],
    });
  });

  it('is bad where nothing answers, and says so within the bound (N-26)', async () => {
    const store = open();
    await store.health();
    redis.pause();
    const start = performance.now();
    const health = await store.health();
    redis.resume();
    expect(performance.now() - start).toBeLessThan(2 * TIMEOUT);
    expect(health).toEqual({
      kind: 'redis',
      ok: false,
      warnings: [expect.stringMatching(/did not answer within/)],
    });
  });

  it('is that of a slow Redis too: all is tried at once (N-26)', async () => {
    const proxy = await startTcpFaultProxy(redis);
    const store = open(proxy.url);
    await store.health();
    await proxy.delay(0.4 * TIMEOUT);
    expect((await store.health()).ok).toBe(true);
    await store.close();
    await proxy.close();
  });

  it('leaves nothing behind, and disturbs no other who asks (N-26)', async () => {
    const stores = [redis.url, redis.url, redis.client()].map((target) => open(target, 'several:'));
    const asked = await Promise.all([...stores, ...stores, ...stores].map((store) => store.health()));
    expect(asked.map(({ ok }) => ok)).toEqual(asked.map(() => true));
    // Sent before: removed before.
    expect(await Promise.all(stores.map((store) => store.readTokens('none')))).toEqual([null, null, null]);
    expect(await admin.keys('several:*')).toEqual([]);
  });

  it('is what the application tells (N-26)', async () => {
    const app = await startApp({ op, redis: redis.url, storeTimeoutMs: TIMEOUT });
    expect(await app.auth.health()).toEqual({
      ok: true,
      store: { kind: 'redis', ok: true, warnings: [] },
      logins: { default: { ok: true } },
    });
    await admin.config('SET', 'maxmemory', 1);
    expect(await app.auth.health()).toMatchObject({ ok: false, store: { ok: false } });
    await app.close();
  });
});
