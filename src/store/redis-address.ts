import type { Cluster, Redis, RedisOptions } from 'ioredis';

/**
 * Says where a client finds Redis, to begin or to end a sentence with: `Redis at localhost:6379`.
 *
 * Host, port and path only, and only what has the form of one: a whole URL in the place of the host holds a password.
 */
export function describeRedisAddress(client: Redis | Cluster): string {
  if (client.isCluster) return 'The Redis cluster';
  const { host = 'localhost', port = 6379, path, sentinels } = (client.options ?? {}) as RedisOptions;
  if (sentinels) return 'Redis behind its Sentinels';
  if (path) return /^\/[\w./ -]+$/.test(path) ? `Redis at ${path}` : 'Redis at its socket';
  if (!/^[\w.:%-]+$/.test(host)) return 'Redis, whose host is no host name,';
  return `Redis at ${host.includes(':') ? `[${host}]` : host}:${Number(port)}`;
}
