import { randomUUID } from 'node:crypto';
import type { RedisBounds } from './redis-bounds.ts';
import type { RedisPort } from './redis-port.ts';
import type { StoreHealth } from './store.ts';

/** What it is made of. */
export interface RedisHealthOptions {
  readonly port: RedisPort;
  readonly prefix: string;
  readonly bounded: RedisBounds['bounded'];
}

/**
 * Says whether Redis does what a login needs, by having it done on a key of its own: a write, a script that asks for the
 * time and writes, a read. What Redis says of itself (version, eviction) is for the warnings only.
 */
export function createRedisHealth({ port, prefix, bounded }: RedisHealthOptions): () => Promise<StoreHealth> {
  return async () => {
    try {
      const wasRead = await tryEverything(port, prefix, bounded);
      if (!wasRead) return { kind: 'redis', ok: false, warnings: [NOT_READ] };
      return { kind: 'redis', ok: true, warnings: await findWarnings(port, bounded) };
    } catch (error) {
      return { kind: 'redis', ok: false, warnings: [(error as Error).message] };
    }
  };
}

/** Nobody looks for the key after that; it is removed before, if that succeeds. */
const PROBE_LIFE_MS = 10_000;

const NOT_READ = 'What was written to Redis could not be read again. All commands must go to the primary.';

/** Two steps, each with the time of an operation: a slow Redis is no broken one, and reads overtake what is sent with them. */
async function tryEverything(
  port: RedisPort,
  prefix: string,
  bounded: RedisBounds['bounded'],
): Promise<boolean> {
  const key = `${prefix}health:{${randomUUID()}}`;
  const index = `${key}:index`;
  try {
    await bounded(() =>
      Promise.allSettled([
        port.set(key, 'written', PROBE_LIFE_MS, { mustExist: false }),
        port.run('probe', [key, index], ['written by a script', PROBE_LIFE_MS]),
        port.zrem(index, 'nobody'),
        port.zrangeHighest(index, 1),
        port.zscan(index, '0'),
      ]).then(throwFirst),
    );
    const [read] = await bounded(() => port.mget([key]));
    return read !== null;
  } finally {
    port.del(key).catch(() => undefined);
  }
}

/** The first of them says most: a script that may not write says less than the command that may not. */
function throwFirst(answers: readonly PromiseSettledResult<unknown>[]): void {
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
}

async function findWarnings(port: RedisPort, bounded: RedisBounds['bounded']): Promise<readonly string[]> {
  let info: string;
  try {
    info = await bounded(port.info);
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
