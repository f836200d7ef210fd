import type { Cluster, Redis } from 'ioredis';
import { type RedisScriptName, redisScripts } from './redis-scripts.ts';

/** The few commands that the store needs of a client. Replies are text, or bytes where the name says so. */
export interface RedisPort {
  mget(keys: readonly string[]): Promise<(string | null)[]>;
  mgetBytes(keys: readonly string[]): Promise<(Buffer | null)[]>;
  /** `SET` with a life in milliseconds; `mustExist` is `XX`. False: it was not there. */
  set(key: string, value: string, lifeMs: number, options: { mustExist: boolean }): Promise<boolean>;
  zrem(key: string, member: string): Promise<void>;
  /** The members with the highest scores, the highest first. */
  zrangeHighest(key: string, limit: number): Promise<string[]>;
  /** One step of `ZSCAN`: the next cursor, and members. */
  zscan(key: string, cursor: string): Promise<{ cursor: string; members: string[] }>;
  /** Runs one of our scripts. */
  run(name: RedisScriptName, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>;
}

/** What a script takes. */
export type ScriptArgument = string | number | Buffer;

/** Members that one step of `ZSCAN` looks at: few enough that other clients hardly wait. */
const SCAN_COUNT = 500;

type Command = (...args: readonly ScriptArgument[]) => Promise<unknown>;

/** Speaks to Redis by a client of ioredis, which sends our scripts by hash and loads them where they are forgotten. */
export function createRedisPort(client: Redis | Cluster): RedisPort {
  const commands = client as unknown as Record<string, Command>;
  for (const [name, { numberOfKeys, lua }] of Object.entries(redisScripts)) {
    client.defineCommand(`connectAuth:${name}`, { numberOfKeys, lua });
  }

  return {
    mget: (keys) => client.mget(...keys),
    mgetBytes: (keys) => client.mgetBuffer(...keys),
    set: (key, value, lifeMs, { mustExist }) => {
      const life = ['PX', lifeMs] as const;
      const setting = mustExist ? client.set(key, value, ...life, 'XX') : client.set(key, value, ...life);
      return setting.then((reply) => reply !== null);
    },
    zrem: async (key, member) => {
      await client.zrem(key, member);
    },
    zrangeHighest: (key, limit) => client.zrevrange(key, 0, limit - 1),
    zscan: async (key, cursor) => {
      const [next, pairs] = await client.zscan(key, cursor, 'COUNT', SCAN_COUNT);
      return { cursor: next, members: pairs.filter((_, index) => index % 2 === 0) };
    },
    run: (name, keys, args) => {
      const suffix = redisScripts[name].reply === 'bytes' ? 'Buffer' : '';
      return commands[`connectAuth:${name}${suffix}`]!.call(client, ...keys, ...args);
    },
  };
}
