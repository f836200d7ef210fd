/** What is known of a client's address. */
export interface RedisAddress {
  readonly isCluster?: boolean | undefined;
  /** Any value: the address is asked for where it is. */
  readonly sentinels?: unknown;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Of a Unix socket. */
  readonly path?: string | null | undefined;
}

/**
 * Says where a client finds Redis, to begin or to end a sentence with: `Redis at localhost:6379`.
 *
 * Host, port and path only, and only what has the form of one: a whole URL in the place of the host holds a password.
 */
export function describeRedisAddress(address: RedisAddress): string {
  const { isCluster, sentinels, host = 'localhost', port = 6379, path } = address;
  if (isCluster) return 'The Redis cluster';
  if (sentinels) return 'Redis behind its Sentinels';
  if (path) return /^\/[\w./ -]+$/.test(path) ? `Redis at ${path}` : 'Redis at its socket';
  if (!/^[\w.:%-]+$/.test(host)) return 'Redis, whose host is no host name,';
  return `Redis at ${host.includes(':') ? `[${host}]` : host}:${Number(port)}`;
}
