import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedisServer } from './redis-server.ts';

describe('startRedisServer()', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  it('counts commands and leaves out what connecting costs', async () => {
    await server.resetCommandCounts();
    const client = server.client();
    await client.set('a', '1');
    await client.mget('a', 'b');
    await client.mget('a', 'b');
    expect(await server.commandCounts()).toEqual({ set: 1, mget: 2 });
  });

  it('dumps every type of value', async () => {
    const client = server.client();
    await client.set('text', 'needle-1');
    await client.hset('hash', 'field', 'needle-2');
    await client.zadd('sorted', 5, 'needle-3');
    await client.sadd('set', 'needle-4');
    await client.rpush('list', 'needle-5');
    const dump = await server.dump();
    for (const needle of [1, 2, 3, 4, 5]) expect(dump).toContain(`needle-${needle}`);
  });

  it('hangs while it is paused', async () => {
    const client = server.client({ commandTimeout: 50 });
    await client.ping();
    server.pause();
    await expect(client.ping()).rejects.toThrow('Command timed out');
    server.resume();
    expect(await server.client().ping()).toBe('PONG');
  });

  it('comes back empty on the same port after a restart', async () => {
    const client = server.client();
    await client.set('a', '1');
    await server.kill();
    await server.restart();
    expect(await client.get('a')).toBeNull();
  });
});
