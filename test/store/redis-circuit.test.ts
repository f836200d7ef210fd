import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedisCircuit } from '../../src/store/redis-circuit.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { TestApp } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createGate } from '../support/gate.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { publicRoute } from '../support/store-away.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 1000;

const bed = setUpBed();
let proxy: TcpFaultProxy;
const stores: Store[] = [];
beforeAll(async () => {
  proxy = await startTcpFaultProxy(bed.redis);
});
afterEach(async () => {
  bed.redis.resume();
  await proxy.pass();
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => proxy.close());

const open = (redis: string | Redis = bed.redis.url, timeoutMs = TIMEOUT) => {
  const store = createRedisStore({ redis, prefix: 'test:', timeoutMs });
  stores.push(store);
  return store;
};
const startLoggedIn = async (redis: string | Redis = bed.redis.url) => {
  const app = await bed.start({ redis, storeTimeoutMs: TIMEOUT, handlers: publicRoute });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser };
};
const timed = async <Value>(work: () => Promise<Value>) => {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
};
const openCircuit = async (browser: BrowserClient) => {
  bed.redis.pause();
  expect((await browser.get('/me')).status).toBe(503);
};
const countPings = async () => (await bed.redis.commandCounts()).ping ?? 0;

describe('a Redis that hangs', () => {
  it.each<[string, () => string | Redis]>([
    ['our own connection', () => bed.redis.url],
    ['a client of the application', () => bed.redis.client({ maxRetriesPerRequest: null })],
  ])('has the first requests wait for the bound, and no more: %s (N-17)', async (_, target) => {
    const { app, browser } = await startLoggedIn(target());
    bed.redis.pause();
    const first = await timed(() =>
      Promise.all([browser.get('/me'), browser.get('/'), browser.get('/api/me')]),
    );
    expect(first.value.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(first.ms).toBeGreaterThan(0.9 * TIMEOUT);

    const paths = ['/me', '/', '/public', '/me', '/', '/public', '/me', '/'];
    const later = await timed(() => Promise.all(paths.map((path) => browser.get(path))));
    expect(later.value.map(({ status }) => status)).toEqual([503, 503, 200, 503, 503, 200, 503, 503]);
    expect(later.ms).toBeLessThan(TIMEOUT / 2);
    expect(later.value[0]!.headers.get('retry-after')).toBe('5');
    expect(later.value.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
    expect(app.errors.at(-1)!.error.message).toMatch(
      /did not answer within 1000 ms.* in the background only/,
    );

    bed.redis.resume();
    await until(async () => (await browser.get('/me')).status === 200);
  });

  it('is used again as soon as it goes on, whether anybody asks or not (N-17)', async () => {
    const client = bed.redis.client();
    await once(client, 'ready');
    const { browser } = await startLoggedIn(client);
    await openCircuit(browser);
    bed.redis.resume();
    await client.ping();
    // Its PING was sent before this one, so that its answer has come as well.
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is used again by our own connection, which is made anew, within a moment (N-17)', async () => {
    const { browser } = await startLoggedIn();
    await openCircuit(browser);
    bed.redis.resume();
    const { ms } = await timed(() => until(async () => (await browser.get('/me')).status === 200));
    expect(ms).toBeLessThan(TIMEOUT);
  });

  it('is asked by few PINGs, however many requests come (N-17)', async () => {
    const { browser } = await startLoggedIn(bed.redis.client());
    await bed.redis.resetCommandCounts();
    await openCircuit(browser);
    for (let round = 0; round < 50; round += 1) expect((await browser.get('/')).status).toBe(503);
    bed.redis.resume();
    await until(async () => (await browser.get('/me')).status === 200);
    expect(await countPings()).toBeLessThan(10);
    expect(await countPings()).toBeGreaterThan(0);
  });

  it('is asked all the same for whatever must not be lost: logouts, writes, indexes, marks (N-17)', async () => {
    const store = open(bed.redis.client());
    await store.writeLogin(
      'a',
      { identity: '{}', data: '{}', tokens: Buffer.from('sealed') },
      { idleMs: 60_000, absoluteMs: 60_000 },
    );
    bed.redis.pause();
    await expect(store.readSession('a', { mayRefuse: true })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    const refused = await timed(() => store.readSession('a', { mayRefuse: true }).catch(() => undefined));
    expect(refused.ms).toBeLessThan(TIMEOUT / 2);
    const index = { kind: 'sub', id: 'user' } as const;
    const asked = [
      store.endSession('a', { owner: 'an attempt' }),
      store.readSession('b'),
      store.putMark(index, { issuedBy: 1 }),
      store.putLogoutToken('token', { meaning: 'value', cameAt: 1 }, 60_000),
      store.scanIndex(index),
      store.readMarks([index]),
      store.writeData('b', 'data', 60_000, { mustExist: false }),
    ];
    bed.redis.resume();
    for (const each of await Promise.allSettled(asked)) expect(each.status).toBe('fulfilled');
    expect((await store.readSession('a')).login).toBeUndefined();
  });

  it('is asked to end a session by a logout, which counts as soon as it goes on (N-17)', async () => {
    const { app, browser } = await startLoggedIn();
    await openCircuit(browser);
    const before = browser.jar.clone();
    const logout = browser.post('/logout');
    // Refused at once is only what asks who this is.
    expect((await timed(() => app.browser(before.clone()).get('/me'))).value.status).toBe(503);
    bed.redis.resume();
    expect((await logout).status).toBe(303);
    expect(await whoIsAgain(app, before)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
  });
});

const whoIsAgain = async (app: TestApp, jar: BrowserClient['jar']) => {
  const browser = app.browser(jar.clone());
  await until(async () => (await browser.get('/')).status === 200);
  return whoIs(browser);
};

describe('a pause of Redis that is shorter than the bound', () => {
  it('refuses nobody, however many wait and whatever failed meanwhile (N-17)', async () => {
    const { app, browser } = await startLoggedIn();
    bed.redis.pause();
    const waiting = Array.from({ length: 100 }, () => whoIs(browser));
    await new Promise((resolve) => setTimeout(resolve, 0.7 * TIMEOUT));
    bed.redis.resume();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ada']));
    expect(app.errors).toEqual([]);
  });
});

describe('a Redis that answers', () => {
  it.each([
    ['an answer', '+mget'],
    ['an error', '-mget'],
  ])('to somebody, be it by %s, is alive for all: one who waits in vain closes nothing for the others (N-17)', async (_, rule) => {
    const gate = gateRedis(bed.redis.client());
    const store = open(gate.client, 300);
    const late = createGate();
    gate.onCommand = (name) => (name === 'mgetBuffer' ? late.opened : undefined);
    const inVain = store.readTokens('a');
    const admin = bed.redis.client();
    try {
      await admin.call('ACL', 'SETUSER', 'default', rule);
      await store.readSession('a').catch(() => undefined);
      await expect(inVain).rejects.toThrow('did not answer within 300 ms');
      const next = await store.readSession('a').catch(({ message }) => message);
      expect(next).toEqual(
        rule === '+mget' ? expect.objectContaining({ data: null }) : expect.stringContaining('NOPERM MGET'),
      );
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', '+@all');
      late.open();
    }
  });
});

describe('a circuit that was stopped', () => {
  it('asks nothing any more, though what was under way ends later (N-17)', () => {
    let pings = 0;
    const circuit = createRedisCircuit({
      ping: async () => {
        pings += 1;
      },
      onOpen: () => undefined,
    });
    circuit.stop();
    circuit.noteSilence();
    expect([circuit.isOpen, pings]).toEqual([false, 0]);
  });
});

describe('a Redis that refuses connections', () => {
  it('is named at once each time, and used again when it is back (N-17)', async () => {
    const { app, browser } = await startLoggedIn(proxy.url);
    await proxy.refuse();
    for (let round = 0; round < 5; round += 1) {
      const { value, ms } = await timed(() => browser.get('/me'));
      expect(value.status).toBe(503);
      expect(ms).toBeLessThan(0.9 * TIMEOUT);
    }
    expect(app.errors.at(-1)!.error.message).toContain('ECONNREFUSED');
    await proxy.pass();
    await until(async () => (await browser.get('/me')).status === 200);
  });
});

describe('a connection that has vanished without a word', () => {
  it('is made anew, and what comes next is served (N-17)', async () => {
    const { browser } = await startLoggedIn(proxy.url);
    proxy.freeze();
    expect((await browser.get('/me')).status).toBe(503);
    const { ms } = await timed(() => until(async () => (await browser.get('/me')).status === 200));
    expect(ms).toBeLessThan(2 * TIMEOUT);
    proxy.cut();
  });
});

describe('a slow network', () => {
  it('whose handshake takes longer than the bound is got over after a pause all the same (N-17)', async () => {
    const store = open(proxy.url);
    await store.readSession('a');
    await proxy.blackhole();
    await expect(store.readSession('a', { mayRefuse: true })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await proxy.delay(0.6 * TIMEOUT);
    await until(() =>
      store.readSession('a').then(
        () => true,
        () => false,
      ),
    );
  });
});

describe('a cluster with one node that hangs', () => {
  it('is asked for every session, those on its other nodes being served (N-17)', async () => {
    const cluster = await startRedisCluster();
    const store = createRedisStore({ redis: cluster.client(), prefix: 'test:', timeoutMs: TIMEOUT });
    try {
      const ids = Array.from({ length: 12 }, (_, at) => `session-${at}`);
      for (const id of ids) await store.writeData(id, id, 60_000, { mustExist: false });
      for (const node of cluster.nodes)
        await node.client().config('SET', 'cluster-require-full-coverage', 'no');
      const lost = await cluster.nodeOf('test:sess:{session-0}');
      lost.pause();
      // Nothing else is asked meanwhile, so that nothing at all comes.
      await expect(store.readSession('session-0')).rejects.toMatchObject({ code: 'store_unavailable' });
      for (let round = 0; round < 2; round += 1) {
        const ends = await Promise.allSettled(ids.map((id) => store.readSession(id)));
        expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
      }
      lost.resume();
    } finally {
      await store.close();
      await cluster.stop();
    }
  });
});
