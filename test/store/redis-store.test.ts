import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { IndexName, Store } from '../../src/store/store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const LONG = 60_000;
const records = { auth: '{"v":1}', data: '{"cart":3}', tokens: 'sealed' };

describe('the store in Redis', () => {
  let redis: RedisServer;
  let store: Store;
  beforeAll(async () => {
    redis = await startRedisServer();
    store = createRedisStore({ redis: redis.url, prefix: 'test:', timeoutMs: 3000 });
  });
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  it('gives every key a time to live (F-23)', async () => {
    const user: IndexName = { kind: 'sub', id: 'user' };
    await store.writeLogin('a', records, LONG, 1000);
    await store.writeData('b', 'data', LONG, { mustExist: false });
    await store.putLogin('c', 'sealed', LONG);
    await store.putLogin('d', 'sealed', LONG);
    await store.takeLogin('d', 'me');
    await store.writeLogin('e', records, LONG, 1000);
    await store.retireSession('e', 'f', LONG);
    await store.writeLogin('g', records, LONG, 1000);
    await store.swapTokens('g', { tokens: { from: 'sealed', to: 'anew' } });
    await store.acquireLock('h', 'me', LONG);
    await store.acquireLock('i', 'me', LONG);
    await store.releaseLock('i', 'me', { text: 'note', lifeMs: LONG });
    await store.addToIndex(user, 'a', Date.now() + LONG, Date.now());
    await store.putCut(user, { issuedBy: 1 }, LONG);
    await store.putLogoutToken('j', 'cut', LONG);
    const keys = (await redis.dump()).split('\n').map((line) => /^(\S+) \(\w+, (-?\d+) ms\)/.exec(line)!);
    expect(keys).toHaveLength(17);
    for (const [, key, life] of keys) {
      expect([key, Number(life) > 0, Number(life) <= LONG]).toEqual([key, true, true]);
    }
  });

  it('keeps an index until the last of its sessions ends', async () => {
    const index: IndexName = { kind: 'sid', id: 'many' };
    await store.addToIndex(index, 'long', 1000 + 2 * LONG, 1000);
    await store.addToIndex(index, 'short', 1000 + LONG, 1000);
    const life = await redis.client().pttl('test:sid:{many}');
    expect(life).toBeGreaterThan(LONG);
    expect(life).toBeLessThanOrEqual(2 * LONG);
  });

  it('works on when the server has forgotten its scripts (F-16)', async () => {
    await store.writeLogin('a', records, LONG, 1000);
    await redis.client().script('FLUSH');
    await store.writeLogin('a', records, LONG, 1000);
    await redis.client().script('FLUSH');
    expect((await store.endSession('a')).auth).toBe(records.auth);
  });

  it('keeps to its prefix (F-22)', async () => {
    const other = createRedisStore({ redis: redis.url, prefix: 'other:', timeoutMs: 3000 });
    await store.writeLogin('shared', records, LONG, 1000);
    expect((await other.readSession('shared')).auth).toBeNull();
    await other.endSession('shared');
    expect((await store.readSession('shared')).auth).toBe(records.auth);
    await other.close();
  });

  it('leaves a client of the application open when it is closed', async () => {
    const client = redis.client();
    await createRedisStore({ redis: client, prefix: 'test:', timeoutMs: 3000 }).close();
    expect(await client.ping()).toBe('PONG');
  });

  it('is reached by a socket, by options and by a client', async () => {
    const { socketPath } = redis;
    for (const target of [socketPath, `unix://${socketPath}`, { path: socketPath }, redis.client()]) {
      const reached = createRedisStore({ redis: target, prefix: 'test:', timeoutMs: 3000 });
      expect((await reached.health()).ok).toBe(true);
      await reached.close();
    }
  });

  it('tells an operator what to mend (F-12)', async () => {
    await redis.client().config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect((await store.health()).warnings).toEqual([expect.stringContaining('it has allkeys-lru')]);
    await redis.client().config('SET', 'maxmemory-policy', 'noeviction');
  });
});
