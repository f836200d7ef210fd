import type { RedisTarget } from '../redis-clients.ts';

/** Where a store is, for those who watch it. */
export interface StoreLocation {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

const DEFAULT_PORT = 6379;
const HOST = /^[\w.:%-]+$/;
const SOCKET = /^\/[\w./ -]+$/;

/**
 * Says where Redis is, as far as one place can be named: never user or password, for which a whole URL in the place of the
 * host is not told either. Of a cluster and of Sentinel no one place is.
 */
export function locateRedis(target: RedisTarget): StoreLocation {
  if (typeof target === 'string') return locateUrl(target);
  const { options } = target as { options?: unknown };
  const { host, port, path, sentinels } = (options ?? target) as Record<string, unknown>;
  if (typeof path === 'string') return SOCKET.test(path) ? { address: path } : {};
  if (Array.isArray(sentinels) || typeof host !== 'string' || !HOST.test(host)) return {};
  return { address: host, port: typeof port === 'number' ? port : DEFAULT_PORT };
}

function locateUrl(url: string): StoreLocation {
  if (!URL.canParse(url)) return url.startsWith('/') ? { address: url.replace(/\?.*/s, '') } : {};
  const { hostname, port, protocol, pathname } = new URL(url);
  if (protocol === 'unix:') return { address: pathname };
  return { address: hostname || 'localhost', port: port === '' ? DEFAULT_PORT : Number(port) };
}
