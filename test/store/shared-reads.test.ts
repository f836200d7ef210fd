import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createGate } from '../support/gate.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { login } from '../support/store-records.ts';
import { until } from '../support/until.ts';
import { useRedisServer } from '../support/use-apps.ts';

const redis = await useRedisServer();
const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

const open = (target: string | Redis = redis.url) => {
  const store = createRedisStore({ redis: target, prefix: 'test:', timeoutMs: 60_000 });
  stores.push(store);
  return store;
};
/** As a request reads. */
const read = async (store: Store, key: string) => (await store.readSession(key, { mayRefuse: true })).data;
const names = Array.from({ length: 100 }, (_, index) => `session-${index}`);
const fill = async (store: Store, keys: readonly string[] = names) => {
  const write = (key: string) => store.writeData(key, `{"of":"${key}"}`, 60_000, { mustExist: false });
  await Promise.all(keys.map(write));
};
const readAll = (store: Store) => Promise.all(names.map((name) => read(store, name)));
const expected = names.map((name) => `{"of":"${name}"}`);

describe('requests that read at once', () => {
  it('share commands, of 64 sessions at most, and each gets its own', async () => {
    const store = open();
    await fill(store);
    await redis.resetCommandCounts();
    expect(await readAll(store)).toEqual(expected);
    expect(await redis.commandCounts()).toEqual({ mget: 2 });
  });

  it('get tokens the same way, byte for byte, and none where nobody is logged in', async () => {
    const store = open();
    await store.writeLogin('ada', login, { idleMs: 60_000, absoluteMs: 60_000 });
    await redis.resetCommandCounts();
    const [tokens, none] = await Promise.all([store.readTokens('ada'), store.readTokens('nobody')]);
    expect([tokens, none]).toEqual([login.tokens, null]);
    expect(await redis.commandCounts()).toEqual({ mget: 1 });
  });

  it('each have an error of their own when Redis refuses', async () => {
    const store = open();
    const admin = redis.client();
    try {
      await admin.call('ACL', 'SETUSER', 'default', '-mget');
      const faults = await Promise.all(['a', 'b'].map((key) => read(store, key).catch((error) => error)));
      expect(faults).toEqual([0, 1].map(() => expect.objectContaining({ code: 'store_unavailable' })));
      expect(faults[0]).not.toBe(faults[1]);
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
    }
  });

  it('do not fail for one another: a session that Redis refuses is refused alone', async () => {
    const store = open();
    await fill(store, ['mine', 'theirs']);
    const admin = redis.client();
    try {
      await admin.call('ACL', 'SETUSER', 'default', 'resetkeys', '~*mine*');
      const [mine, theirs] = await Promise.allSettled([read(store, 'mine'), read(store, 'theirs')]);
      expect(mine).toEqual({ status: 'fulfilled', value: '{"of":"mine"}' });
      expect(theirs.status).toBe('rejected');
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', 'allkeys');
    }
  });
});

describe('a request that reads while another waits for its answer', () => {
  it('is told what was written since, and does not wait for that', async () => {
    const gate = gateRedis(redis.client());
    const store = open(gate.client);
    await fill(store, ['ada']);
    const [isAsked, isReleased] = [createGate(), createGate()];
    gate.onCommand = async (name) => {
      if (name !== 'mget') return;
      isAsked.open();
      await isReleased.opened;
    };
    const first = read(store, 'ada');
    await isAsked.opened;
    gate.onCommand = () => undefined;
    await store.writeData('ada', '{"of":"now"}', 60_000, { mustExist: true });
    expect(await Promise.all([read(store, 'ada'), read(store, 'ada')])).toEqual([
      '{"of":"now"}',
      '{"of":"now"}',
    ]);
    isReleased.open();
    await first;
  });
});

describe('a server that is a cluster by itself, behind a client that does not know', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
    const admin = server.client();
    await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until(async () => /cluster_state:ok/.test(await admin.cluster('INFO')));
  });
  afterAll(() => server.stop());

  it('is asked for each session by itself, once it has refused more', async () => {
    const store = open(server.url);
    await fill(store);
    expect(await readAll(store)).toEqual(expected);
    await server.resetCommandCounts();
    expect(await readAll(store)).toEqual(expected);
    expect(await server.commandCounts()).toEqual({ mget: names.length });
  });

  it('is told of each index by itself, once it has refused more', async () => {
    const indexes = (['sub', 'sid'] as const).map((kind) => ({ kind, id: `an index of ${kind}` }));
    const entry = { key: 'b', endsAt: Date.now() + 60_000 };
    for (const add of [
      (store: Store) => store.addToIndexes(indexes, 'a', 60_000),
      (store: Store) => store.keepInIndexes(indexes, entry, 'a set'),
    ]) {
      const store = open(server.url);
      await add(store);
      await server.resetCommandCounts();
      await add(store);
      const counts = await server.commandCounts();
      expect([counts.evalsha, counts.zadd]).toEqual([expect.any(Number), 2]);
      expect(counts.evalsha).toBeGreaterThan(1);
    }
    const store = open(server.url);
    await store.putMark(indexes[1]!, { startedBy: 1 });
    await store.putOpenMark('a set', indexes[0]!, 1);
    const mark = { startedBy: expect.any(Number) };
    for (let time = 0; time < 2; time += 1)
      expect(await store.keepInIndexes(indexes, entry, 'a set')).toEqual([null, mark, mark]);
    for (const index of indexes) expect([...(await store.scanIndex(index)).keys].sort()).toEqual(['a', 'b']);
  });
});
