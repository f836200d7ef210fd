import { type Clock, systemClocks } from '../clock.ts';
import type { RedisTarget } from '../redis-clients.ts';
import { parseLogoutToken, parseMark } from './logout-mark.ts';
import { createOneServer } from './one-server.ts';
import { formatTime, MAX_TIME, parseSessionRecord, readTaking, type StoredLogin } from './record-format.ts';
import { createRedisBounds } from './redis-bounds.ts';
import { connectRedis } from './redis-client.ts';
import { createRedisExamination } from './redis-examination.ts';
import { createRedisHealth } from './redis-health.ts';
import type { RedisPort, ScriptArgument } from './redis-port.ts';
import type { RedisScriptName } from './redis-scripts.ts';
import { createSharedReads } from './shared-reads.ts';
import {
  AFTERLIFE_MS,
  CLOCK_SLACK_MS,
  ENDED_LIFE_MS,
  type EndAnswer,
  INDEX_SLACK_MS,
  type IndexName,
  LOGIN_LIFE_MS,
  type LockAnswer,
  type LoginTaking,
  MARK_LIFE_MS,
  MAX_OPEN_MARKS,
  QUIET_MS,
  type RotateAnswer,
  type Store,
  type StoredSession,
  TAKEN_LIFE_MS,
} from './store.ts';

/** What the store on Redis is made of. */
export interface RedisStoreOptions {
  readonly redis: RedisTarget;
  readonly prefix: string;
  /** Bound of one operation, in milliseconds, whatever the client was configured with. */
  readonly timeoutMs: number;
  /** @default the monotonic clock of this process */
  readonly monotonic?: Clock;
  /** In place of the server's own clock, for tests. */
  readonly now?: Clock | undefined;
}

/** The store on Redis 6.2 or newer, or Valkey: a single server, Sentinel or Cluster. */
export function createRedisStore({ redis, ...options }: RedisStoreOptions): Store {
  return openStore(connectRedis(redis, options.timeoutMs), options);
}

function openStore(port: RedisPort, options: Omit<RedisStoreOptions, 'redis'>): Store {
  const { prefix, timeoutMs, now, monotonic = systemClocks.monotonic } = options;
  const { bounded, guarded, stop } = createRedisBounds({ port, timeoutMs, monotonic });
  const run = (name: RedisScriptName, keys: readonly string[], ...args: readonly ScriptArgument[]) =>
    bounded(() => port.run(name, keys, args));
  const time = () => now?.() ?? '';

  // `{…}` is the cluster's hash tag: the records of one session lie in one slot.
  const recordKey = (key: string) => `${prefix}s:{${key}}`;
  const dataKey = (key: string) => `${prefix}d:{${key}}`;
  const tokensKey = (key: string) => `${prefix}t:{${key}}`;
  const sessionKeys = (key: string) => [recordKey(key), dataKey(key), tokensKey(key)];
  const lockKey = (key: string) => `${prefix}lock:{${key}}`;
  const takenKey = (name: string) => `${prefix}used:{${name}}`;
  const indexKey = ({ kind, id }: IndexName) => `${prefix}${kind}:{${id}}`;
  const markKey = ({ kind, id }: IndexName) => `${prefix}mark:${kind}:{${id}}`;
  const openMarksKey = (set: string) => `${prefix}mark:open:{${set}}`;
  const memberOf = ({ kind, id }: IndexName) => `${kind}:${id}`;

  const releaseLock: Store['releaseLock'] = async (key, owner, backoff) => {
    await run('releaseLock', [lockKey(key)], owner, backoff?.text ?? '', backoff?.lifeMs ?? 0);
  };

  /** Those of these indexes, each read by `readMark`, then those that anybody may leave. */
  const readMarksApart = async (
    indexes: readonly IndexName[],
    readMark: (index: IndexName) => Promise<unknown>,
    set: string | undefined,
  ) => {
    const readOpen = () => port.run('readOpenMarks', [openMarksKey(set!)], indexes.map(memberOf));
    const [marks, open] = await Promise.all([
      Promise.all(indexes.map(readMark)),
      set === undefined ? [] : readOpen(),
    ]);
    return [...marks, ...(open as unknown[])];
  };
  /** @param replies - the marks of so many indexes, then the times of those that anybody may leave. */
  const toMarks = (count: number, replies: readonly (string | null)[]) => {
    const times = replies.slice(count).filter((time) => time !== null);
    return [...replies.slice(0, count).map(parseMark), ...times.map((time) => ({ startedBy: Number(time) }))];
  };

  const oneServer = createOneServer(port);
  const readForRequest = createSharedReads<string, StoredSession>({
    ...{ read: port.mget, bounded: guarded, toResult: readRecords, oneServer },
  });
  const readWithTokens = createSharedReads<Buffer, StoredSession>({
    ...{ read: port.mgetBytes, bounded: guarded, toResult: readAllRecords, oneServer },
  });
  const readTokens = createSharedReads<Buffer, Buffer | null>({
    ...{ read: port.mgetBytes, bounded, toResult: findTokens, oneServer },
  });

  return {
    readSession: (key, { mayRefuse = false, withTokens = false } = {}) => {
      const names = [recordKey(key), dataKey(key)];
      if (!mayRefuse) return bounded(() => port.mget(names)).then(readRecords);
      return withTokens ? readWithTokens([...names, tokensKey(key)]) : readForRequest(names);
    },

    writeLogin: async (key, { identity, data, tokens }, { idleMs, absoluteMs, endsAt }) => {
      const lives = [idleMs, AFTERLIFE_MS, absoluteMs, endsAt ?? ''];
      const there = await run('writeLogin', sessionKeys(key), time(), ...lives, identity, data, tokens);
      return loginOf(there as string);
    },

    touchSession: async (key, idleMs) => {
      const lives = [idleMs, AFTERLIFE_MS, CLOCK_SLACK_MS];
      return (await run('touchSession', sessionKeys(key), time(), ...lives)) === 'gone' ? 'gone' : undefined;
    },

    endSession: async (key, { owner, ifTokens, ifExpired }) => {
      const conditions = [ifExpired?.idleMs ?? '', ifTokens ? 'given' : '', ifTokens ?? ''];
      const answer = await run('endSession', sessionKeys(key), time(), owner, ENDED_LIFE_MS, ...conditions);
      return readEndAnswer(answer as readonly Buffer[]);
    },

    rotateSession: async (key, nextKey, condition) => {
      const names = [...sessionKeys(key), lockKey(key)];
      const conditions = condition ? [condition.lockOwner, condition.ifTokens] : ['', ''];
      const answer = await run('rotateSession', names, nextKey, MARK_LIFE_MS, ...conditions);
      const [outcome, movedTo] = answer as [RotateAnswer | 'moved', string?];
      return outcome === 'moved' ? { movedTo: movedTo! } : outcome;
    },

    writeData: (key, value, idleMs, choice) => bounded(() => port.set(dataKey(key), value, idleMs, choice)),

    readTokens: (key) => readTokens([recordKey(key), tokensKey(key)]),

    swapTokens: async (key, { tokens, identity, endsBy }) => {
      const end = endsBy === undefined ? '' : formatTime(Math.min(endsBy, MAX_TIME));
      const change = [tokens.from, tokens.to, identity?.from ?? '', identity?.to ?? '', end];
      const answer = await run('swapTokens', [recordKey(key), tokensKey(key)], ...change);
      return answer as 'stored' | 'gone' | 'conflict';
    },

    acquireLock: async (key, owner, leaseMs, { overBackoff = false } = {}) => {
      try {
        const args = [owner, leaseMs, QUIET_MS, overBackoff ? '1' : ''];
        const [outcome, backoff] = (await run('acquireLock', [lockKey(key)], ...args)) as [string, string?];
        return outcome === 'backoff' ? { backoff: backoff! } : (outcome as LockAnswer & string);
      } catch (error) {
        // Only the answer may have been lost: then the lock is the owner's, who will not come back for it.
        releaseLock(key, owner).catch(() => undefined);
        throw error;
      }
    },

    extendLock: async (key, owner, leaseMs, { sent, retake = false }) => {
      const args = [owner, leaseMs, sent ? QUIET_MS : '', retake ? '1' : ''];
      return (await run('extendLock', [lockKey(key)], ...args)) === 1;
    },

    releaseLock,

    takeLogin: async (name, owner, startedAt) => {
      const bounds = [LOGIN_LIFE_MS, CLOCK_SLACK_MS, TAKEN_LIFE_MS];
      const answer = await run('takeLogin', [takenKey(name)], time(), owner, startedAt, ...bounds);
      return answer as LoginTaking;
    },

    // One key a command: those of several logins lie in different slots.
    readLogins: (names) =>
      bounded(() =>
        Promise.all(names.map(async (name) => readTaking((await port.mget([takenKey(name)]))[0] ?? null))),
      ),

    cancelLogins: async (names) => {
      const cancel = (name: string) => run('cancelLogin', [takenKey(name)], TAKEN_LIFE_MS);
      const owners = (await Promise.all(names.map(cancel))) as string[];
      return owners.filter((owner) => owner !== '');
    },

    addToIndexes: async (indexes, key, lifeMs) => {
      const add = (names: readonly IndexName[]) =>
        port.run('addToIndexes', names.map(indexKey), [time(), key, Math.ceil(lifeMs), INDEX_SLACK_MS]);
      const addEach = () => Promise.all(indexes.map((index) => add([index])));
      await bounded(() => oneServer.run<unknown>(() => add(indexes), addEach));
    },

    removeFromIndex: (index, key) => bounded(() => port.zrem(indexKey(index), key)),

    scanIndex: (index, from = '0') =>
      bounded(async () => {
        const { cursor, members } = await port.zscan(indexKey(index), from);
        return { keys: members, next: cursor === '0' ? undefined : cursor };
      }),

    readNewest: (index, limit) => bounded(() => port.zrangeHighest(indexKey(index), limit)),

    putMark: async (index, mark) => {
      await run('putMark', [markKey(index)], time(), JSON.stringify(mark), MARK_LIFE_MS);
    },

    putOpenMark: async (set, index, startedBy) => {
      const bounds = [CLOCK_SLACK_MS, MARK_LIFE_MS, MAX_OPEN_MARKS];
      await run(
        'putOpenMark',
        [openMarksKey(set)],
        time(),
        memberOf(index),
        Math.floor(startedBy),
        ...bounds,
      );
    },

    keepInIndexes: async (indexes, { key, endsAt }, set) => {
      const entry = [time(), key, Math.min(Math.ceil(endsAt), MAX_TIME), INDEX_SLACK_MS, MARK_LIFE_MS];
      const keysOf = (index: IndexName) => [indexKey(index), markKey(index)];
      const keepAll = () => {
        const names = [...indexes.flatMap(keysOf), openMarksKey(set)];
        return port.run('keepInIndexes', names, [...entry, ...indexes.map(memberOf)]);
      };
      const keep = async (index: IndexName) =>
        ((await port.run('keepInIndexes', keysOf(index), entry)) as unknown[])[0];
      const keepEach = () => readMarksApart(indexes, keep, set);
      const replies = await bounded(() => oneServer.run<unknown>(keepAll, keepEach));
      return toMarks(indexes.length, replies as (string | null)[]);
    },

    readMarks: async (indexes, set) => {
      const read = (index: IndexName) => port.run('readMark', [markKey(index)], [MARK_LIFE_MS]);
      const replies = await bounded(() => readMarksApart(indexes, read, set));
      return toMarks(indexes.length, replies as (string | null)[]);
    },

    putLogoutToken: async (name, { meaning, cameAt }, lifeMs) => {
      const args = [time(), meaning, Math.floor(cameAt), Math.ceil(lifeMs)];
      return parseLogoutToken((await run('putLogoutToken', [`${prefix}jti:{${name}}`], ...args)) as string);
    },

    health: createRedisHealth({ port, prefix, bounded }),

    examine: createRedisExamination({
      ...{ where: port.where, isCluster: port.isCluster, prefix, monotonic },
      findSilence: () => {
        let isAnswered = false;
        const note = () => {
          isAnswered = true;
        };
        return bounded(port.ping, note).then(
          () => undefined,
          (error: Error) => (isAnswered ? undefined : error.message),
        );
      },
      info: () => bounded(port.info),
      remove: (keys) => bounded(() => Promise.all(keys.map((key) => port.del(key)))),
      open: (own) => openStore({ ...port, close: () => undefined }, { ...options, prefix: own }),
    }),

    close: async () => {
      stop();
      port.close();
    },
  };
}

function readRecords([text = null, data = null]: readonly (string | null)[]): StoredSession {
  const record = parseSessionRecord(text);
  return {
    login: record?.kind === 'login' ? record.login : undefined,
    data: record?.kind === 'ended' || record?.kind === 'moved' ? null : data,
    movedTo: record?.kind === 'moved' ? record.movedTo : undefined,
    unreadable: record?.kind === 'later_format' || record?.kind === 'damaged' ? record.kind : undefined,
  };
}

function readAllRecords([record = null, data = null, tokens]: readonly (Buffer | null)[]): StoredSession {
  const read = readRecords([textOf(record), textOf(data)]);
  return read.login && tokens ? { ...read, tokens } : read;
}

function findTokens([record = null, tokens = null]: readonly (Buffer | null)[]): Buffer | null {
  return loginOf(textOf(record)) ? tokens : null;
}

function loginOf(record: string | null): StoredLogin | undefined {
  const parsed = parseSessionRecord(record);
  return parsed?.kind === 'login' ? parsed.login : undefined;
}

function readEndAnswer([outcome, ...rest]: readonly (Buffer | null)[]): EndAnswer {
  const word = String(outcome);
  if (word === 'none' || word === 'conflict' || word === 'alive') return word;
  if (word === 'moved') return { movedTo: String(rest[0]) };
  const [at, record = null, tokens] = rest;
  const login = loginOf(textOf(record));
  return { isFirst: word === 'ended', login, tokens: tokens ?? undefined, at: Number(at) };
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('utf8');
}
