import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setUpBed, whoIs } from '../support/bed.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

describe('a failover of Redis', () => {
  const bed = setUpBed({ redisArgs: ['--repl-diskless-sync-delay', '0'] });
  let replica: RedisServer;
  let proxy: TcpFaultProxy;
  beforeAll(async () => {
    replica = await startRedisServer();
    proxy = await startTcpFaultProxy(bed.redis);
  });
  afterAll(async () => {
    await proxy.close();
    await replica.stop();
  });

  it('is followed by the next write, without a restart and without an error (F-08)', async () => {
    const follow = replica.client();
    await follow.replicaof('127.0.0.1', bed.redis.port);
    await until(async () => /master_link_status:up/.test(await follow.info('replication')));
    const app = await bed.start({ redis: proxy.url });
    const browser = app.browser();
    await app.logIn(browser);
    await bed.redis.client().call('WAIT', 1, 5000);

    await follow.replicaof('NO', 'ONE');
    await bed.redis.client().replicaof('127.0.0.1', replica.port);
    proxy.retarget(replica);
    // Reads go on at the old primary, where the connection still leads; the first write finds out.
    expect(await whoIs(browser)).toBe('ada');
    expect((await browser.get('/save?written=after')).status).toBe(200);
    expect((await app.logIn(app.browser())).status).toBe(303);
    expect(await replica.dump()).toContain('{"written":"after"}');
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
  });
});
