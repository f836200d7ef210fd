import type { RedisOptions } from 'ioredis';

/**
 * A client of ioredis, or of iovalkey: for a single server, behind Sentinel, or for a cluster. It is used as it is.
 *
 * Named by what tells it apart, and not by the types of either, which differ though the clients do not.
 */
export interface IoredisClient {
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  readonly options: object;
  readonly status: string;
}

/**
 * A client of node-redis, the package `redis` in version 5 or newer: of `createClient()`, `createCluster()` or
 * `createSentinel()`. The application calls its `connect()`, and closes it after `auth.close()`.
 */
export interface NodeRedisClient {
  sendCommand(...given: never[]): Promise<unknown>;
  withTypeMapping(...given: never[]): unknown;
  readonly isOpen: boolean;
}

/** A Redis or Valkey server: a URL, options for ioredis, or a client of the application's own. */
export type RedisTarget = string | RedisOptions | IoredisClient | NodeRedisClient;

/** Whether an object is a client of ioredis, or of what was made of it. */
export function isIoredisClient(value: object): value is IoredisClient {
  return typeof (value as IoredisClient).defineCommand === 'function';
}

/** Whether an object is a client of node-redis, of any version and kind. */
export function isNodeRedisClient(value: object): value is NodeRedisClient {
  const { sendCommand, isOpen } = value as NodeRedisClient;
  return typeof sendCommand === 'function' && typeof isOpen === 'boolean';
}
