import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { RedisBounds } from './redis-bounds.ts';
import type { StoreHealth } from './store.ts';

/** What it is made of. */
export interface RedisHealthOptions {
  readonly client: Redis | Cluster;
  readonly prefix: string;
  readonly bounded: RedisBounds['bounded'];
}

/**
 * Says whether Redis does what a login needs, by having it done on a key of its own: a write, a script that asks for the
 * time and writes, a read. What Redis says of itself (version, eviction) is for the warnings only.
 */
export function createRedisHealth({
  client,
  prefix,
  bounded,
}: RedisHealthOptions): () => Promise<StoreHealth> {
  client.defineCommand(PROBE, { numberOfKeys: 2, lua: PROBE_LUA });

  return async () => {
    try {
      const wasRead = await bounded(() => tryEverything(client, prefix));
      if (!wasRead) return { kind: 'redis', ok: false, warnings: [NOT_READ] };
      return { kind: 'redis', ok: true, warnings: await findWarnings(client, bounded) };
    } catch (error) {
      return { kind: 'redis', ok: false, warnings: [(error as Error).message] };
    }
  };
}

const PROBE = 'connectAuth:probe';
/** What our scripts call beside what the client does: a right that is missing shows here, not at somebody's login. */
const PROBE_LUA = `
      redis.call('TIME')
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      redis.call('SETRANGE', KEYS[1], 0, 'w')
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      redis.call('PTTL', KEYS[1])
      redis.call('ZADD', KEYS[2], 'GT', 1, ARGV[1])
      redis.call('ZRANGE', KEYS[2], '-inf', '(0', 'BYSCORE', 'LIMIT', 0, 1)
      redis.call('ZSCORE', KEYS[2], ARGV[1])
      redis.call('ZREM', KEYS[2], ARGV[1])
      redis.call('DEL', KEYS[2])
      return 1`;

/** Nobody looks for the key after that; it is removed before, if that succeeds. */
const PROBE_LIFE_MS = 10_000;

const NOT_READ = 'What was written to Redis could not be read again. All commands must go to the primary.';

type Probe = (key: string, index: string, value: string, lifeMs: number) => Promise<unknown>;

/** Sends all at once, in this order on one connection: a slow Redis is no broken one. */
async function tryEverything(client: Redis | Cluster, prefix: string): Promise<boolean> {
  const key = `${prefix}health:{${randomUUID()}}`;
  const index = `${key}:index`;
  const runProbe = (client as unknown as Record<string, Probe>)[PROBE]!;
  try {
    const [, , values] = await Promise.all([
      client.set(key, 'written', 'PX', PROBE_LIFE_MS),
      runProbe.call(client, key, index, 'written by a script', PROBE_LIFE_MS),
      client.mget(key),
      client.zrem(index, 'nobody'),
      client.zrevrange(index, 0, 0),
      client.zscan(index, '0'),
    ]);
    return values[0] !== null;
  } finally {
    client.del(key).catch(() => undefined);
  }
}

async function findWarnings(
  client: Redis | Cluster,
  bounded: RedisBounds['bounded'],
): Promise<readonly string[]> {
  let info: string;
  try {
    info = await bounded(() => client.info());
  } catch (error) {
    return [`Version and eviction policy of Redis are unknown. ${(error as Error).message}`];
  }
  const read = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return [...checkVersion(read('redis_version')), ...checkPolicy(read('maxmemory_policy'))];
}

function checkVersion(version: string): string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > 6 || (major === 6 && minor >= 2);
  return isNewEnough ? [] : [`Redis must be 6.2 or newer; it is ${version}.`];
}

function checkPolicy(policy: string): string[] {
  if (policy === 'noeviction') return [];
  return [`Redis must have maxmemory-policy noeviction; it has ${policy}. Evicted indexes lose logouts.`];
}
