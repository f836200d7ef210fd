import { randomInt } from 'node:crypto';
import { type Cluster, Redis, type RedisOptions } from 'ioredis';
import { ConfigurationError } from '../errors.ts';
import { isIoredisClient, isNodeRedisClient, type RedisTarget } from '../redis-clients.ts';
import { createIoredisPort } from './ioredis-port.ts';
import { createNodeRedisPort } from './node-redis-port.ts';
import type { RedisPort } from './redis-port.ts';
import type { RedisScriptName } from './redis-scripts.ts';

/**
 * Uses the application's client as it is, or makes one of ioredis whose waits are bounded.
 *
 * Commands of one tick travel together (auto-pipelining). Reads are put together before they come here, and what a login asks
 * has no company: these go out as they are, for a pipeline for one command costs more than the command. So they overtake
 * what was sent in the same tick.
 *
 * @throws ConfigurationError when the URL cannot be read.
 */
export function connectRedis(target: RedisTarget, timeoutMs: number): RedisPort {
  if (typeof target === 'object') {
    if (isIoredisClient(target)) return createIoredisPort(target as Redis | Cluster, { ours: false });
    if (isNodeRedisClient(target)) return createNodeRedisPort(target, timeoutMs);
  }
  const bounds: RedisOptions = {
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: ['mget', ...ALONE.map((name) => `connectAuth:${name}`)],
    // Before those who wait give up, so that they can be told what failed.
    connectTimeout: Math.ceil(0.9 * timeoutMs),
    socketTimeout:
      typeof target === 'object' && 'sentinels' in target ? SENTINEL_SOCKET_TIMEOUT_MS : SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    retryStrategy: findRetryDelay,
    // How long close() may keep the process alive when the connection is already broken.
    disconnectTimeout: 100,
    reconnectOnError: createFailoverRule(),
    // A primary that hangs keeps its connections: after a failover nothing else would lead to the new one.
    failoverDetector: true,
  };
  const client =
    typeof target === 'string' ? connectUrl(target, bounds) : new Redis({ ...bounds, ...target });
  // Each failing command reports for itself; without a listener ioredis would print these as unhandled.
  client.on('error', () => undefined);
  return createIoredisPort(client, { ours: true });
}

/** What a login asks, one after the other. */
const ALONE: readonly RedisScriptName[] = ['takeLogin', 'addToIndexes', 'writeLogin', 'keepInIndexes'];

/**
 * For a connection that falls silent before it is ready. Later our own deadlines see to that; this one, which looks at no
 * socket, would end a sound connection after a blocked event loop.
 */
const SOCKET_TIMEOUT_MS = 30_000;

/** Behind Sentinel: a primary that hangs takes connections until another is in its place, and the news of that may be missed. */
const SENTINEL_SOCKET_TIMEOUT_MS = 10_000;

/** A fault that a URL parser finds, and one that it reads past, to a wrong host: neither may be told with the password. */
function connectUrl(url: string, bounds: RedisOptions): Redis {
  // What comes before the last @ is a password that holds a slash, a question mark or a hash.
  if (/^\w+:\/\/[^/?#]*[/?#].*@/.test(url)) throw new ConfigurationError(BROKEN_URL);
  try {
    return new Redis(url, bounds);
  } catch {
    throw new ConfigurationError(BROKEN_URL);
  }
}

const BROKEN_URL =
  'redis is no URL that can be read, such as redis://:password@host:6379. A password goes into it by encodeURIComponent().';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 200;
const RETRY_SPREAD_MS = 100;

/**
 * How long to wait before the next connection, in milliseconds. Never long: who needs a session waits for two of them,
 * and Redis is to be in use again as soon as it is back. The processes of one application do not come all at once.
 */
function findRetryDelay(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LAST_RETRY_MS) + randomInt(RETRY_SPREAD_MS);
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
