import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRedisStore } from '../../src/store/redis-store.ts';
import {
  AFTERLIFE_MS,
  ENDED_LIFE_MS,
  INDEX_SLACK_MS,
  type IndexName,
  LOGIN_LIFE_MS,
  MARK_LIFE_MS,
  QUIET_MS,
  type Store,
  TAKEN_LIFE_MS,
} from '../../src/store/store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { login, nothing } from '../support/store-records.ts';

const LONG = 60_000;
const life = { idleMs: LONG, absoluteMs: LONG };

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
    await store.writeLogin('a', login, life);
    await store.writeData('b', 'data', LONG, { mustExist: false });
    await store.takeLogin('c', 'me', Date.now());
    await store.cancelLogins(['d']);
    await store.writeLogin('e', login, life);
    await store.rotateSession('e', 'f');
    await store.writeLogin('g', login, life);
    await store.swapTokens('g', {
      tokens: { from: login.tokens, to: Buffer.from('anew') },
      identity: { from: login.identity, to: '{}' },
    });
    await store.acquireLock('h', 'me', LONG);
    await store.acquireLock('i', 'me', LONG);
    await store.releaseLock('i', 'me', { text: 'later', lifeMs: LONG });
    await store.acquireLock('j', 'me', LONG);
    await store.extendLock('j', 'me', LONG, { sent: true });
    await store.writeLogin('k', login, life);
    await store.endSession('k', { owner: 'me' });
    await store.touchSession('a', LONG);
    await store.addToIndexes([user], 'a', LONG);
    await store.putMark(user, { issuedBy: 1 });
    await store.putLogoutToken('l', { meaning: '{}', cameAt: 1 }, LONG);
    const keys = [...(await redis.dump()).matchAll(/^(\S+) \(\w+, (-?\d+) ms\)/gm)];
    const longest: Record<string, number> = {
      ...{ s: LONG + AFTERLIFE_MS, d: LONG + AFTERLIFE_MS, t: LONG + AFTERLIFE_MS },
      ...{ lock: LONG + QUIET_MS, used: TAKEN_LIFE_MS, mark: MARK_LIFE_MS, jti: LONG },
      ...{ sub: LONG + INDEX_SLACK_MS },
    };
    expect(keys).toHaveLength(18);
    for (const [, key, life] of keys) {
      const kind = key!.split(':')[1]!;
      const most =
        key === 'test:s:{e}' ? MARK_LIFE_MS : key?.includes('{k}') ? ENDED_LIFE_MS : longest[kind]!;
      expect([key, Number(life) > 0, Number(life) <= most]).toEqual([key, true, true]);
    }
  });

  it('keeps an index until the last of its sessions ends, and a day', async () => {
    const index: IndexName = { kind: 'sid', id: 'many' };
    await store.addToIndexes([index], 'long', 2 * LONG);
    await store.addToIndexes([index], 'short', LONG);
    const life = await redis.client().pttl('test:sid:{many}');
    expect(life).toBeGreaterThan(LONG + INDEX_SLACK_MS);
    expect(life).toBeLessThanOrEqual(2 * LONG + INDEX_SLACK_MS);
  });

  it("goes by Redis's own clock where it is given none (N-06)", async () => {
    const [seconds = 0, micros = 0] = await redis.client().time();
    const now = seconds * 1000 + micros / 1000;
    const written = await store.writeLogin('timed', login, { idleMs: LONG, absoluteMs: 10 * LONG });
    expect(written!.seenAt).toBeGreaterThanOrEqual(Math.floor(now));
    expect(written!.seenAt).toBeLessThan(now + LONG);
    expect(written!.endsAt).toBe(written!.seenAt + 10 * LONG);
    expect(await store.takeLogin('timed', 'me', now - LOGIN_LIFE_MS - LONG)).toBe('expired');
    expect(await store.takeLogin('timed', 'me', now - LOGIN_LIFE_MS + LONG)).toBe('mine');
    await store.putMark({ kind: 'sub', id: 'timed' }, { startedBy: 1 });
    const [mark] = await store.readMarks([{ kind: 'sub', id: 'timed' }]);
    expect(mark).toEqual({ startedBy: expect.any(Number) });
    expect((mark as { startedBy: number }).startedBy).toBeGreaterThanOrEqual(written!.seenAt);
  });

  it('works on when the server has forgotten its scripts (F-16)', async () => {
    await store.writeLogin('m', login, life);
    await redis.client().script('FLUSH');
    await store.writeLogin('m', login, life);
    await redis.client().script('FLUSH');
    // Also where the reply is read as bytes.
    const ended = await store.endSession('m', { owner: 'me' });
    expect(ended).toMatchObject({ isFirst: true, login: { identity: login.identity }, tokens: login.tokens });
  });

  it('keeps to its prefix (F-22)', async () => {
    const other = createRedisStore({ redis: redis.url, prefix: 'other:', timeoutMs: 3000 });
    await store.writeLogin('shared', login, life);
    expect((await other.readSession('shared')).login).toBeUndefined();
    expect(await other.endSession('shared', { owner: 'me' })).toBe('none');
    expect((await store.readSession('shared')).login?.identity).toBe(login.identity);
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

describe('a Redis server that is full', () => {
  let redis: RedisServer;
  let store: Store;
  const fill = () => redis.client().config('SET', 'maxmemory', '1');
  beforeAll(async () => {
    redis = await startRedisServer();
    store = createRedisStore({ redis: redis.url, prefix: 'test:', timeoutMs: 3000 });
  });
  beforeEach(async () => {
    await redis.client().config('SET', 'maxmemory', '0');
    await redis.client().flushall();
  });
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  it('ends sessions all the same, and remembers by whom (N-07)', async () => {
    const written = await store.writeLogin('a', login, life);
    await fill();
    const found = { isFirst: true, login: written, tokens: login.tokens, at: expect.any(Number) };
    expect(await store.endSession('a', { owner: 'me' })).toEqual(found);
    expect(await store.readSession('a')).toEqual(nothing);
    expect(await store.readTokens('a')).toBeNull();
    // A script that has deleted something may write: there is room for the mark.
    expect(await store.endSession('a', { owner: 'me' })).toEqual(found);
    expect(await store.endSession('a', { owner: 'other' })).toEqual({ ...found, isFirst: false });
  });

  it('ends data without a login, and gives back locks (N-07)', async () => {
    await store.writeData('b', '{}', LONG, { mustExist: false });
    await store.acquireLock('b', 'me', LONG);
    await fill();
    expect(await store.endSession('b', { owner: 'me' })).toBe('none');
    await store.releaseLock('b', 'me');
    expect(await redis.client().keys('*')).toEqual([]);
  });

  it('keeps sessions that are in use, though it cannot note their touch (N-07)', async () => {
    await store.writeLogin('c', login, life);
    for (const kind of ['s', 'd', 't']) await redis.client().pexpire(`test:${kind}:{c}`, LONG);
    await fill();
    await store.touchSession('c', LONG);
    for (const kind of ['s', 'd', 't']) {
      expect(await redis.client().pttl(`test:${kind}:{c}`)).toBeGreaterThan(AFTERLIFE_MS - LONG);
    }
    expect((await store.readSession('c')).login?.identity).toBe(login.identity);
  });

  it('says of all else that it failed, and changes nothing (F-14)', async () => {
    const written = await store.writeLogin('d', login, life);
    await fill();
    const full = { code: 'store_unavailable' };
    const to = Buffer.from('anew');
    await expect(store.writeLogin('e', login, life)).rejects.toMatchObject(full);
    await expect(store.rotateSession('d', 'next')).rejects.toMatchObject(full);
    await expect(store.swapTokens('d', { tokens: { from: login.tokens, to } })).rejects.toMatchObject(full);
    await expect(store.takeLogin('d', 'me', Date.now())).rejects.toMatchObject(full);
    await expect(store.putMark({ kind: 'sub', id: 'd' }, { issuedBy: 1 })).rejects.toMatchObject(full);
    expect((await store.readSession('d')).login).toEqual(written);
    expect(await store.readTokens('d')).toEqual(login.tokens);
  });
});
