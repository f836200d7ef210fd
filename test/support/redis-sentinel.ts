import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findProgram } from '../../scripts/programs.js';
import { withFreePort } from './free-port.ts';
import { spawnRedis } from './redis-process.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A primary, a replica, and a Sentinel that watches them and promotes by itself. */
export interface RedisSentinel {
  readonly name: 'primary';
  readonly port: number;
  /** The one that the Sentinel calls the primary now. */
  findPrimary(): Promise<RedisServer>;
  /** Resolves when another server is the primary than this. */
  failedOver(from: RedisServer): Promise<void>;
  /** Has both servers run, the one following the other, and all that was written on both. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'primary';
/** After so long a primary that does not answer is taken for gone. */
const DOWN_AFTER_MS = 1500;

/** Starts the three. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const args = ['--repl-diskless-sync-delay', '0'];
  const servers = await Promise.all([startRedisServer({ args }), startRedisServer({ args })]);
  const directory = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const file = join(directory, 'sentinel.conf');
  const follow = async (replica: RedisServer, primary: RedisServer) => {
    const admin = replica.client();
    await admin.replicaof('127.0.0.1', primary.port);
    await until(async () => /master_link_status:up/.test(await admin.info('replication')));
  };
  await follow(servers[1], servers[0]);

  const { port, running } = await withFreePort(async (candidate) => {
    await writeFile(file, writeConfiguration(candidate, directory, servers[0].port));
    const started = await spawnRedis(findProgram('redis')!, [file, '--sentinel'], /Sentinel ID is/);
    return { port: candidate, running: started };
  });
  const sentinel = new Redis({ host: '127.0.0.1', port, disconnectTimeout: 100 });
  sentinel.on('error', () => undefined);

  const findPrimary = async () => {
    const [, primaryPort] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[];
    return servers.find((server) => server.port === Number(primaryPort))!;
  };
  const knowsReplica = async () => {
    const [replica] = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][];
    const told = replica ? Object.fromEntries(pairsOf(replica)) : {};
    return told['master-link-status'] === 'ok' && told.flags === 'slave';
  };
  await until(knowsReplica, 25_000);

  return {
    name: NAME,
    port,
    findPrimary,
    failedOver: async (from) => {
      await until(async () => (await findPrimary()) !== from, 25_000);
      const primary = await findPrimary();
      await until(async () => /role:master/.test(await primary.client().info('replication')));
    },
    restore: async () => {
      const primary = await findPrimary();
      const other = servers.find((server) => server !== primary)!;
      other.resume();
      const probe = other.client({ retryStrategy: () => null, maxRetriesPerRequest: 0 });
      await probe.ping().catch(() => other.restart());
      await follow(other, primary);
      await until(knowsReplica, 25_000);
    },
    stop: async () => {
      sentinel.disconnect();
      await running.kill();
      for (const server of servers) await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function writeConfiguration(port: number, directory: string, primaryPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 3000`,
    '',
  ].join('\n');
}

function pairsOf(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]!]] : []));
}
