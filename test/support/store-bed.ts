import { afterAll, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import { connectBy } from './redis-clients.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from './tcp-fault-proxy.ts';

/** A store under test, and a way to send operations to it. */
export interface StoreBed {
  readonly kind: 'redis' | 'memory';
  readonly calls: 'once' | 'twice' | 'once, its reply lost';
  readonly store: Store;
  /** Sets the store's own clock forward or back, until the test ends; what is kept lives shorter or longer by that. */
  moveClock(ms: number): Promise<void>;
  /** The time by the store's own clock, which stands still. */
  now(): number;
  /** Commands of the test's own; `undefined` where sessions are in memory. */
  readonly redis: Redis | undefined;
  /** A new one for each test. */
  readonly id: string;
  /** Sends one operation as often as this run is about, and gives its last answer. */
  send<Answer>(operation: () => Promise<Answer>): Promise<Answer>;
}

/** A lost reply makes the command be sent again, which to the store is no different from twice. */
const modes = [
  { kind: 'redis', by: 'ioredis', calls: 'once' },
  { kind: 'redis', by: 'ioredis', calls: 'twice' },
  { kind: 'redis', by: 'ioredis', calls: 'once, its reply lost' },
  { kind: 'redis', by: 'iovalkey', calls: 'once' },
  { kind: 'redis', by: 'node-redis', calls: 'once' },
  { kind: 'redis', by: 'node-redis, RESP2', calls: 'twice' },
  { kind: 'redis', by: 'node-redis', calls: 'once, its reply lost' },
  { kind: 'memory', by: 'itself', calls: 'once' },
  { kind: 'memory', by: 'itself', calls: 'twice' },
] as const;

/** What a step of the server's clock does to lives, which are kept as ends. */
const SHORTEN_LIVES = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local life = redis.call('PTTL', key)
  if life >= 0 then redis.call('PEXPIRE', key, life - ARGV[1]) end
end`;

/** Defines the same tests for the store on Redis and its twin in memory, and for commands that arrive twice. */
export function describeStore(topic: string, define: (bed: StoreBed) => void): void {
  describe.each(modes)(`${topic}: in $kind, by $by, each operation sent $calls`, ({ kind, by, calls }) => {
    let redis: RedisServer;
    let proxy: TcpFaultProxy;
    let store: Store;
    let database: Redis;
    let end: () => void = () => undefined;
    let count = 0;
    let time = 0;
    const now = () => time;

    beforeAll(async () => {
      redis = await startRedisServer();
      proxy = await startTcpFaultProxy(redis);
      database = redis.client();
      if (kind === 'memory') {
        store = createMemoryStore({ now });
        return;
      }
      const target = await connectBy(by, proxy.port);
      end = target.end;
      store = createRedisStore({ redis: target.redis, prefix: 'test:', timeoutMs: 3000, now });
    });
    beforeEach(() => {
      count += 1;
      time = Date.now();
    });
    afterAll(async () => {
      await store.close();
      end();
      await proxy.close();
      await redis.stop();
    });

    define({
      kind,
      calls,
      now,
      moveClock: async (ms) => {
        time += ms;
        await database.eval(SHORTEN_LIVES, 0, ms);
      },
      get redis() {
        return kind === 'redis' ? database : undefined;
      },
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
        await proxy.dropReplies({ matching: /eval|get|set|zrem|zrevrange|zscan/i });
        const answer = await operation();
        expect(proxy.dropped).toBe(before + 1);
        return answer;
      },
    });
  });
}
