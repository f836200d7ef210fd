import type { Clock } from '../clock.ts';
import { formatLogoutToken, mergeMarks, parseLogoutToken, parseMark } from './logout-mark.ts';
import {
  formatLogin,
  formatTime,
  parseSessionRecord,
  readTaking,
  type StoredLogin,
} from './record-format.ts';
import {
  AFTERLIFE_MS,
  CLOCK_SLACK_MS,
  ENDED_LIFE_MS,
  type EndAnswer,
  INDEX_SLACK_MS,
  type IndexName,
  LOGIN_LIFE_MS,
  MARK_LIFE_MS,
  MAX_OPEN_MARKS,
  QUIET_MS,
  type Store,
  TAKEN_LIFE_MS,
} from './store.ts';

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
}

/** How many writes pass between two sweeps of what has expired. */
const SWEEP_EVERY_WRITES = 1000;

/** The same operations in the memory of this process, for development. Nothing of it survives a restart. */
export function createMemoryStore({ now }: { now: Clock }): Store {
  const indexes = new Map<string, Map<string, number>>();
  /** As with a key of Redis: an index lives until the last of its sessions ends, and the slack beyond. */
  const sweepIndexes = () => {
    for (const [name, members] of indexes) {
      if ([...members.values()].every((end) => end < now() - INDEX_SLACK_MS)) indexes.delete(name);
    }
  };
  const values = createValues(now, sweepIndexes);
  const { get, set } = values;

  const recordOf = (key: string) => parseSessionRecord(get(`s:${key}`));
  const loginAt = (key: string): StoredLogin | undefined => {
    const record = recordOf(key);
    return record?.kind === 'login' ? record.login : undefined;
  };
  const tokensAt = (key: string) => {
    const text = get(`t:${key}`);
    return text === null ? undefined : Buffer.from(text, 'latin1');
  };
  const setTokens = (key: string, tokens: Buffer, lifeMs: number) =>
    set(`t:${key}`, tokens.toString('latin1'), lifeMs);
  const lifeOf = (idleMs: number, endsAt: number) =>
    Math.max(1, Math.min(idleMs, endsAt - now()) + AFTERLIFE_MS);
  const indexKey = ({ kind, id }: IndexName) => `${kind}:${id}`;
  const openMarksOf = (name: string) =>
    new Map<string, number>(JSON.parse(get(`mark:open:${name}`) ?? '[]') as [string, number][]);

  const add = (index: IndexName, key: string, end: number) => {
    const members = indexes.get(indexKey(index)) ?? new Map<string, number>();
    for (const [old, itsEnd] of members) if (itsEnd < now() - INDEX_SLACK_MS) members.delete(old);
    members.set(key, Math.max(members.get(key) ?? 0, end));
    indexes.set(indexKey(index), members);
  };

  const readMarks = (names: readonly IndexName[], openMarks: string | undefined) => {
    const marks = names.map(({ kind, id }) => {
      const name = `mark:${kind}:${id}`;
      if (values.lifeOf(name) > MARK_LIFE_MS) values.renew(name, MARK_LIFE_MS);
      return parseMark(get(name));
    });
    if (openMarks === undefined) return marks;
    const open = openMarksOf(openMarks);
    const times = names.map((name) => open.get(indexKey(name))).filter((time) => time !== undefined);
    return [...marks, ...times.map((startedBy) => ({ startedBy }))];
  };

  /** What an earlier attempt took, while it is kept. */
  const readTaken = (key: string, owner: string): EndAnswer => {
    const text = get(`s:${key}`)!;
    const line = text.indexOf('\n');
    const [, taker, at] = text.slice(0, line).split(' ');
    const record = parseSessionRecord(text.slice(line + 1));
    return {
      isFirst: taker === owner,
      at: Number(at),
      login: record?.kind === 'login' ? record.login : undefined,
      tokens: tokensAt(key),
    };
  };

  return {
    readSession: async (key, { withTokens = false } = {}) => {
      const record = recordOf(key);
      const isGone = record?.kind === 'ended' || record?.kind === 'moved';
      return {
        login: record?.kind === 'login' ? record.login : undefined,
        data: isGone ? null : get(`d:${key}`),
        movedTo: record?.kind === 'moved' ? record.movedTo : undefined,
        unreadable: record?.kind === 'later_format' || record?.kind === 'damaged' ? record.kind : undefined,
        tokens: withTokens && record?.kind === 'login' ? tokensAt(key) : undefined,
      };
    },

    writeLogin: async (
      key,
      { identity, data, tokens },
      { idleMs, absoluteMs, endsAt = now() + absoluteMs },
    ) => {
      if (recordOf(key)) return loginAt(key);
      const login = { identity, seenAt: now(), endsAt };
      const lifeMs = lifeOf(idleMs, endsAt);
      set(`d:${key}`, data, lifeMs);
      setTokens(key, tokens, lifeMs);
      set(`s:${key}`, formatLogin(login), lifeMs);
      return login;
    },

    touchSession: async (key, idleMs) => {
      const login = loginAt(key);
      const record = recordOf(key);
      if (!record) values.renew(`d:${key}`, idleMs);
      if (!record || record.kind === 'moved' || record.kind === 'ended') return 'gone';
      if (!login || login.endsAt <= now()) return undefined;
      const isWrong = now() > login.seenAt || login.seenAt > now() + CLOCK_SLACK_MS;
      if (isWrong) values.replace(`s:${key}`, formatLogin({ ...login, seenAt: now() }));
      for (const kind of ['s', 'd', 't']) values.renew(`${kind}:${key}`, lifeOf(idleMs, login.endsAt));
      return undefined;
    },

    endSession: async (key, { owner, ifTokens, ifExpired }) => {
      const record = recordOf(key);
      const tokens = tokensAt(key);
      if (record?.kind === 'moved') return { movedTo: record.movedTo };
      if (record?.kind === 'ended') return readTaken(key, owner);
      if (ifTokens && tokens && !tokens.equals(ifTokens)) return 'conflict';
      const login = loginAt(key);
      if (ifExpired && login && login.endsAt > now() && now() - login.seenAt <= ifExpired.idleMs)
        return 'alive';
      values.remove(`d:${key}`);
      if (!record) {
        values.remove(`t:${key}`);
        return 'none';
      }
      set(`s:${key}`, `x ${owner} ${formatTime(now())}\n${get(`s:${key}`)}`, ENDED_LIFE_MS);
      values.renew(`t:${key}`, ENDED_LIFE_MS);
      return { isFirst: true, login, tokens, at: Math.floor(now()) };
    },

    rotateSession: async (key, nextKey, condition) => {
      const record = recordOf(key);
      if (!record || record.kind === 'ended') return 'ended';
      if (record.kind === 'moved')
        return record.movedTo === nextKey ? 'rotated' : { movedTo: record.movedTo };
      if (condition) {
        const lock = get(`lock:${key}`);
        if (lock !== null && lock[0] !== 'b' && lock.slice(2) !== condition.lockOwner) return 'locked';
        if (!tokensAt(key)?.equals(condition.ifTokens)) return 'conflict';
      }
      set(`s:${key}`, `> ${nextKey}`, MARK_LIFE_MS);
      values.remove(`d:${key}`);
      values.remove(`t:${key}`);
      return 'rotated';
    },

    writeData: async (key, value, idleMs, { mustExist }) => {
      const isWritten = !mustExist || get(`d:${key}`) !== null;
      if (isWritten) set(`d:${key}`, value, idleMs);
      return isWritten;
    },

    readTokens: async (key) => (loginAt(key) && tokensAt(key)) ?? null,

    swapTokens: async (key, { tokens, identity, endsBy = Number.POSITIVE_INFINITY }) => {
      const [login, current] = [loginAt(key), tokensAt(key)];
      if (!login || !current) return 'gone';
      if (current.equals(tokens.to) && (!identity || login.identity === identity.to)) return 'stored';
      if (!current.equals(tokens.from) || (identity && login.identity !== identity.from)) return 'conflict';
      values.replace(`t:${key}`, tokens.to.toString('latin1'));
      const text = identity?.to ?? login.identity;
      const endsAt = Math.min(login.endsAt, endsBy);
      values.replace(`s:${key}`, formatLogin({ ...login, identity: text, endsAt }));
      return 'stored';
    },

    acquireLock: async (key, owner, leaseMs, { overBackoff = false } = {}) => {
      const value = get(`lock:${key}`);
      const [kind, rest] = [value?.[0], value?.slice(2)];
      if (value === null || rest === owner || (kind === 'b' && overBackoff)) {
        if (kind !== 's') set(`lock:${key}`, `u ${owner}`, leaseMs);
        return 'taken';
      }
      if (kind === 'b') return { backoff: rest! };
      return kind === 's' && values.lifeOf(`lock:${key}`) <= QUIET_MS ? 'abandoned' : 'held';
    },

    extendLock: async (key, owner, leaseMs, { sent, retake = false }) => {
      const value = get(`lock:${key}`);
      if (value === null ? !retake : value.slice(2) !== owner) return false;
      set(`lock:${key}`, `${sent ? 's' : 'u'} ${owner}`, sent ? leaseMs + QUIET_MS : leaseMs);
      return true;
    },

    releaseLock: async (key, owner, backoff) => {
      const value = get(`lock:${key}`);
      if (value === null || value[0] === 'b' || value.slice(2) !== owner) return;
      if (backoff) set(`lock:${key}`, `b ${backoff.text}`, backoff.lifeMs);
      else values.remove(`lock:${key}`);
    },

    takeLogin: async (name, owner, startedAt) => {
      const taken = get(`used:${name}`);
      if (taken === owner) return 'mine';
      if (taken !== null) return readTaking(taken) === 'cancelled' ? 'cancelled' : 'taken';
      if (startedAt > now() + CLOCK_SLACK_MS || startedAt < now() - LOGIN_LIFE_MS) return 'expired';
      set(`used:${name}`, owner, TAKEN_LIFE_MS);
      return 'mine';
    },

    readLogins: async (names) => names.map((name) => readTaking(get(`used:${name}`))),

    cancelLogins: async (names) => {
      const owners = names.map((name) => (get(`used:${name}`) ?? '').replace(/^cancelled /, ''));
      for (const [index, name] of names.entries())
        set(`used:${name}`, `cancelled ${owners[index]}`, TAKEN_LIFE_MS);
      return owners.filter((owner) => owner !== '');
    },

    addToIndexes: async (names, key, lifeMs) => {
      for (const name of names) add(name, key, now() + lifeMs);
    },

    keepInIndexes: async (names, { key, endsAt }, openMarks) => {
      for (const name of names) add(name, key, endsAt);
      return readMarks(names, openMarks);
    },

    removeFromIndex: async (index, key) => {
      const members = indexes.get(indexKey(index));
      members?.delete(key);
      if (members?.size === 0) indexes.delete(indexKey(index));
    },

    scanIndex: async (index) => ({
      keys: [...(indexes.get(indexKey(index))?.keys() ?? [])],
      next: undefined,
    }),

    readNewest: async (index, limit) => {
      const members = [...(indexes.get(indexKey(index)) ?? [])];
      const newest = members.sort(([, a], [, b]) => b - a).slice(0, limit);
      return newest.map(([key]) => key);
    },

    putMark: async ({ kind, id }, mark) => {
      const old = parseMark(get(`mark:${kind}:${id}`));
      const { startedBy } = mark;
      const ours = startedBy === undefined ? mark : { ...mark, startedBy: Math.max(startedBy, now()) };
      const merged = mergeMarks(old === 'unreadable' ? { startedBy: now() } : (old ?? {}), ours);
      set(`mark:${kind}:${id}`, JSON.stringify(merged), MARK_LIFE_MS);
    },

    putOpenMark: async (name, index, startedBy) => {
      const marks = openMarksOf(name);
      const time = Math.min(Math.max(startedBy, now()), now() + CLOCK_SLACK_MS);
      marks.set(indexKey(index), Math.max(marks.get(indexKey(index)) ?? 0, time));
      const newest = [...marks].sort(([, a], [, b]) => b - a).slice(0, MAX_OPEN_MARKS);
      set(`mark:open:${name}`, JSON.stringify(newest), MARK_LIFE_MS);
    },

    readMarks: async (names, openMarks) => readMarks(names, openMarks),

    putLogoutToken: async (name, { meaning, cameAt }, lifeMs) => {
      const known = get(`jti:${name}`) ?? formatLogoutToken({ meaning, cameAt: Math.max(cameAt, now()) });
      if (get(`jti:${name}`) === null) set(`jti:${name}`, known, lifeMs);
      return parseLogoutToken(known);
    },

    health: async () => ({
      kind: 'memory',
      ok: true,
      warnings: ['Sessions live in the memory of this process.'],
    }),

    close: async () => {
      values.clear();
      indexes.clear();
    },
  };
}

/** Text by key, each for its time. */
function createValues(now: Clock, onSweep: () => void) {
  const entries = new Map<string, Entry>();
  let writes = 0;

  const get = (key: string): string | null => {
    const entry = entries.get(key);
    if (!entry) return null;
    if (entry.expiresAt > now()) return entry.value;
    entries.delete(key);
    return null;
  };
  const set = (key: string, value: string, lifeMs: number) => {
    entries.set(key, { value, expiresAt: now() + lifeMs });
    writes += 1;
    if (writes % SWEEP_EVERY_WRITES !== 0) return;
    for (const old of [...entries.keys()]) get(old);
    onSweep();
  };

  return {
    get,
    set,
    /** A new value for a key that is there, whose life stays as it is. */
    replace: (key: string, value: string) => {
      entries.set(key, { value, expiresAt: entries.get(key)!.expiresAt });
    },
    /** A new life for a key that is there. */
    renew: (key: string, lifeMs: number) => {
      const value = get(key);
      if (value !== null) entries.set(key, { value, expiresAt: now() + lifeMs });
    },
    /** How long a key has to live, in milliseconds; 0 when it is not there. */
    lifeOf: (key: string) => (get(key) === null ? 0 : entries.get(key)!.expiresAt - now()),
    remove: (key: string) => {
      entries.delete(key);
    },
    clear: () => entries.clear(),
  };
}
