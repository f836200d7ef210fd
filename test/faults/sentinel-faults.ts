import { createSentinel } from 'redis';
import { startApp, type TestApp } from '../support/app.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import { publicRoute } from '../support/public-route.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { type Fault, type FaultWorld, STORE_AWAY } from './fault.ts';

/** A primary, a replica and a Sentinel, and one application for each kind of client. */
export interface SentinelWorld extends FaultWorld {
  readonly sentinel: RedisSentinel;
  /** Chooses which application it happens to: ours by options for ioredis, or by a client of node-redis. */
  use(by: 'ioredis' | 'node-redis'): void;
  /** Does it to the primary, and remembers which that was. */
  strike(how: (primary: RedisServer) => unknown): Promise<void>;
  /** Resolves when another is the primary. */
  failedOver(): Promise<void>;
}

const TIMEOUT_MS = 1000;

export async function startSentinelWorld(): Promise<SentinelWorld> {
  const [op, sentinel] = await Promise.all([startOpenIdProvider(), startRedisSentinel()]);
  const places = [{ host: '127.0.0.1', port: sentinel.port }];
  const nodeRedis = createSentinel({
    name: sentinel.name,
    sentinelRootNodes: places,
    nodeClientOptions: { socket: { connectTimeout: TIMEOUT_MS } },
  });
  nodeRedis.on('error', () => undefined);
  await nodeRedis.connect();
  const common = { op, storeTimeoutMs: TIMEOUT_MS, handlers: publicRoute };
  const first = await startApp({ ...common, redis: { sentinels: places, name: sentinel.name } });
  const apps: Record<'ioredis' | 'node-redis', TestApp> = {
    ioredis: first,
    'node-redis': await startApp({ ...common, redis: nodeRedis, baseUrl: first.origin }),
  };
  let app = apps.ioredis;
  let struck: RedisServer | undefined;
  return {
    ...{ op, sentinel, storeTimeoutMs: TIMEOUT_MS },
    get app() {
      return app;
    },
    use: (by) => {
      app = apps[by];
    },
    strike: async (how) => {
      struck = await sentinel.findPrimary();
      // What is not on the replica yet is lost: no fault of ours.
      await struck.replicated();
      await how(struck);
    },
    failedOver: () => sentinel.failedOver(struck!),
    close: async () => {
      for (const each of Object.values(apps)) await each.close();
      await nodeRedis.destroy().catch(() => undefined);
      await op.close();
      await sentinel.stop();
    },
  };
}

const killed = (by: 'ioredis' | 'node-redis'): Fault<SentinelWorld> => ({
  title: `the primary killed, the replica promoted; ${by}`,
  sees: STORE_AWAY,
  bound: 3,
  prepare: async ({ sentinel, use }) => {
    use(by);
    await sentinel.restore();
  },
  begin: ({ strike }) => strike((primary) => primary.kill()),
  end: ({ failedOver }) => failedOver(),
});

/** Redis behind Sentinel: nothing is mended by hand. */
export const SENTINEL_FAULTS: readonly Fault<SentinelWorld>[] = [
  killed('ioredis'),
  killed('node-redis'),
  {
    title: 'the primary stopped, the replica promoted; the old one goes on, read-only',
    sees: STORE_AWAY,
    bound: 3,
    prepare: async ({ sentinel, use }) => {
      use('ioredis');
      await sentinel.restore();
    },
    begin: ({ strike }) => strike((primary) => primary.pause()),
    end: ({ failedOver }) => failedOver(),
  },
];
