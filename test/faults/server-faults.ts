import type { Redis } from 'ioredis';
import { startApp } from '../support/app.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import { publicRoute } from '../support/public-route.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';
import { type Fault, type FaultWorld, READ_ONLY, STORE_AWAY, UNNOTICED } from './fault.ts';

/** One server that writes to its disk whatever it acknowledges, behind a network that can be broken. */
export interface ServerWorld extends FaultWorld {
  readonly redis: RedisServer;
  readonly proxy: TcpFaultProxy;
  /** A connection beside all faults, which stays. */
  readonly admin: Redis;
}

const TIMEOUT_MS = 1000;

const ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always'];

export async function startServerWorld(): Promise<ServerWorld> {
  const args = [...ON_DISK, '--enable-debug-command', 'yes'];
  const [op, redis] = await Promise.all([startOpenIdProvider(), startRedisServer({ args })]);
  const proxy = await startTcpFaultProxy(redis);
  const app = await startApp({ op, redis: proxy.url, storeTimeoutMs: TIMEOUT_MS, handlers: publicRoute });
  const admin = redis.client();
  return {
    ...{ app, op, redis, proxy, admin, storeTimeoutMs: TIMEOUT_MS },
    close: async () => {
      await app.close();
      await proxy.close();
      await op.close();
      await redis.stop();
    },
  };
}

const set = (name: string, value: string | number) => (world: ServerWorld) =>
  world.admin.config('SET', name, value);
const endConnections = ({ admin }: ServerWorld) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
const acl =
  (...rules: string[]) =>
  (world: ServerWorld) =>
    world.admin.call('ACL', 'SETUSER', 'default', ...rules);
const both =
  (...steps: ((world: ServerWorld) => Promise<unknown>)[]) =>
  async (world: ServerWorld) => {
    for (const step of steps) await step(world);
  };
/** Resolves when every command is refused so. */
const refuses = (reply: RegExp) => (world: ServerWorld) =>
  until(() =>
    world.admin.get('x').then(
      () => false,
      ({ message }: Error) => reply.test(message),
    ),
  );
/** Long commands and scripts, whose end comes when the fault's does. */
const running: Promise<unknown>[] = [];
const startLong =
  (...command: [string, ...(string | number)[]]) =>
  async (world: ServerWorld) => {
    running.push(
      world.redis
        .client()
        .call(...command)
        .catch(() => undefined),
    );
  };
const endLong = () => Promise.all(running.splice(0));

/** Redis as a single server. */
export const SERVER_FAULTS: readonly Fault<ServerWorld>[] = [
  {
    title: 'killed, and started again',
    sees: STORE_AWAY,
    bound: 3,
    reads: /ECONNREFUSED/,
    begin: async ({ redis, proxy }) => {
      await redis.kill();
      // What is in front of it refuses as the machine itself would.
      await proxy.refuse();
    },
    end: async ({ redis, proxy }) => {
      await redis.restart();
      await proxy.pass();
    },
  },
  {
    title: 'stopped: it takes connections and answers nothing',
    sees: STORE_AWAY,
    bound: 3,
    reads: /did not answer/,
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
  },
  {
    title: 'all its connections cut, once',
    sees: UNNOTICED,
    bound: 3,
    begin: async ({ proxy }) => proxy.cut(),
    end: async () => undefined,
  },
  {
    title: 'silent behind a network that takes everything and gives nothing',
    sees: STORE_AWAY,
    bound: 3,
    reads: /did not answer/,
    begin: ({ proxy }) => proxy.blackhole(),
    end: ({ proxy }) => proxy.pass(),
  },
  {
    title: 'gone without a word, another in its place',
    sees: { ...STORE_AWAY, callback: [303, 503], logout: [303, 503] },
    bound: 3,
    begin: async ({ proxy }) => proxy.freeze(),
    end: async ({ proxy }) => proxy.cut(),
  },
  {
    title: 'slow: each reply 200 ms late',
    sees: UNNOTICED,
    bound: 6,
    begin: ({ proxy }) => proxy.delay(200),
    end: ({ proxy }) => proxy.pass(),
  },
  {
    title: 'slow: each reply 5 s late',
    sees: STORE_AWAY,
    bound: 3,
    reads: /did not answer/,
    begin: ({ proxy }) => proxy.delay(5000),
    end: ({ proxy }) => proxy.pass(),
  },
  {
    title: 'full, with `noeviction`',
    sees: { ...READ_ONLY, logout: 303 },
    bound: 3,
    reads: /OOM/,
    begin: set('maxmemory', 1),
    end: set('maxmemory', 0),
  },
  {
    title: 'a replica of a primary that is away, answering reads',
    sees: READ_ONLY,
    bound: 3,
    reads: /READONLY/,
    begin: ({ admin }) => admin.replicaof('127.0.0.1', 1),
    end: ({ admin }) => admin.replicaof('NO', 'ONE'),
  },
  {
    title: 'a replica of a primary that is away, answering none',
    sees: STORE_AWAY,
    bound: 3,
    reads: /READONLY/,
    begin: both(set('replica-serve-stale-data', 'no'), ({ admin }) => admin.replicaof('127.0.0.1', 1)),
    end: both(({ admin }) => admin.replicaof('NO', 'ONE'), set('replica-serve-stale-data', 'yes')),
  },
  {
    title: 'without the replicas that it must have to write',
    sees: READ_ONLY,
    bound: 3,
    reads: /NOREPLICAS/,
    begin: set('min-replicas-to-write', 1),
    end: set('min-replicas-to-write', 0),
  },
  {
    title: 'loading its data',
    sees: STORE_AWAY,
    bound: 3,
    reads: /LOADING/,
    begin: both(
      ({ admin }) => admin.call('DEBUG', 'POPULATE', 5000, 'ballast'),
      set('loading-process-events-interval-bytes', 1024),
      set('key-load-delay', 1000),
      startLong('DEBUG', 'RELOAD'),
      refuses(/LOADING/),
    ),
    end: both(endLong, set('key-load-delay', 0), ({ admin }) => admin.call('DEBUG', 'POPULATE', 0)),
  },
  {
    title: 'busy with a long script of somebody',
    sees: STORE_AWAY,
    bound: 3,
    reads: /BUSY/,
    begin: both(set('busy-reply-threshold', 1), startLong('EVAL', 'while true do end', 0), refuses(/BUSY/)),
    end: both(({ admin }) => admin.script('KILL'), endLong),
  },
  {
    title: 'its access list without scripts',
    sees: { ...STORE_AWAY, guarded: 200 },
    bound: 3,
    reads: /NOPERM/,
    begin: acl('-eval', '-evalsha'),
    end: acl('+@all'),
  },
  {
    title: 'its access list without our keys',
    sees: STORE_AWAY,
    bound: 3,
    reads: /NOPERM/,
    begin: acl('resetkeys', '~other:*'),
    end: acl('allkeys'),
  },
  {
    title: 'its password changed',
    sees: STORE_AWAY,
    bound: 3,
    reads: /NOAUTH/,
    begin: both(set('requirepass', 'a password that nobody gave us'), endConnections),
    end: set('requirepass', ''),
  },
  {
    title: 'without room for one more client',
    sees: STORE_AWAY,
    bound: 3,
    reads: /one more client/,
    readsInShort: 'it has no room for one more client, or broke the connection (ECONNRESET)',
    begin: both(set('maxclients', 1), endConnections),
    end: set('maxclients', 10_000),
  },
];
