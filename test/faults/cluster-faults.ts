import { startApp, type TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import { publicRoute } from '../support/public-route.ts';
import { connectNodeRedisCluster } from '../support/redis-clients.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { type Fault, type FaultWorld, UNNOTICED } from './fault.ts';

/** Three primaries, each with a replica, and one application for each kind of client. */
export interface ClusterWorld extends FaultWorld {
  readonly cluster: RedisCluster;
  use(by: 'ioredis' | 'node-redis'): void;
  /** Moves the slot of whom it happens to. */
  moveSlot(): Promise<void>;
  /** Resolves when the replica of the primary of that number has all that was written so far. */
  replicated(primary: number): Promise<void>;
  /** Remembers whom it happens to. Says whether their session lies on the primary of that number. */
  liesOn(primary: number, browser: BrowserClient): Promise<boolean>;
}

const TIMEOUT_MS = 1000;
/** Longer than what is asked in the first moment may take: it must meet the primary that is gone. */
const NODE_TIMEOUT_MS = 2500;

export async function startClusterWorld(): Promise<ClusterWorld> {
  const [op, cluster] = await Promise.all([
    startOpenIdProvider(),
    startRedisCluster({ withReplicas: true, nodeTimeoutMs: NODE_TIMEOUT_MS }),
  ]);
  for (const node of cluster.nodes) {
    await node.client().config('SET', 'cluster-require-full-coverage', 'no');
  }
  const nodeRedis = await connectNodeRedisCluster(cluster.nodes.map(({ port }) => port));
  const common = { op, storeTimeoutMs: TIMEOUT_MS, handlers: publicRoute };
  const first = await startApp({ ...common, redis: cluster.client() });
  const apps: Record<'ioredis' | 'node-redis', TestApp> = {
    ioredis: first,
    'node-redis': await startApp({ ...common, redis: nodeRedis, baseUrl: first.origin }),
  };
  let app = apps.ioredis;
  let key = '';
  return {
    ...{ op, cluster, storeTimeoutMs: TIMEOUT_MS },
    get app() {
      return app;
    },
    use: (by) => {
      app = apps[by];
    },
    replicated: async (primary) => {
      const admin = cluster.nodes[primary]!.client();
      // A connection waits for what it wrote itself, and so for all that came before: here for the key of somebody.
      await admin.pexpire(key, 3_600_000);
      if ((await admin.wait(1, 20_000)) < 1) throw new Error('The replica did not follow.');
    },
    moveSlot: () => cluster.moveSlotOf(key),
    liesOn: async (primary, browser) => {
      // Both applications are one, by the base URL of the first.
      key = redisKeysOfBrowser(first, browser).record;
      return (await cluster.nodeOf(key)) === cluster.nodes[primary];
    },
    close: async () => {
      for (const each of Object.values(apps)) await each.close();
      nodeRedis.destroy();
      await op.close();
      await cluster.stop();
    },
  };
}

const KINDS = ['ioredis', 'node-redis'] as const;

/** A cluster: what lies elsewhere goes on, and logins and logouts write to several places. */
export const CLUSTER_FAULTS: readonly Fault<ClusterWorld>[] = [
  ...KINDS.map(
    (by): Fault<ClusterWorld> => ({
      title: `a slot moved to another primary; ${by}`,
      sees: UNNOTICED,
      bound: 3,
      prepare: async ({ use }) => use(by),
      fits: ({ liesOn }, browser) => liesOn(2, browser),
      begin: ({ moveSlot }) => moveSlot(),
      end: async () => undefined,
    }),
  ),
  ...KINDS.map(
    (by, number): Fault<ClusterWorld> => ({
      title: `the primary of a session killed, its replica promoted; ${by}`,
      sees: { guarded: 503, open: 200, begin: 302, callback: [303, 503], logout: [303, 503] },
      bound: 3,
      prepare: async ({ use }) => use(by),
      fits: ({ liesOn }, browser) => liesOn(number, browser),
      begin: async ({ cluster, replicated }) => {
        await replicated(number);
        await cluster.nodes[number]!.kill();
      },
      end: async () => undefined,
    }),
  ),
];
