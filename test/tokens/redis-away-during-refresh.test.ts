import { describe, expect, it } from '@jest/globals';
import { StoreError } from '../../src/errors.ts';
import { createApplicationKeys } from '../../src/keys.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createSecret } from '../../src/secret.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createSessionLock } from '../../src/store/session-lock.ts';
import { QUIET_MS, type Store } from '../../src/store/store.ts';
import type { TokenSet } from '../../src/tokens.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import { createTokenSource } from '../../src/vault/token-source.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { json } from '../support/scripted-answers.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const HOUR_MS = 3_600_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();

describe('Redis is away while ten sessions are being refreshed, with refresh tokens that are good once,', () => {
  it.each<[string, (proxy: TcpFaultProxy) => Promise<void>]>([
    ['refusing connections', (proxy) => proxy.refuse()],
    ['swallowing everything', (proxy) => proxy.blackhole()],
  ])('%s: no session is lost, and nobody sends an old token meanwhile (N-12)', async (_, fail) => {
    const proxy = await startTcpFaultProxy(redis);
    const common = { op, now: clock.now, handlers: addTokenRoutes, storeTimeoutMs: 1000 };
    const app = await startApp({ ...common, redis: proxy.url });
    const other = await startApp({ ...common, redis: redis.url, baseUrl: app.origin });
    const browsers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const browser = app.browser();
        await app.logIn(browser);
        return browser;
      }),
    );
    const before = await Promise.all(browsers.map((browser) => ask(browser)));
    clock.advance(HOUR_MS);
    op.forgetRequests();

    const released = createGate();
    op.script({ refresh: (answer) => (res) => void released.opened.then(() => json(200, answer)(res)) });
    const asking = browsers.map((browser) => ask(browser));
    await until(() => op.requests('token').length === 10);
    const failedAt = performance.now();
    await fail(proxy);
    released.open();
    // Who waits is told; the answers are kept.
    for (const answer of await Promise.all(asking)) expect(answer).toMatchObject({ status: 503 });

    // The leases are over, since their owner cannot renew them; the other process reaches Redis all the while.
    const locks = browsers.map((browser) => redisKeysOfBrowser(app, browser).lock);
    for (const lock of locks) expect(await database.pexpire(lock, QUIET_MS)).toBe(1);
    const elsewhere = await Promise.all(browsers.map(({ jar }) => ask(other.browser(jar.clone()))));
    for (const answer of elsewhere)
      expect(answer).toMatchObject({ status: 503, error: 'provider_unavailable' });
    expect(op.requests('token')).toHaveLength(10);

    // Far longer than any request waits.
    await until(() => performance.now() - failedAt > 2500);
    await proxy.pass();
    const after = await Promise.all(
      browsers.map(({ jar }) =>
        until(async () => {
          const answer = await ask(other.browser(jar.clone()));
          return answer.status === 200 ? answer : undefined;
        }),
      ),
    );
    for (const [index, { token }] of after.entries()) expect(token).not.toBe(before[index]!.token);
    await until(async () => (await database.exists(...locks)) === 0);
    expect(op.requests('token')).toHaveLength(10);
    expect(await Promise.all(browsers.map(whoIs))).toEqual(browsers.map(() => 'ada'));
    expect([...app.logouts, ...other.logouts]).toEqual([]);
    await proxy.close();
  });
});

describe('the answers of refreshes that wait for a store', () => {
  it('are a thousand; one more is given up with its request (N-12)', async () => {
    const keys = createApplicationKeys('https://app.example');
    const memory = createMemoryStore({ now: clock.now });
    const released: string[] = [];
    let isAway = true;
    const store: Store = {
      ...memory,
      swapTokens: async (...args) => {
        if (isAway) throw new StoreError('The store is away.');
        return memory.swapTokens(...args);
      },
      releaseLock: async (key, ...rest) => {
        released.push(key);
        await memory.releaseLock(key, ...rest);
      },
    };
    const vault = createTokenVault({
      store,
      keys,
      sealer: createSealer([createSecret('x'.repeat(32))], keys),
    });
    const tokensOf = (name: string, expiresAt: number): TokenSet => ({
      ...{
        accessToken: `access ${name}`,
        refreshToken: `refresh ${name}`,
        idToken: undefined,
        scope: undefined,
      },
      ...{ receivedAt: clock.now() - HOUR_MS, expiresAt, expiryAssumed: false, renewed: false },
    });
    const provider = {
      definition: { capabilities: { refresh: true } },
      refresh: async () => ({ tokens: tokensOf('new', clock.now() + HOUR_MS), proof: undefined }),
      revoke: async () => undefined,
    } as unknown as Provider;
    const source = createTokenSource({
      traceRefresh: (_, work) => work(),
      ...{ store, keys, vault, now: clock.now, storePatienceMs: 50 },
      lock: createSessionLock({ store, leaseMs: 60_000, patienceMs: 60_000 }),
      providers: new Map([['default', provider]]),
      hasLiveSession: async () => true,
      updateIdentity: async (text) => text,
      endRefused: async () => 'ended',
    });
    const ids = Array.from({ length: 1001 }, (_, index) => `session ${index}`);
    for (const id of ids) {
      const tokens = vault.seal(id, tokensOf('old', clock.now() - 1));
      const life = { idleMs: HOUR_MS, absoluteMs: HOUR_MS };
      await store.writeLogin(keys.sessionKey(id), { identity: '{}', data: '{}', tokens }, life);
    }
    const get = (sessionId: string) =>
      source.get({ sessionId, provider: 'default', sub: 'ada' }, { minValiditySeconds: 0 });
    const refused = await Promise.allSettled(ids.map(get));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    await until(() => released.length > 0);
    expect(released).toEqual([keys.sessionKey(ids.at(-1)!)]);
    isAway = false;
    await until(() => released.length === 1001);
    const kept = await Promise.all(ids.slice(0, 1000).map(get));
    for (const { tokens } of kept) expect(tokens.accessToken).toBe('access new');
  });
});
