import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { TestApp, TestAppOptions } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import { createTestClock, type TestClock } from './clock.ts';
import { type OpenIdProvider, type OpenIdProviderOptions, startOpenIdProvider } from './open-id-provider.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { useApps } from './use-apps.ts';

/** What most test files stand on: a provider, a Redis server, a clock, and applications that end with their test. */
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

/** Who the application takes the browser for; `null`: nobody. */
export async function whoIs(browser: BrowserClient): Promise<string | null> {
  return (await (await browser.get('/')).json()).user?.sub ?? null;
}

/** What is in `req.session`. */
export async function dataOf(browser: BrowserClient): Promise<Record<string, unknown>> {
  return (await browser.get('/save')).json();
}
