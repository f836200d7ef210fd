import type { Clock } from '../clock.ts';
import { type Cut, type EndedSession, type IndexName, type Store, TAKEN_LOGIN_LIFE_MS } from './store.ts';

interface Entry {
  readonly value: string;
  readonly expiresAt: number;
}

/** How many writes pass between two sweeps of what has expired. */
const SWEEP_EVERY_WRITES = 1000;

/** The same operations in the memory of this process, for development. Nothing of it survives a restart. */
export function createMemoryStore({ now }: { now: Clock }): Store {
  const records = new Map<string, Entry>();
  const indexes = new Map<string, Map<string, number>>();
  let writes = 0;

  const get = (key: string) => {
    const entry = records.get(key);
    if (!entry) return null;
    if (entry.expiresAt > now()) return entry.value;
    records.delete(key);
    return null;
  };
  const set = (key: string, value: string, ttlMs: number) => {
    records.set(key, { value, expiresAt: now() + ttlMs });
    writes += 1;
    if (writes % SWEEP_EVERY_WRITES === 0) for (const old of [...records.keys()]) get(old);
  };
  /** A new value for a living key, whose life stays as it is. */
  const replace = (key: string, value: string) => {
    records.set(key, { value, expiresAt: records.get(key)!.expiresAt });
  };
  const sessionKeys = (id: string) => [`auth:${id}`, `sess:${id}`, `tok:${id}`] as const;
  const endSession = (id: string): EndedSession => {
    const auth = get(`auth:${id}`);
    const tokens = get(`tok:${id}`);
    records.delete(`sess:${id}`);
    records.delete(`tok:${id}`);
    records.delete(`seen:${id}`);
    if (auth?.startsWith('moved:')) return { auth: null, tokens, movedTo: auth.slice(6) };
    records.delete(`auth:${id}`);
    return { auth, tokens, movedTo: undefined };
  };
  const indexKey = ({ kind, id }: IndexName) => `${kind}:${id}`;
  const living = (index: IndexName, time: number) => {
    const members = indexes.get(indexKey(index)) ?? new Map<string, number>();
    for (const [id, absoluteEnd] of members) if (absoluteEnd <= time) members.delete(id);
    if (members.size === 0) indexes.delete(indexKey(index));
    return members;
  };

  return {
    readSession: async (id) => {
      const seen = get(`seen:${id}`);
      return {
        auth: get(`auth:${id}`),
        data: get(`sess:${id}`),
        seenAt: seen === null ? null : Number(seen),
      };
    },

    writeLogin: async (id, { auth, data, tokens }, ttlMs, seenAt) => {
      set(`auth:${id}`, auth, ttlMs);
      set(`sess:${id}`, data, ttlMs);
      set(`tok:${id}`, tokens, ttlMs);
      set(`seen:${id}`, String(seenAt), ttlMs);
    },

    touchSession: async (id, ttlMs, seenAt) => {
      const auth = get(`auth:${id}`);
      if (auth?.startsWith('moved:')) return;
      for (const key of sessionKeys(id)) {
        const value = get(key);
        if (value !== null) set(key, value, ttlMs);
      }
      if (auth !== null) set(`seen:${id}`, String(seenAt), ttlMs);
    },

    endSession: async (id) => endSession(id),

    retireSession: async (id, movedTo, pointerLifeMs) => {
      const auth = get(`auth:${id}`);
      if (auth === null) return false;
      if (auth.startsWith('moved:')) return auth === `moved:${movedTo}`;
      set(`auth:${id}`, `moved:${movedTo}`, pointerLifeMs);
      records.delete(`sess:${id}`);
      records.delete(`tok:${id}`);
      records.delete(`seen:${id}`);
      return true;
    },

    writeData: async (id, value, ttlMs, { mustExist }) => {
      if (!mustExist || get(`sess:${id}`) !== null) set(`sess:${id}`, value, ttlMs);
    },

    readTokens: async (id) => get(`tok:${id}`),

    swapTokens: async (id, { tokens, auth }) => {
      const before = { auth: get(`auth:${id}`), tokens: get(`tok:${id}`) };
      if (before.auth === null || before.tokens === null || before.auth.startsWith('moved:')) return 'gone';
      if (before.tokens === tokens.to && (!auth || before.auth === auth.to)) return 'stored';
      if (before.tokens !== tokens.from || (auth && before.auth !== auth.from)) return 'conflict';
      replace(`tok:${id}`, tokens.to);
      if (auth) replace(`auth:${id}`, auth.to);
      return 'stored';
    },

    endSessionWithTokens: async (id, tokens) => {
      const current = get(`tok:${id}`);
      return current !== null && current !== tokens ? 'conflict' : endSession(id);
    },

    acquireLock: async (id, owner, ttlMs) => {
      const value = get(`lock:${id}`);
      if (value?.startsWith('note:')) return { note: value.slice(5) };
      if (value !== null && value !== owner) return 'held';
      set(`lock:${id}`, owner, ttlMs);
      return 'taken';
    },

    releaseLock: async (id, owner, note) => {
      if (get(`lock:${id}`) !== owner) return;
      if (note) set(`lock:${id}`, `note:${note.text}`, note.lifeMs);
      else records.delete(`lock:${id}`);
    },

    putLogin: async (id, value, ttlMs) => set(`login:${id}`, value, ttlMs),

    takeLogin: async (id, taker) => {
      const value = get(`login:${id}`);
      if (value === null) return 'unknown';
      const mark = `taken:${taker}:`;
      if (value.startsWith(mark)) return { value: value.slice(mark.length) };
      if (value.startsWith('taken:')) return 'taken';
      set(`login:${id}`, mark + value, TAKEN_LOGIN_LIFE_MS);
      return { value };
    },

    addToIndex: async (index, id, absoluteEnd, time) => {
      const members = living(index, time);
      indexes.set(indexKey(index), members.set(id, absoluteEnd));
    },

    removeFromIndex: async (index, id) => {
      const members = indexes.get(indexKey(index));
      members?.delete(id);
      if (members?.size === 0) indexes.delete(indexKey(index));
    },

    readIndex: async (index, time) => [...living(index, time).keys()],

    putCut: async ({ kind, id }, cut, ttlMs) => {
      const key = `out:${kind}:${id}`;
      const old = JSON.parse(get(key) ?? '{}') as Cut;
      const merged: Cut = {
        ...((cut.startedBy ?? 0) >= (old.startedBy ?? 0)
          ? cut
          : { ...cut, startedBy: old.startedBy!, ...(old.except ? { except: old.except } : {}) }),
        ...((old.issuedBy ?? 0) > (cut.issuedBy ?? 0) ? { issuedBy: old.issuedBy! } : {}),
        ...((old.cameAt ?? 0) > (cut.cameAt ?? 0) ? { cameAt: old.cameAt! } : {}),
      };
      set(key, JSON.stringify(merged), Math.max(ttlMs, (records.get(key)?.expiresAt ?? 0) - now()));
    },

    putLogoutToken: async (id, value, ttlMs) => {
      const known = get(`jti:${id}`);
      if (known === null) set(`jti:${id}`, value, ttlMs);
      return known ?? value;
    },

    readCuts: async (names) => names.map(({ kind, id }) => get(`out:${kind}:${id}`)),

    health: async () => ({
      kind: 'memory',
      ok: true,
      warnings: ['Sessions live in the memory of this process.'],
    }),

    close: async () => {
      records.clear();
      indexes.clear();
    },
  };
}
