import { Cluster } from 'ioredis';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A real cluster of primaries without replicas. */
export interface RedisCluster {
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

/** Starts three servers, divides the slots among them and waits until they agree. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const nodes = await Promise.all([0, 1, 2].map(() => startRedisServer({ args })));
  const clients = new Set<Cluster>();
  const share = Math.ceil(SLOTS / nodes.length);
  const slotOf = async (key: string) => Number(await nodes[0]!.client().cluster('KEYSLOT', key));

  for (const [index, node] of nodes.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await node.client().cluster('ADDSLOTSRANGE', index * share, last);
    await node.client().call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    if (index > 0) await nodes[0]!.client().cluster('MEET', '127.0.0.1', node.port);
  }
  for (const node of nodes) {
    const admin = node.client();
    await until(async () => {
      const info = await admin.cluster('INFO');
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info);
    });
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
      for (const node of nodes) await node.stop();
    },
  };
}
