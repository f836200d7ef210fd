import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { createSessionLock } from '../../src/store/session-lock.ts';
import { QUIET_MS, type Store } from '../../src/store/store.ts';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { json } from '../support/scripted-answers.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 3000;
const OWNER = 'a process that is dead';
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
/** What the dead process did while it lived, it did by this. */
const theirs = createRedisStore({ redis: redis.url, prefix: 'connect-auth:', timeoutMs: 10_000 });
afterAll(() => theirs.close());

async function logIn(options: Partial<TestAppOptions> = {}) {
  const app = await startApp({
    ...{ op, redis: redis.url, now: clock.now, handlers: addTokenRoutes, ...options },
  });
  const browser = app.browser();
  await app.logIn(browser);
  const { token } = await ask(browser);
  op.forgetRequests();
  return { app, browser, token, ...redisKeysOfBrowser(app, browser) };
}

/** A process takes the lock, perhaps says that the refresh is on its way, and dies. */
async function die(key: string, { sent }: { sent: boolean }) {
  expect(await theirs.acquireLock(key, OWNER, LEASE_MS)).toBe('taken');
  if (sent) expect(await theirs.extendLock(key, OWNER, LEASE_MS, { sent })).toBe(true);
}

const refreshes = () => op.requests('token').length;

describe('the lock of a process that died with it', () => {
  it.each([
    false,
    true,
  ])('keeps nobody from a token that lives, nor makes them wait (refresh sent: %s, N-14)', async (sent) => {
    const { browser, key, lock, token } = await logIn();
    clock.advance(HOUR_MS - 10_000);
    await die(key, { sent });
    await database.persist(lock);
    expect(await ask(browser)).toMatchObject({ status: 200, token });
    expect(refreshes()).toBe(0);
  });

  it('before its refresh was sent is free when the short lease is over (N-14, N-39)', async () => {
    const { browser, key, lock, token } = await logIn();
    clock.advance(HOUR_MS);
    await die(key, { sent: false });
    expect(await database.pttl(lock)).toBeLessThanOrEqual(LEASE_MS);
    const asking = ask(browser);
    await database.pexpire(lock, 20);
    const answer = await asking;
    expect(answer.status).toBe(200);
    expect(answer.token).not.toBe(token);
    expect(refreshes()).toBe(1);
  });

  it('after its refresh was sent keeps all from sending the old token until half a minute after the lease (N-14)', async () => {
    const { app, browser, key, lock } = await logIn();
    clock.advance(HOUR_MS);
    await die(key, { sent: true });
    const left = await database.pttl(lock);
    expect(left).toBeGreaterThan(QUIET_MS);
    expect(left).toBeLessThanOrEqual(LEASE_MS + QUIET_MS);
    for (const quietMs of [QUIET_MS, 2000]) {
      await database.pexpire(lock, quietMs);
      expect(await ask(browser)).toMatchObject({ status: 503, error: 'provider_unavailable' });
    }
    expect(refreshes()).toBe(0);
    expect(await whoIs(browser)).toBe('ada');
    await database.pexpire(lock, 1);
    await until(async () => (await database.exists(lock)) === 0);
    expect((await ask(browser)).status).toBe(200);
    expect(refreshes()).toBe(1);
    expect(app.logouts).toEqual([]);
  });

  it('holds up no change of the id longer than that (N-14)', async () => {
    const { browser, key, lock } = await logIn({
      handlers: (server) => {
        addTokenRoutes(server);
        server.get('/renew', async (req, res) => {
          await req.auth.renew();
          res.end();
        });
      },
    });
    await die(key, { sent: false });
    const renewing = browser.get('/renew');
    await database.pexpire(lock, 20);
    expect((await renewing).status).toBe(200);
    expect(await whoIs(browser)).toBe('ada');
  });
});

describe('the lock of a process that lives', () => {
  it('is waited for in time, however slow the store is, and then refused (N-15, N-38)', async () => {
    const bounds = { storeTimeoutMs: 100, oidc: { timeoutMs: 100 } };
    const { browser, key } = await logIn(bounds);
    clock.advance(HOUR_MS);
    expect(await theirs.acquireLock(key, 'somebody at work', 60_000)).toBe('taken');
    const begun = performance.now();
    expect(await ask(browser)).toMatchObject({ status: 503, error: 'store_unavailable' });
    // Four calls to the provider and six to Redis, each at its bound.
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(refreshes()).toBe(0);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is kept while the provider takes its time, and given back afterwards (N-39)', async () => {
    const { browser, lock } = await logIn();
    clock.advance(HOUR_MS);
    const [arrived, released] = [createGate(), createGate()];
    op.script({
      refresh: (answer) => (res) => {
        arrived.open();
        void released.opened.then(() => json(200, answer)(res));
      },
    });
    const asking = ask(browser);
    await arrived.opened;
    // What is left of it goes up again: it was renewed.
    await database.pexpire(lock, QUIET_MS + 2500);
    await until(async () => (await database.pttl(lock)) > QUIET_MS + 2500);
    expect(await database.get(lock)).toMatch(/^s /);
    released.open();
    expect((await asking).status).toBe(200);
    expect(await database.exists(lock)).toBe(0);
  });
});

describe('a lock of the store in memory, whose clock moves with each heartbeat,', () => {
  let time: number;
  let store: Store;
  const KEY = 'a session';
  beforeEach(() => {
    time = Date.now();
    store = createMemoryStore({ now: () => time });
  });
  const other = () => store.acquireLock(KEY, 'somebody else', 90);

  it.each([
    false,
    true,
  ])('is kept far beyond its lease by an owner who lives, and given back (sent: %s, N-39)', async (sent) => {
    let beats = 0;
    const beating: Store = {
      ...store,
      extendLock: async (...args) => {
        const isOurs = await store.extendLock(...args);
        beats += 1;
        time += 60;
        return isOurs;
      },
    };
    const lock = createSessionLock({ store: beating, leaseMs: 90, patienceMs: 1000 });
    const begun = time;
    await lock.hold(KEY, {
      work: async (held) => {
        if (sent) await held.markSent();
        await until(() => beats >= 5);
        expect(time - begun).toBeGreaterThan(3 * 90);
        expect(await other()).toBe('held');
      },
    });
    expect(await other()).toBe('taken');
  });

  it('is lost by a dead owner when the lease is over, not before (N-39)', async () => {
    expect(await store.acquireLock(KEY, OWNER, 90)).toBe('taken');
    time += 89;
    expect(await other()).toBe('held');
    time += 1;
    expect(await other()).toBe('taken');
  });

  it('is abandoned by a dead owner who sent, and lost half a minute later (N-14, N-39)', async () => {
    await store.acquireLock(KEY, OWNER, 90);
    await store.extendLock(KEY, OWNER, 90, { sent: true });
    time += 89;
    expect(await other()).toBe('held');
    time += 1;
    expect(await other()).toBe('abandoned');
    time += QUIET_MS - 1;
    expect(await other()).toBe('abandoned');
    time += 1;
    expect(await other()).toBe('taken');
  });

  it('is waited for by the clock, not by the number of looks (N-15, N-38)', async () => {
    await store.acquireLock(KEY, OWNER, 3_600_000);
    let looks = 0;
    const slow: Store = {
      ...store,
      acquireLock: async (...args) => {
        looks += 1;
        await new Promise((resolve) => setTimeout(resolve, 150));
        return store.acquireLock(...args);
      },
    };
    const lock = createSessionLock({ store: slow, leaseMs: 90, patienceMs: 300 });
    await expect(lock.hold(KEY, { work: async () => 'done' })).rejects.toThrow(StoreError);
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual(2);
  });
});
