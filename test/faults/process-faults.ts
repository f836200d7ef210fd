import type { Redis } from 'ioredis';
import { startApp } from '../support/app.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import { publicRoute } from '../support/public-route.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { type Fault, type FaultWorld, UNNOTICED } from './fault.ts';

/** A process whose clock can step, and whose event loop can be blocked. */
export interface ProcessWorld extends FaultWorld {
  /** How far the clock of the process is ahead, in milliseconds. */
  readonly clock: { ahead: number };
  readonly admin: Redis;
}

const TIMEOUT_MS = 1000;
const HOUR_MS = 3_600_000;

export async function startProcessWorld(): Promise<ProcessWorld> {
  const args = ['--enable-debug-command', 'yes'];
  const [op, redis] = await Promise.all([startOpenIdProvider(), startRedisServer({ args })]);
  const clock = { ahead: 0 };
  const app = await startApp({
    ...{ op, redis: redis.url, storeTimeoutMs: TIMEOUT_MS, handlers: publicRoute },
    now: { now: () => Date.now() + clock.ahead, monotonic: () => performance.now(), store: undefined },
  });
  return {
    ...{ app, op, clock, admin: redis.client(), storeTimeoutMs: TIMEOUT_MS },
    close: async () => {
      await app.close();
      await op.close();
      await redis.stop();
    },
  };
}

/** Keeps the process from doing anything at all. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The requests of that moment. */
const waiting: Promise<Response>[] = [];

const step = (title: string, ahead: number, more: Pick<Fault, 'sees' | 'reads'>): Fault<ProcessWorld> => ({
  title,
  ...more,
  bound: 3,
  begin: async ({ clock }) => {
    clock.ahead = ahead;
  },
  end: async ({ clock }) => {
    clock.ahead = 0;
  },
});

/** What happens to the process, Redis and the provider being well. */
export const PROCESS_FAULTS: readonly Fault<ProcessWorld>[] = [
  {
    title:
      'its event loop blocked for twice `storeTimeoutMs`, while 100 requests wait and Redis takes 200 ms',
    sees: UNNOTICED,
    bound: 5,
    begin: async ({ app, admin }) => {
      const browser = app.browser();
      await app.logIn(browser);
      admin.call('DEBUG', 'SLEEP', 0.2).catch(() => undefined);
      for (let count = 0; count < 100; count += 1) waiting.push(browser.get('/me'));
      setTimeout(block, 50, 2 * TIMEOUT_MS);
    },
    end: async () => {
      const statuses = new Set((await Promise.all(waiting.splice(0))).map(({ status }) => status));
      if (statuses.size > 1 || !statuses.has(200)) throw new Error(`They got ${[...statuses].join(', ')}.`);
    },
  },
  step('its clock steps ahead by an hour', HOUR_MS, { sees: UNNOTICED }),
  // What the provider issues then comes from a future that is further away than any tolerance.
  step('its clock steps back by an hour', -HOUR_MS, {
    sees: { ...UNNOTICED, callback: 502 },
    reads: /clock|iat/,
  }),
];
