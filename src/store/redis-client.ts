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
    maxRetriesPerRequest: 1,
    // How long close() may keep the process alive when the connection is already broken.
    disconnectTimeout: 100,
    // After a failover the old primary answers READONLY for ever on this connection: reconnect, and send again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  };
  const client = typeof target === 'string' ? new Redis(target, bounds) : new Redis({ ...bounds, ...target });
  // Each failing command reports for itself; without a listener ioredis would print these as unhandled.
  client.on('error', () => undefined);
  return { client, ours: true };
}

function isClient(target: string | RedisOptions | Redis | Cluster): target is Redis | Cluster {
  return typeof target === 'object' && typeof (target as Redis).defineCommand === 'function';
}
