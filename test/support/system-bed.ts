import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { TestApp, TestAppOptions } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import { createTestClock, type TestClock } from './clock.ts';
import { addApiRoutes, type Preset } from './connect-systems.ts';
import { createCookieJar } from './cookie-jar.ts';
import { walkProvider } from './provider-walk.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { useApps } from './use-apps.ts';

/** What every emulator of test/emulators/ can do. */
interface Emulator {
  readonly faults: { clear(): void };
  reset(): void;
  close(): Promise<void>;
}

export interface SystemBed<E> {
  readonly emulator: E;
  readonly redis: RedisServer;
  /** Moves on for the emulator and the applications alike. Goes on from one test to the next. */
  readonly clock: TestClock;
  /** Starts an application, with sessions in Redis unless told otherwise, and the routes of `addApiRoutes()`. */
  start(preset: Preset, options?: Partial<TestAppOptions>): Promise<TestApp>;
}

/** Sets up an emulator, a Redis server and a clock for a test file. The emulator is honest again after each test. */
export function setUpSystem<E extends Emulator>(
  create: (options: { now: () => number }) => Promise<E>,
): SystemBed<E> {
  const clock = createTestClock();
  const startApp = useApps();
  let emulator: E;
  let redis: RedisServer;

  beforeAll(async () => {
    [emulator, redis] = await Promise.all([create(clock), startRedisServer()]);
  });
  afterEach(() => {
    emulator.reset();
    emulator.faults.clear();
  });
  afterAll(async () => {
    await emulator?.close();
    await redis?.stop();
  });

  return {
    clock,
    get emulator() {
      return emulator;
    },
    get redis() {
      return redis;
    },
    start: (preset, { handlers, ...options } = {}) =>
      startApp({
        op: { registerApp: refuseToRegister, signIn },
        preset,
        redis: redis.url,
        now: clock.now,
        handlers: (express) => {
          addApiRoutes(express);
          handlers?.(express);
        },
        ...options,
      }),
  };
}

async function refuseToRegister(): Promise<never> {
  throw new Error('An application on an emulator is registered by its preset.');
}

/** The emulators ask nobody: whoever their settings name is signed in. */
function signIn(url: string, { jar = createCookieJar() } = {}) {
  return walkProvider(url, jar, { person: '' });
}

/** What the browser's session says of its person; `null`: nobody. */
export async function userOf(browser: BrowserClient): Promise<Record<string, unknown> | null> {
  return (await (await browser.get('/')).json()).user;
}

/** Asks one of the API routes, and returns the status and what it says. */
export async function ask(browser: BrowserClient, path: string) {
  const answer = await browser.get(path);
  return { status: answer.status, ...(await answer.json()) };
}
