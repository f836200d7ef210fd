import { errorMonitor } from 'node:events';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { describeRedisAddress } from './redis-address.ts';
import {
  everyMember,
  type RedisConnection,
  type RedisPort,
  SCAN_COUNT,
  type ScriptArgument,
} from './redis-port.ts';
import { reviveEnded } from './redis-revival.ts';
import { redisScripts } from './redis-scripts.ts';

type Command = (...args: readonly ScriptArgument[]) => Promise<unknown>;

/**
 * Speaks to Redis by a client of ioredis or iovalkey. It sends a command again where the connection broke before the
 * reply, and our scripts by hash, loading them where they are forgotten.
 */
export function createIoredisPort(client: Redis | Cluster, { ours }: { ours: boolean }): RedisPort {
  const commands = client as unknown as Record<string, Command>;
  const { isCluster } = client;
  for (const [name, { numberOfKeys, lua }] of Object.entries(redisScripts)) {
    // A cluster finds the server by the first argument, which must be a key.
    client.defineCommand(`connectAuth:${name}`, isCluster ? { numberOfKeys, lua } : { lua });
  }

  return {
    mget: (keys) => client.mget(...keys),
    mgetBytes: (keys) => client.mgetBuffer(...keys),
    set: (key, value, lifeMs, { mustExist }) => {
      const life = ['PX', lifeMs] as const;
      const setting = mustExist ? client.set(key, value, ...life, 'XX') : client.set(key, value, ...life);
      return setting.then((reply) => reply !== null);
    },
    del: async (key) => {
      await client.del(key);
    },
    zrem: async (key, member) => {
      await client.zrem(key, member);
    },
    zrangeHighest: (key, limit) => client.zrevrange(key, 0, limit - 1),
    zscan: async (key, cursor) => {
      const [next, pairs] = await client.zscan(key, cursor, 'COUNT', SCAN_COUNT);
      return { cursor: next, members: everyMember(pairs) };
    },
    run: (name, keys, args) => {
      const suffix = redisScripts[name].reply === 'bytes' ? 'Buffer' : '';
      const given = [...(isCluster ? [] : [keys.length]), ...keys, ...args];
      return commands[`connectAuth:${name}${suffix}`]!.apply(client, given);
    },
    ping: () => client.ping(),
    info: () => client.info(),
    ...describeConnection(client, ours),
  };
}

function describeConnection(client: Redis | Cluster, ours: boolean): RedisConnection {
  const options = (client.options ?? {}) as RedisOptions;
  return {
    where: describeRedisAddress({ ...options, isCluster: client.isCluster }),
    usesTls: Boolean(options.tls),
    isCluster: client.isCluster,
    status: () => client.status,
    isMute: () => !ours && client.listenerCount('error') === 0,
    onFault: (listener) => {
      const tell = (error: unknown) => listener(error);
      // A monitor is no listener: whether an application hears of its client's errors stays as it was.
      client.on(errorMonitor, tell);
      const stopWatching = watchUnsaidClose(client, () => {
        // Without a listener the client tells nobody of its errors, and this may have been any.
        if (client.listenerCount('error') > 0) listener(CLOSED_UNSAID, true);
      });
      const stopReviving = ours ? reviveEnded(client) : () => undefined;
      return () => {
        client.off(errorMonitor, tell);
        stopWatching();
        stopReviving();
      };
    },
    reconnectSilent: () => {
      // One that is being established has bounds of its own, and takes several replies to be ready.
      if (ours && client.status === 'ready') client.disconnect(true);
    },
    close: () => {
      if (ours) client.disconnect();
    },
  };
}

/** What the client would have said of a connection that was closed before it could be used, named as the system does. */
const CLOSED_UNSAID = Object.assign(new Error('closed before it was ready'), { code: 'ECONNRESET' });

/**
 * Hears of connections that end before they are ready. The client is silent about them when the close overtakes the
 * reply to its greeting, as with a Redis that has no room for one more client. Returns how to stop.
 */
function watchUnsaidClose(client: Redis | Cluster, onClose: () => void): () => void {
  let wasReady = client.status === 'ready';
  const noteReady = () => {
    wasReady = true;
  };
  const noteClose = () => {
    if (!wasReady && !client.isCluster) onClose();
    wasReady = false;
  };
  client.on('ready', noteReady).on('close', noteClose);
  return () => {
    client.off('ready', noteReady).off('close', noteClose);
  };
}
