import { expect, it } from '@jest/globals';
import { reviveEnded } from '../../src/store/redis-revival.ts';
import { until } from '../support/until.ts';
import { useRedisServer } from '../support/use-apps.ts';

const redis = await useRedisServer();

it('a client of ours that ended by itself connects again, until it is let go (F-08)', async () => {
  const client = redis.client();
  await client.ping();
  const stop = reviveEnded(client);
  // As ioredis does when Sentinel tells of a failover while it looks for the primary.
  client.disconnect();
  await until(() => client.status === 'end');
  await until(() => client.status === 'ready');
  expect(await client.ping()).toBe('PONG');
  stop();
  client.disconnect();
  await until(() => client.status === 'end');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(client.status).toBe('end');
});
