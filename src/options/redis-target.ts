import type { RedisOptions } from 'ioredis';
import { ConfigurationError } from '../errors.ts';
import { isIoredisClient, isNodeRedisClient, type RedisTarget } from '../redis-clients.ts';
import { findNearestName } from './nearest-name.ts';
import { checkObject, isPlainObject, refuse } from './option-checks.ts';

/**
 * Checks the option `redis`. Options for ioredis are its affair, but for names that only look like one of its own: it
 * would pass over them without a word, and connect to this machine.
 *
 * @returns a function, so that a password inside is never printed.
 */
export function checkRedis(where: string, value: unknown): () => RedisTarget | 'memory' | undefined {
  if (value === undefined || value === 'memory') return () => value;
  if (typeof value === 'string') {
    if (!/^(rediss?|unix):\/\/|^\//.test(value)) refuse(where, REDIS_TARGETS, value);
    // ioredis takes options from the query.
    const query = Object.fromEntries(new URLSearchParams(/\?(.*)/.exec(value)?.[1]));
    if (query.readOnly === 'false') {
      throw new ConfigurationError(
        `${where} must not have readOnly=false in its URL: ioredis takes any text there for true. Leave it out.`,
      );
    }
    refuseUnsafeReads(where, query);
    return () => value;
  }
  if (typeof value !== 'object') refuse(where, REDIS_TARGETS, value);
  checkObject(where, value);
  if (isNodeRedisClient(value) && !isIoredisClient(value)) refuseUnfitClient(where, value);
  else if (!isIoredisClient(value)) {
    if (!isPlainObject(value)) {
      throw new ConfigurationError(`${where} must be ${REDIS_TARGETS}; it is an object of another library.`);
    }
    refuseForeignNames(where, value);
  }
  refuseUnsafeReads(where, value);
  return () => value as RedisTarget;
}

const REDIS_TARGETS =
  'a URL such as "redis://localhost:6379", options for ioredis, a client of ioredis or of node-redis, or "memory"';

/** What has the form of a client of node-redis, and cannot be used as one. */
function refuseUnfitClient(where: string, client: object): void {
  if (!('withTypeMapping' in client)) {
    throw new ConfigurationError(`${where} must be a client of node-redis 5 or newer; it is an older one.`);
  }
  if ('totalClients' in client) {
    throw new ConfigurationError(
      `${where} must be one client; it is a pool of node-redis. Give a client of createClient(): commands of one moment travel together.`,
    );
  }
}

/** What ioredis has. Another name is passed on, unless it is near to one of these. */
const IOREDIS_OPTIONS = Object.keys({
  autoPipeliningIgnoredCommands: true,
  autoResendUnfulfilledCommands: true,
  autoResubscribe: true,
  blockingTimeout: true,
  blockingTimeoutGrace: true,
  clientInfoTag: true,
  commandQueue: true,
  commandTimeout: true,
  connectionName: true,
  Connector: true,
  connectTimeout: true,
  db: true,
  disableClientInfo: true,
  disconnectTimeout: true,
  enableAutoPipelining: true,
  enableOfflineQueue: true,
  enableReadyCheck: true,
  enableTLSForSentinelMode: true,
  failoverDetector: true,
  family: true,
  himportFieldsets: true,
  host: true,
  keepAlive: true,
  keyPrefix: true,
  lazyConnect: true,
  maxLoadingRetryTime: true,
  maxRetriesPerRequest: true,
  monitor: true,
  name: true,
  natMap: true,
  noDelay: true,
  offlineQueue: true,
  password: true,
  path: true,
  port: true,
  preferredSlaves: true,
  protocol: true,
  readOnly: true,
  reconnectOnError: true,
  replyMapping: true,
  retryStrategy: true,
  role: true,
  scripts: true,
  sentinelCommandTimeout: true,
  sentinelMaxConnections: true,
  sentinelPassword: true,
  sentinelReconnectStrategy: true,
  sentinelRetryStrategy: true,
  sentinels: true,
  sentinelTLS: true,
  sentinelUsername: true,
  showFriendlyErrorStack: true,
  socketTimeout: true,
  stringNumbers: true,
  tls: true,
  updateSentinels: true,
  username: true,
} satisfies { [Name in keyof RedisOptions]-?: true });

/** What node-redis and others call it. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  database: 'Did you mean "db"?',
  hostname: 'Did you mean "host"?',
  nodes: 'For a cluster give a client: new Cluster(…) of ioredis.',
  pass: 'Did you mean "password"?',
  rootNodes: 'For a cluster give a client: new Cluster(…) of ioredis.',
  socket: 'What is inside belongs one level up: redis: { host, port, tls }.',
  ssl: 'Did you mean "tls"? It is an object: tls: {}.',
  uri: 'Give the URL itself: redis: "redis://…".',
  url: 'Give the URL itself: redis: "redis://…".',
  user: 'Did you mean "username"?',
};

function refuseForeignNames(where: string, given: object): void {
  const told = Object.keys(given).flatMap((name) => {
    if (IOREDIS_OPTIONS.includes(name)) return [];
    const nearest = findNearestName(name, IOREDIS_OPTIONS);
    const remedy = Object.hasOwn(FOREIGN_NAMES, name)
      ? FOREIGN_NAMES[name]
      : nearest && `Did you mean "${nearest}"?`;
    return remedy ? [`${where} has no option "${name}". ${remedy}`] : [];
  });
  if (told.length > 0) throw new ConfigurationError(told.join('\n'));
}

/** What a Redis client is configured with, whether we are given the options or the client. */
interface RedisClientOptions {
  keyPrefix?: unknown;
  role?: unknown;
  readOnly?: unknown;
  scaleReads?: unknown;
  redisOptions?: RedisClientOptions;
}

/** Refuses what would make a script miss its keys, or find a session that has ended. */
function refuseUnsafeReads(where: string, redis: object): void {
  const given = (redis as { options?: RedisClientOptions }).options ?? (redis as RedisClientOptions);
  for (const options of [given, given.redisOptions ?? {}]) {
    if (options.keyPrefix) {
      throw new ConfigurationError(
        `${where} must not use keyPrefix: scripts would miss it. Use redisPrefix.`,
      );
    }
    if (options.role === 'slave' || options.readOnly || (options.scaleReads ?? 'master') !== 'master') {
      throw new ConfigurationError(
        `${where} must not read from replicas: a session that ended would still be found there.`,
      );
    }
  }
}
