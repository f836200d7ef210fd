import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { findProgram } from '../../scripts/programs.js';
import { withFreePort } from '../support/free-port.ts';
import { spawnRedis } from '../support/redis-process.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** A primary and a replica that keep what they acknowledge on disk, watched by a Sentinel. */
export interface RedisPair {
  /** What an application is given. */
  readonly target: RedisOptions;
  readonly nodes: readonly [RedisServer, RedisServer];
  readonly sentinel: Redis;
  /** The one that Sentinel names at this moment. */
  primary(): Promise<RedisServer>;
  /** Comes when the other one follows it, and Sentinel knows. */
  whole(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** How long a primary is silent before Sentinel replaces it, in milliseconds. */
export const DOWN_AFTER_MS = 1500;

const PERSISTENT = [
  ...['--appendonly', 'yes', '--appendfsync', 'always', '--repl-diskless-sync-delay', '0'],
  ...['--repl-ping-replica-period', '1', '--maxmemory-policy', 'noeviction'],
];

/** Starts them. */
export async function startRedisPair(): Promise<RedisPair> {
  const nodes = [
    await startRedisServer({ args: PERSISTENT }),
    await startRedisServer({ args: PERSISTENT }),
  ] as const;
  const [first, second] = nodes;
  await second.client().replicaof('127.0.0.1', first.port);
  await until(async () => /master_link_status:up/.test(await second.client().info('replication')));
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const { port, kill } = await withFreePort(async (candidate) => {
    const file = join(folder, `${candidate}.conf`);
    await writeFile(file, configOf(candidate, folder, first.port));
    const running = await spawnRedis(findProgram('redis')!, [file, '--sentinel'], /Sentinel ID is/);
    return { port: candidate, kill: running.kill };
  });
  const sentinel = new Redis({ port, commandTimeout: 1000 });
  sentinel.on('error', () => undefined);

  const primary = async () => {
    const address = (await sentinel.call('SENTINEL', 'get-master-addr-by-name', 'main')) as [string, string];
    return nodes.find((node) => String(node.port) === address[1])!;
  };
  const looks = nodes.map((node) =>
    node.client({ commandTimeout: 500, maxRetriesPerRequest: 0, retryStrategy: () => 50 }),
  );
  const isWhole = async (): Promise<boolean> => {
    const leader = await primary();
    const index = nodes.findIndex((node) => node !== leader);
    const said = await looks[index]!.info('replication');
    const isUp = new RegExp(`role:slave[^]*master_port:${leader.port}[^]*master_link_status:up`).test(said);
    const replicas = JSON.stringify(await sentinel.call('SENTINEL', 'replicas', 'main'));
    return isUp && replicas.includes(`:${nodes[index]!.port}"`) && !/s_down|disconnected/.test(replicas);
  };
  const whole = async (timeoutMs = 20_000) => {
    await until(() => isWhole().catch(() => false), timeoutMs);
  };
  await whole();
  return {
    target: { sentinels: [{ host: '127.0.0.1', port }], name: 'main' },
    nodes,
    sentinel,
    primary,
    whole,
    stop: async () => {
      sentinel.disconnect();
      await kill();
      await Promise.all(nodes.map((node) => node.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(port: number, folder: string, primaryPort: number): string {
  return [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'sentinel resolve-hostnames no'],
    `sentinel monitor main 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds main ${DOWN_AFTER_MS}`,
    ...['sentinel failover-timeout main 4000', 'sentinel parallel-syncs main 1', ''],
  ].join('\n');
}
