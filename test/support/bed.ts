import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { TestApp, TestAppOptions } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import { createTestClock, type TestClock } from './clock.ts';
import { type OpenIdProvider, type OpenIdProviderOptions, startOpenIdProvider } from './open-id-provider.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { useApps } from './use-apps.ts';

/*
 * What a test file stands on. Everything is started at its beginning, and ended after it; applications end with their
 * test. Take the first that does:
 *
 * - `setUpBed()`, here: the real provider, Redis and a clock. For everything a browser and an honest provider show.
 * - `useScriptedProvider()`, `useRedisServer()` and `useApps()`, of use-apps.ts: for what an honest provider never does,
 *   and for answers and requests that must be right to the letter. The parts can be taken one by one.
 * - `useTwoProcesses()`, of two-processes.ts: a scripted provider and two applications on one Redis whose commands wait
 *   for permission. For races.
 * - `setUpSystem()`, of system-bed.ts: an emulator of one of the documented systems, for its preset.
 * - `setUpChromiumBed()`, of chromium-bed.ts: for what only a real browser decides. The dearest of all.
 * - `describeStore()`, of store-bed.ts: no application at all, the same tests for both stores.
 */

/** The first of them: a provider, a Redis server, a clock, and applications that end with their test. */
export interface Bed {
  readonly op: OpenIdProvider;
  readonly redis: RedisServer;
  /** A new one for each test. Applications take it by `now: bed.clock.now`. */
  readonly clock: TestClock;
  /** Starts an application on the provider, with sessions in memory unless told otherwise. */
  start(options?: Partial<TestAppOptions>): Promise<TestApp>;
}

export interface BedOptions {
  /** More arguments for the Redis server. */
  redisArgs?: readonly string[];
  provider?: OpenIdProviderOptions;
}

/** Sets one up for a test file, or for a `describe()`. */
export function setUpBed({ redisArgs = [], provider }: BedOptions = {}): Bed {
  const startApp = useApps();
  let op: OpenIdProvider;
  let redis: RedisServer;
  let clock: TestClock;

  beforeAll(async () => {
    [op, redis] = await Promise.all([startOpenIdProvider(provider), startRedisServer({ args: redisArgs })]);
  });
  beforeEach(() => {
    clock = createTestClock();
  });
  afterAll(async () => {
    await op.close();
    await redis.stop();
  });

  return {
    get op() {
      return op;
    },
    get redis() {
      return redis;
    },
    get clock() {
      return clock;
    },
    start: (options = {}) => startApp({ op, ...options }),
  };
}

export { whoIs } from './who-is.ts';

/** What is in `req.session`. */
export async function dataOf(browser: BrowserClient): Promise<Record<string, unknown>> {
  return (await browser.get('/save')).json();
}
