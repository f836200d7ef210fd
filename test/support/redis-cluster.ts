import { Cluster } from 'ioredis';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A real cluster. */
export interface RedisCluster {
  /** The three primaries, as they were at the start. */
  readonly nodes: readonly RedisServer[];
  /** A new client; closed by `stop()`. */
  client(): Cluster;
  /** The node that the slot of this key was given to at the start. */
  nodeOf(key: string): Promise<RedisServer>;
  /** Moves the slot of this key to another node, as an operator does who reshards. */
  moveSlotOf(key: string): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

export interface RedisClusterOptions {
  /** Whether each primary has a replica, which takes its place when it is gone. @default false */
  withReplicas?: boolean;
  /** After so long a node that does not answer is taken for gone, in milliseconds. @default 1000 */
  nodeTimeoutMs?: number;
}

/** Starts three primaries, divides the slots among them and waits until they agree. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { withReplicas = false, nodeTimeoutMs = 1000 } = options;
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs)];
  args.push('--repl-diskless-sync-delay', '0', '--cluster-allow-replica-migration', 'no');
  const startThree = () => Promise.all([0, 1, 2].map(() => startRedisServer({ args })));
  const nodes = await startThree();
  const replicas = withReplicas ? await startThree() : [];
  const all = [...nodes, ...replicas];
  const clients = new Set<Cluster>();
  const share = Math.ceil(SLOTS / nodes.length);
  const asked = nodes.at(-1)!.client();
  const slotOf = async (key: string) => Number(await asked.cluster('KEYSLOT', key));

  for (const [index, node] of nodes.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await node.client().cluster('ADDSLOTSRANGE', index * share, last);
    await node.client().call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    if (index > 0) await nodes[0]!.client().cluster('MEET', '127.0.0.1', node.port);
  }
  for (const { port } of replicas) await nodes[0]!.client().cluster('MEET', '127.0.0.1', port);
  for (const node of all) {
    const admin = node.client();
    await until(async () => {
      const info = await admin.cluster('INFO');
      return /cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${all.length}`);
    });
  }
  for (const [index, replica] of replicas.entries()) {
    const admin = replica.client();
    const primary = await nodes[index]!.client().cluster('MYID');
    await admin.call('CLUSTER', 'REPLICATE', primary);
    await until(async () => /master_link_status:up/.test(await admin.info('replication')));
  }

  return {
    nodes,
    client() {
      const cluster = new Cluster([{ host: '127.0.0.1', port: nodes[0]!.port }]);
      cluster.on('error', () => undefined);
      clients.add(cluster);
      return cluster;
    },
    nodeOf: async (key) => nodes[Math.floor((await slotOf(key)) / share)]!,
    async moveSlotOf(key) {
      const slot = await slotOf(key);
      const from = Math.floor(slot / share);
      const to = (from + 1) % nodes.length;
      const [source, target] = [nodes[from]!.client(), nodes[to]!.client()];
      const [sourceId, targetId] = await Promise.all([source.cluster('MYID'), target.cluster('MYID')]);
      await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
      await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId);
      const keys = await source.cluster('GETKEYSINSLOT', slot, 100);
      await source.call('MIGRATE', '127.0.0.1', nodes[to]!.port, '', 0, 1000, 'KEYS', ...keys);
      for (const node of [target, source]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId);
    },
    async stop() {
      for (const client of clients) client.disconnect();
      for (const node of all) await node.stop();
    },
  };
}
