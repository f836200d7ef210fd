import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient, createCluster, createSentinel } from 'redis';
import type { RedisTarget } from '../../src/redis-clients.ts';
import { connectRedis } from '../../src/store/redis-client.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import { expectStoreAway, publicRoute } from '../support/store-away.ts';
import { login } from '../support/store-records.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 500;
const LONG = 60_000;
const life = { idleMs: LONG, absoluteMs: LONG };
const PASSWORD = 'the-password-of-this-test';

const bed = setUpBed();
let proxy: TcpFaultProxy;
const open: { close?(): unknown; destroy?(): unknown }[] = [];
beforeAll(async () => {
  proxy = await startTcpFaultProxy(bed.redis);
});
afterEach(async () => {
  bed.redis.resume();
  await proxy.pass();
  for (const each of open.splice(0).reverse()) await (each.destroy ?? each.close)?.call(each);
});
afterAll(() => proxy.close());

type Options = NonNullable<Parameters<typeof createClient>[0]>;

/** A client as an application makes it, which listens to its errors. */
const createOwn = (options: Options = {}, port = proxy.port) => {
  const client = createClient({
    ...options,
    socket: { host: '127.0.0.1', port, reconnectStrategy: () => 20 },
  });
  client.on('error', () => undefined);
  open.push(client);
  return client;
};
const connectOwn = async (options: Options = {}, port = proxy.port) => createOwn(options, port).connect();
const openStore = (redis: RedisTarget, timeoutMs = TIMEOUT): Store => {
  const store = createRedisStore({ redis, prefix: 'test:', timeoutMs });
  open.push(store);
  return store;
};
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    ({ message }: Error) => message,
  );

describe('a client of node-redis', () => {
  it.each<[string, Options]>([
    ['as it is made by default', {}],
    ['that keeps no queue', { disableOfflineQueue: true }],
    ['that speaks RESP2', { RESP: 2 }],
  ])('%s: the application goes on while Redis is away, and afterwards (F-03, F-04)', async (_, options) => {
    const redis = await connectOwn(options);
    const app = await bed.start({ redis, storeTimeoutMs: TIMEOUT, handlers: publicRoute });
    const browser = app.browser();
    await app.logIn(browser);
    for (const fail of [() => proxy.refuse(), () => proxy.blackhole()]) {
      await fail();
      await expectStoreAway(app, browser, 4 * TIMEOUT);
      await proxy.pass();
      await until(async () => (await browser.get('/me')).status === 200);
    }
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
  });

  it('that is not there when the process starts, may come later (F-01)', async () => {
    await proxy.refuse();
    const redis = createOwn();
    const connecting = redis.connect().catch(() => undefined);
    const app = await bed.start({ redis, storeTimeoutMs: TIMEOUT });
    expect((await app.browser().get('/save?a=1')).status).toBe(503);
    expect((await app.auth.health()).store.warnings).toEqual([expect.stringContaining('ECONNREFUSED')]);
    await proxy.pass();
    await connecting;
    await until(async () => (await app.browser().get('/save?a=1')).status === 200);
  });

  it('that nobody has connected is named, and what to do (N-27)', async () => {
    const fault = await faultOf(openStore(createOwn()).readTokens('a'));
    expect(fault).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ is asked by a client that is closed .* Call connect\(\)/,
    );
  });

  it('whose errors nobody hears ends no process, and is heard of all the same (F-120)', async () => {
    const redis = createClient({ socket: { port: proxy.port, reconnectStrategy: () => 20 } });
    open.push(redis);
    const store = openStore(redis);
    await redis.connect();
    await proxy.refuse();
    expect(await faultOf(store.readSession('a'))).toMatch(/refused the connection \(ECONNREFUSED\)/);
  });

  it.each([
    '+mget',
    '-mget',
  ])('is used again by the first reply after a silence, be it an error: %s (N-17)', async (rule) => {
    const redis = await connectOwn({}, bed.redis.port);
    const store = openStore(redis);
    await store.readSession('a');
    const admin = bed.redis.client();
    await admin.call('ACL', 'SETUSER', 'default', rule);
    try {
      bed.redis.pause();
      const read = () => faultOf(store.readSession('a', { mayRefuse: true }));
      expect(await read()).toMatch(/did not answer within 500 ms/);
      const start = performance.now();
      for (let round = 0; round < 20; round += 1) expect(await read()).toMatch(/in the background only/);
      expect(performance.now() - start).toBeLessThan(TIMEOUT);
      bed.redis.resume();
      await redis.ping();
      await until(async () => !/in the background/.test((await read()) ?? ''));
    } finally {
      bed.redis.resume();
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
    }
  });

  it('keeps nothing that waited for longer than twice the bound (F-06)', async () => {
    const store = openStore(await connectOwn(), 100);
    await store.readSession('a');
    await proxy.refuse();
    await expect(store.writeData('dropped', '{}', LONG, { mustExist: false })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await proxy.pass();
    await until(() =>
      store.readSession('a').then(
        () => true,
        () => false,
      ),
    );
    expect((await store.readSession('dropped')).data).toBeNull();
  });

  it.each([2, 3] as const)('runs scripts that Redis has forgotten, in RESP%d (F-16)', async (RESP) => {
    const store = openStore(await connectOwn({ RESP }));
    await store.writeLogin(`m${RESP}`, login, life);
    await bed.redis.client().script('FLUSH');
    // The reply is read as bytes.
    const ended = await store.endSession(`m${RESP}`, { owner: 'me' });
    expect(ended).toMatchObject({ isFirst: true, login: { identity: login.identity }, tokens: login.tokens });
  });

  it('reads bytes and text as it must, whatever types the application has set', async () => {
    const store = openStore(
      await connectOwn({ commandOptions: { typeMapping: { 36: Buffer, 58: String } } }),
    );
    await store.writeLogin('typed', login, life);
    await store.acquireLock('typed', 'me', LONG);
    expect(await store.extendLock('typed', 'me', LONG, { sent: false })).toBe(true);
    expect(await store.readSession('typed')).toMatchObject({ data: login.data });
    expect(await store.readTokens('typed')).toEqual(login.tokens);
    expect(await store.health()).toEqual({ kind: 'redis', ok: true, warnings: [] });
  });

  it('stays open when the store is closed, and is not listened to any more', async () => {
    const redis = await connectOwn();
    const before = redis.eventNames().length;
    await createRedisStore({ redis, prefix: 'test:', timeoutMs: TIMEOUT }).close();
    expect(await redis.ping()).toBe('PONG');
    expect(redis.eventNames().length).toBe(before);
  });
});

describe('what Redis refuses a client of node-redis', () => {
  const admin = () => bed.redis.client();
  afterEach(async () => {
    await admin().replicaof('NO', 'ONE');
    await admin().config('SET', 'maxmemory', 0);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a full Redis', () => admin().config('SET', 'maxmemory', 1), /is full \(OOM\)/],
    ['a replica', () => admin().replicaof('127.0.0.1', 1), /takes no writes \(READONLY\)/],
  ])('is named: %s (F-08, F-11)', async (_, spoil, message) => {
    const store = openStore(await connectOwn());
    await store.writeLogin('before', login, life);
    await spoil();
    expect(await faultOf(store.writeLogin('a', login, life))).toMatch(message);
    expect(await store.health()).toMatchObject({ ok: false, warnings: [expect.stringMatching(message)] });
    expect((await store.readSession('before')).login?.identity).toBe(login.identity);
  });

  it.each<[string, string[], RegExp]>([
    ['scripts', ['~*', '+@all', '-eval', '-evalsha'], /forbids scripts \(NOPERM EVAL/],
    ['SET', ['~*', '+@all', '-set'], /\(NOPERM SET\)/],
    ['our keys', ['~other:*', '+@all'], /no right to our keys/],
  ])('is named, and no password with it: %s (F-14)', async (_, rules, message) => {
    await admin().call('ACL', 'SETUSER', 'app', 'reset', 'on', `>${PASSWORD}`, ...rules);
    const store = openStore(await connectOwn({ username: 'app', password: PASSWORD }));
    const health = await store.health();
    expect(health).toEqual({ kind: 'redis', ok: false, warnings: [expect.stringMatching(message)] });
    expect(JSON.stringify(health)).not.toContain(PASSWORD);
  });

  it('is named: a wrong password (F-14)', async () => {
    const keeper = admin();
    await keeper.config('SET', 'requirepass', 'the-right-password');
    try {
      const redis = createOwn({ password: PASSWORD });
      const store = openStore(redis);
      redis.connect().catch(() => undefined);
      const fault = await faultOf(store.readTokens('a'));
      expect(fault).toMatch(/\((WRONGPASS|NOAUTH)\)/);
      expect(fault).not.toContain(PASSWORD);
    } finally {
      await keeper.config('SET', 'requirepass', '');
    }
  });
});

it('each kind of client of node-redis is taken by its own type', () => {
  const accepted: readonly RedisTarget[] = [
    createClient(),
    createClient({ RESP: 2 }),
    createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
    createSentinel({ name: 'primary', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
  ];
  const places = accepted.map((redis) => connectRedis(redis, TIMEOUT).where);
  expect(places).toEqual([
    'Redis at localhost:6379',
    'Redis at localhost:6379',
    'The Redis cluster',
    'Redis behind its Sentinels',
  ]);
});
