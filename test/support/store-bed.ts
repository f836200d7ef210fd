import { afterAll, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from './tcp-fault-proxy.ts';
import { until } from './until.ts';

/** A store under test, and a way to send operations to it. */
export interface StoreBed {
  readonly kind: 'redis' | 'memory';
  readonly calls: 'once' | 'twice' | 'once, its reply lost';
  readonly store: Store;
  /** A new one for each test. */
  readonly id: string;
  /** Sends one operation as often as this run is about, and gives its last answer. */
  send<Answer>(operation: () => Promise<Answer>): Promise<Answer>;
  /** A life in milliseconds that is soon over, but not before the next operation is done. */
  readonly shortMs: number;
  /** Resolves when everything has expired that was given such a life before. */
  shortLivesEnd(): Promise<void>;
}

/** A lost reply makes ioredis send the command again, which to the store is no different from twice. */
const modes = [
  { kind: 'redis', calls: 'once' },
  { kind: 'redis', calls: 'twice' },
  { kind: 'redis', calls: 'once, its reply lost' },
  { kind: 'memory', calls: 'once' },
  { kind: 'memory', calls: 'twice' },
] as const;

/** Defines the same tests for the store on Redis and its twin in memory, and for commands that arrive twice. */
export function describeStore(topic: string, define: (bed: StoreBed) => void): void {
  describe.each(modes)(`${topic}: in $kind, each operation sent $calls`, ({ kind, calls }) => {
    const shortMs = 80;
    let redis: RedisServer;
    let proxy: TcpFaultProxy;
    let store: Store;
    let count = 0;

    beforeAll(async () => {
      redis = await startRedisServer();
      proxy = await startTcpFaultProxy(redis);
      store =
        kind === 'redis'
          ? createRedisStore({
              redis: { host: '127.0.0.1', port: proxy.port, retryStrategy: () => 1 },
              prefix: 'test:',
              timeoutMs: 3000,
            })
          : createMemoryStore({ now: Date.now });
    });
    beforeEach(() => {
      count += 1;
    });
    afterAll(async () => {
      await store.close();
      await proxy.close();
      await redis.stop();
    });

    define({
      kind,
      calls,
      shortMs,
      get store() {
        return store;
      },
      get id() {
        return `id-${count}`;
      },
      send: async (operation) => {
        if (calls === 'twice') await operation();
        if (calls !== 'once, its reply lost') return operation();
        await store.readSession('connects again');
        const before = proxy.dropped;
        await proxy.dropReplies({ matching: /eval|get|set|zrem|zrange/i });
        const answer = await operation();
        expect(proxy.dropped).toBe(before + 1);
        return answer;
      },
      shortLivesEnd: async () => {
        await store.writeData('bystander', 'data', shortMs, { mustExist: false });
        await until(async () => (await store.readSession('bystander')).data === null);
      },
    });
  });
}
