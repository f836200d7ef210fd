import type { RedisTarget } from 'express-connect-auth';
import { Redis as Valkey } from 'iovalkey';
import { createClient, createCluster } from 'redis';

/** By what a store reaches Redis. `ioredis`: a connection of its own. The others are clients of the application. */
export type ClientName = 'ioredis' | 'iovalkey' | 'node-redis' | 'node-redis, RESP2';

/** All of them, for `it.each()` and `describe.each()`. */
export const CLIENT_NAMES: readonly ClientName[] = ['ioredis', 'iovalkey', 'node-redis', 'node-redis, RESP2'];

/** What to give as `redis`, and how to end it. */
export interface ConnectedClient {
  readonly redis: RedisTarget;
  end(): void;
}

/** Reaches a port of the loopback interface. Whoever loses the connection is back at once. */
export async function connectBy(name: ClientName, port: number): Promise<ConnectedClient> {
  const retryStrategy = () => 1;
  if (name === 'ioredis') {
    return { redis: { host: '127.0.0.1', port, retryStrategy }, end: () => undefined };
  }
  if (name === 'iovalkey') {
    const redis = new Valkey({ host: '127.0.0.1', port, retryStrategy });
    redis.on('error', () => undefined);
    return { redis, end: () => redis.disconnect() };
  }
  const redis = await connectNodeRedis(port, { RESP: name === 'node-redis' ? 3 : 2, retryMs: 1 });
  return { redis, end: () => redis.destroy() };
}

/** A client of node-redis. */
export type NodeRedis = Awaited<ReturnType<typeof connectNodeRedis>>;

/** A client of node-redis, which is there when it has connected once. */
export async function connectNodeRedis(
  port: number,
  { RESP = 3, retryMs = 20 }: { RESP?: 2 | 3; retryMs?: number } = {},
) {
  const client = createClient({
    RESP,
    socket: { host: '127.0.0.1', port, reconnectStrategy: () => retryMs },
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A client of node-redis for a cluster, found by some of its nodes. */
export async function connectNodeRedisCluster(ports: readonly number[]) {
  const cluster = createCluster({
    rootNodes: ports.map((port) => ({ socket: { host: '127.0.0.1', port } })),
  });
  cluster.on('error', () => undefined);
  await cluster.connect();
  return cluster;
}
