import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from './tcp-fault-proxy.ts';

describe('startTcpFaultProxy()', () => {
  let server: RedisServer;
  let proxy: TcpFaultProxy;
  let clients: Redis[] = [];
  beforeAll(async () => {
    server = await startRedisServer();
    proxy = await startTcpFaultProxy(server);
  });
  afterEach(() => {
    for (const client of clients) client.disconnect();
    clients = [];
    return proxy.pass();
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  const connect = async (options: RedisOptions = {}) => {
    const client = new Redis(proxy.url, { disconnectTimeout: 100, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    await client.ping();
    return client;
  };

  it('swallows everything in a black hole, and what was swallowed never arrives', async () => {
    const client = await connect({ commandTimeout: 50 });
    await proxy.blackhole();
    await expect(client.set('hole', 'x')).rejects.toThrow('Command timed out');
    await proxy.pass();
    expect(await (await connect()).get('hole')).toBeNull();
  });

  it('refuses connections and accepts them again', async () => {
    const client = await connect({ maxRetriesPerRequest: 0 });
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => client.on('error', resolve));
    await proxy.refuse();
    expect((await failed).code).toBe('ECONNREFUSED');
    await proxy.pass();
    expect(await (await connect()).ping()).toBe('PONG');
  });

  it('delays replies and keeps their order', async () => {
    const client = await connect();
    await proxy.delay(60);
    const start = performance.now();
    const replies = [client.echo('1'), client.echo('2')];
    expect(await Promise.all(replies)).toEqual(['1', '2']);
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  it('drops the reply to one request, which the client then sends again', async () => {
    const client = await connect();
    await client.del('count');
    const before = proxy.dropped;
    await proxy.dropReplies({ matching: /incr/i });
    expect(await client.incr('count')).toBe(2);
    expect(await client.incr('count')).toBe(3);
    expect(proxy.dropped - before).toBe(1);
  });

  it('cuts connections once', async () => {
    const client = await connect();
    const closed = new Promise((resolve) => client.once('close', resolve));
    proxy.cut();
    await closed;
    expect(await client.ping()).toBe('PONG');
  });

  it('freezes the connections that are there, and lets others through', async () => {
    const client = await connect({ commandTimeout: 50 });
    proxy.freeze();
    await expect(client.ping()).rejects.toThrow('Command timed out');
    expect(await (await connect()).ping()).toBe('PONG');
    proxy.cut();
  });
});
