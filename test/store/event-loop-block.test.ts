import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { setUpBed, whoIs } from '../support/bed.ts';

const TIMEOUT = 500;
/** How long Redis takes for what waits when the block begins: less than the bound. */
const BUSY = 150;
const BLOCK = 3 * TIMEOUT;

const bed = setUpBed({ redisArgs: ['--enable-debug-command', 'yes'] });
const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  bed.redis.resume();
});

/** Lets the event loop go round so often: what was asked is sent then, and what has come is read. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

/** Keeps this process from doing anything at all. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const open = async (redis: string | Redis = bed.redis.url) => {
  const store = createRedisStore({ redis, prefix: 'test:', timeoutMs: TIMEOUT });
  stores.push(store);
  await store.writeData('a', 'data', 60_000, { mustExist: false });
  return store;
};

/** Has Redis take its time for whatever comes next. */
const keepRedisBusy = async () => {
  const client = bed.redis.client();
  await client.ping();
  client.call('DEBUG', 'SLEEP', BUSY / 1000).catch(() => undefined);
  await turns(2);
};

describe('an event loop that is blocked for longer than the bound, while Redis answers', () => {
  it.each<[string, () => string | Redis]>([
    ['by our own connection', () => bed.redis.url],
    ['by a client of the application', () => bed.redis.client()],
    ['by one that pipelines by itself', () => bed.redis.client({ enableAutoPipelining: true })],
  ])('fails no read and no write: %s (N-16)', async (_, target) => {
    const store = await open(target());
    await keepRedisBusy();
    const reads = Array.from({ length: 200 }, () => store.readSession('a'));
    const writes = [
      store.writeLogin(
        'b',
        { identity: '{}', data: '{}', tokens: Buffer.from('sealed') },
        { idleMs: 60_000, absoluteMs: 60_000 },
      ),
      store.addToIndexes([{ kind: 'sub', id: 'b' }], 'b', 60_000),
    ];
    await turns(2);
    block(BLOCK);
    expect(new Set((await Promise.all(reads)).map(({ data }) => data))).toEqual(new Set(['data']));
    await Promise.all(writes);
  });

  it('fails nothing that waited behind a pipeline and was not even sent (N-16)', async () => {
    const store = await open();
    await keepRedisBusy();
    const sent = store.readSession('a');
    await turns(2);
    const unsent = Array.from({ length: 50 }, () => store.readSession('a'));
    await turns(2);
    block(BLOCK);
    expect((await sent).data).toBe('data');
    for (const { data } of await Promise.all(unsent)) expect(data).toBe('data');
  });

  it('fails nothing when there is more to read than one look brings (N-16)', async () => {
    const store = await open();
    await store.writeData('large', 'x'.repeat(100_000), 60_000, { mustExist: false });
    await keepRedisBusy();
    const reads = Array.from({ length: 60 }, () => store.readSession('large'));
    await turns(2);
    block(BLOCK);
    for (const { data } of await Promise.all(reads)) expect(data).toHaveLength(100_000);
  });

  it('keeps the connection, on which nothing was wrong (N-16)', async () => {
    const store = await open();
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await bed.redis.client().info('stats'))![1]);
    const before = await connections();
    await keepRedisBusy();
    const read = store.readSession('a');
    await turns(2);
    block(BLOCK);
    await read;
    await store.readSession('a');
    // The client that kept Redis busy, and the one that counts.
    expect((await connections()) - before).toBe(2);
  });

  it('answers every request of that moment as ever (N-16)', async () => {
    let arrived = 0;
    const app = await bed.start({
      redis: bed.redis.url,
      storeTimeoutMs: TIMEOUT,
      before: (server) =>
        server.use((_req, _res, next) => {
          arrived += 1;
          next();
        }),
    });
    const browser = app.browser();
    await app.logIn(browser);
    await keepRedisBusy();
    arrived = 0;
    const answers = Array.from({ length: 20 }, () => whoIs(browser));
    while (arrived < 20) await turns(1);
    await turns(2);
    block(BLOCK);
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, () => 'ada'));
    expect(app.errors).toEqual([]);
  });
});

describe('an event loop that is blocked while Redis hangs', () => {
  it('gives up all the same, once there is nothing on the socket (N-16)', async () => {
    const store = await open();
    bed.redis.pause();
    const read = store.readSession('a');
    await turns(2);
    block(BLOCK);
    const start = performance.now();
    await expect(read).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(performance.now() - start).toBeLessThan(4 * TIMEOUT);
  });

  it('does not wait the longer the longer it was blocked (N-16)', async () => {
    const client = bed.redis.client();
    await once(client, 'ready');
    const store = await open(client);
    bed.redis.pause();
    const reads = [store.readSession('a'), store.readNewest({ kind: 'sub', id: 'x' }, 1)];
    await turns(2);
    block(8 * TIMEOUT);
    const start = performance.now();
    const ends = await Promise.allSettled(reads);
    expect(performance.now() - start).toBeLessThan(4 * TIMEOUT);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
