import { type Cluster, Redis, type RedisOptions } from 'ioredis';

/** A client and whether we made it, and so close it. */
export interface RedisConnection {
  readonly client: Redis | Cluster;
  readonly ours: boolean;
}

/**
 * Uses the application's client as it is, or makes one whose waits are bounded.
 *
 * Commands of one tick travel together (auto-pipelining): on the hot path that is most of Redis's own cost.
 */
export function connectRedis(
  target: string | RedisOptions | Redis | Cluster,
  timeoutMs: number,
): RedisConnection {
  if (isClient(target)) return { client: target, ours: false };
  const bounds: RedisOptions = {
    enableAutoPipelining: true,
    connectTimeout: timeoutMs,
    // A connection that died without a word would stay for a quarter of an hour: nothing tells TCP.
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: 1,
    // How long close() may keep the process alive when the connection is already broken.
    disconnectTimeout: 100,
    reconnectOnError: createFailoverRule(),
  };
  const client = typeof target === 'string' ? new Redis(target, bounds) : new Redis({ ...bounds, ...target });
  // Each failing command reports for itself; without a listener ioredis would print these as unhandled.
  client.on('error', () => undefined);
  return { client, ours: true };
}

/** At most this often a refused write leads to a new connection. */
const FAILOVER_REST_MS = 1000;

/**
 * After a failover the old primary answers READONLY for ever on its connections: connect again, and send again (2).
 * Once in a while only: a primary that stays away must not leave us writes that pile up, to be done when all those
 * who asked for them have long been told that they failed.
 */
function createFailoverRule(): (error: Error) => false | 2 {
  let isResting = false;
  return (error) => {
    if (isResting || !error.message.startsWith('READONLY')) return false;
    isResting = true;
    setTimeout(() => {
      isResting = false;
    }, FAILOVER_REST_MS).unref();
    return 2;
  };
}

function isClient(target: string | RedisOptions | Redis | Cluster): target is Redis | Cluster {
  return typeof target === 'object' && typeof (target as Redis).defineCommand === 'function';
}
