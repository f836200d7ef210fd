import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { type Clock, systemClocks } from '../clock.ts';
import { createRedisBounds } from './redis-bounds.ts';
import { connectRedis } from './redis-client.ts';
import { createRedisHealth } from './redis-health.ts';
import { type RedisScriptName, redisScripts } from './redis-scripts.ts';
import {
  type EndedSession,
  type IndexName,
  type Store,
  TAKEN_LOGIN_LIFE_MS,
  type TakenLogin,
} from './store.ts';

export interface RedisStoreOptions {
  readonly redis: string | RedisOptions | Redis | Cluster;
  readonly prefix: string;
  /** Bound of one operation, in milliseconds, whatever the client was configured with. */
  readonly timeoutMs: number;
  /** @default the monotonic clock of this process */
  readonly monotonic?: Clock;
}

/** The store on Redis 6.2 or newer: a single server, Sentinel or Cluster. */
export function createRedisStore({
  redis,
  prefix,
  timeoutMs,
  monotonic = systemClocks.monotonic,
}: RedisStoreOptions): Store {
  const connection = connectRedis(redis, timeoutMs);
  const { client, ours } = connection;
  const { bounded, guarded, stop } = createRedisBounds({ connection, timeoutMs, monotonic });
  const run = defineScripts(client);

  // `{…}` is the cluster's hash tag: the records of one session lie in one slot.
  const authKey = (id: string) => `${prefix}auth:{${id}}`;
  const dataKey = (id: string) => `${prefix}sess:{${id}}`;
  const tokensKey = (id: string) => `${prefix}tok:{${id}}`;
  const seenKey = (id: string) => `${prefix}seen:{${id}}`;
  const sessionKeys = (id: string) => [authKey(id), dataKey(id), tokensKey(id), seenKey(id)] as const;
  const lockKey = (id: string) => `${prefix}lock:{${id}}`;
  const loginKey = (id: string) => `${prefix}login:{${id}}`;
  const indexKey = ({ kind, id }: IndexName) => `${prefix}${kind}:{${id}}`;
  const cutKey = ({ kind, id }: IndexName) => `${prefix}out:${kind}:{${id}}`;

  return {
    readSession: (id) =>
      guarded(async () => {
        const [auth = null, data = null, seen = null] = await client.mget(
          authKey(id),
          dataKey(id),
          seenKey(id),
        );
        return { auth, data, seenAt: seen === null ? null : Number(seen) };
      }),

    writeLogin: (id, { auth, data, tokens }, ttlMs, seenAt) =>
      bounded(async () => {
        await run('writeLogin', ...sessionKeys(id), auth, data, tokens, seenAt, ttlMs);
      }),

    touchSession: (id, ttlMs, seenAt) =>
      bounded(async () => {
        await run('touchSession', ...sessionKeys(id), ttlMs, seenAt);
      }),

    endSession: (id) =>
      bounded(async () => {
        return readEnded((await run('endSession', ...sessionKeys(id))) as RemovedRecords);
      }),

    retireSession: (id, movedTo, pointerLifeMs) =>
      bounded(
        async () => (await run('retireSession', ...sessionKeys(id), `moved:${movedTo}`, pointerLifeMs)) === 1,
      ),

    writeData: (id, value, ttlMs, { mustExist }) =>
      bounded(async () => {
        if (mustExist) await client.call('SET', dataKey(id), value, 'PX', String(ttlMs), 'XX');
        else await client.call('SET', dataKey(id), value, 'PX', String(ttlMs));
      }),

    // MGET, because a key of another type reads as none.
    readTokens: (id) => bounded(async () => (await client.mget(tokensKey(id)))[0] ?? null),

    swapTokens: (id, { tokens, auth }) =>
      bounded(async () => {
        const change = [tokens.from, tokens.to, auth?.from ?? '', auth?.to ?? ''];
        return (await run('swapTokens', authKey(id), tokensKey(id), ...change)) as
          | 'stored'
          | 'gone'
          | 'conflict';
      }),

    endSessionWithTokens: (id, tokens) =>
      bounded(async () => {
        const answer = await run('endSessionWithTokens', ...sessionKeys(id), tokens);
        const [outcome, ...removed] = answer as ['conflict'] | ['ended', ...RemovedRecords];
        return outcome === 'conflict' ? 'conflict' : readEnded(removed as RemovedRecords);
      }),

    acquireLock: async (id, owner, ttlMs) => {
      try {
        return await bounded(async () => {
          const [outcome, note] = (await run('acquireLock', lockKey(id), owner, ttlMs)) as [string, string?];
          return outcome === 'note' ? { note: note! } : (outcome as 'taken' | 'held');
        });
      } catch (error) {
        // Only the answer may have been lost: then the lock is the owner's, who will not come back for it.
        run('releaseLock', lockKey(id), owner, '', 0).catch(() => undefined);
        throw error;
      }
    },

    releaseLock: (id, owner, note) =>
      bounded(async () => {
        await run('releaseLock', lockKey(id), owner, note?.text ?? '', note?.lifeMs ?? 0);
      }),

    putLogin: (id, value, ttlMs) =>
      bounded(async () => {
        await client.set(loginKey(id), value, 'PX', ttlMs);
      }),

    takeLogin: (id, taker) =>
      bounded(async () => {
        const [outcome, value] = (await run(
          'takeLogin',
          loginKey(id),
          taker,
          TAKEN_LOGIN_LIFE_MS,
        )) as string[];
        return outcome === 'value' ? { value: value! } : (outcome as TakenLogin & string);
      }),

    addToIndex: (index, id, absoluteEnd, now) =>
      bounded(async () => {
        await run('addToIndex', indexKey(index), id, absoluteEnd, now);
      }),

    removeFromIndex: (index, id) =>
      bounded(async () => {
        await client.zrem(indexKey(index), id);
      }),

    readIndex: (index, now) => bounded(() => client.zrange(indexKey(index), `(${now}`, '+inf', 'BYSCORE')),

    putCut: (index, cut, ttlMs) =>
      bounded(async () => {
        await run('putCut', cutKey(index), JSON.stringify(cut), ttlMs);
      }),

    putLogoutToken: (id, value, ttlMs) =>
      bounded(async () => (await run('putLogoutToken', `${prefix}jti:{${id}}`, value, ttlMs)) as string),

    // One key a command: the cuts of a user and of a session at the provider lie in different slots.
    readCuts: (indexes) => bounded(() => Promise.all(indexes.map((index) => client.get(cutKey(index))))),

    health: createRedisHealth({ client, prefix, bounded }),

    close: async () => {
      stop();
      if (ours) client.disconnect();
    },
  };
}

type RemovedRecords = [auth?: string | null, tokens?: string | null];

/** The identity and the tokens that were removed, or where their session has moved to. */
function readEnded([auth = null, tokens = null]: RemovedRecords): EndedSession {
  if (auth?.startsWith('moved:')) return { auth: null, tokens, movedTo: auth.slice(6) };
  return { auth, tokens, movedTo: undefined };
}

type RunScript = (name: RedisScriptName, ...args: readonly (string | number)[]) => Promise<unknown>;

/** Registers the scripts as commands, which ioredis sends by hash and loads again when the server forgot them. */
function defineScripts(client: Redis | Cluster): RunScript {
  const commands = client as unknown as Record<
    string,
    (...args: readonly (string | number)[]) => Promise<unknown>
  >;
  for (const [name, { numberOfKeys, lua }] of Object.entries(redisScripts)) {
    client.defineCommand(`connectAuth:${name}`, { numberOfKeys, lua });
  }
  return (name, ...args) => commands[`connectAuth:${name}`]!.call(client, ...args);
}
