import type { Clock } from '../clock.ts';
import { LoginError } from '../errors.ts';
import type { StoredLogin } from '../store/record-format.ts';
import { AFTERLIFE_MS, type Store } from '../store/store.ts';
import { createThrottle } from '../throttle.ts';
import { encodeIdentity, type Identity, type NewIdentity } from './identity.ts';
import { isEndedByAny } from './mark-rules.ts';
import type { IndexedLogin, SessionIndexes } from './session-indexes.ts';

/** The records of single sessions: made as a whole, with their entries in the indexes, and kept alive. */
export interface SessionRecords {
  /** Why a login does not count any more; `undefined` while it does. @param time - default: by this process's clock. */
  findExpiry(login: StoredLogin, time?: number): SessionExpiry | undefined;
  /** Whether a session is to be kept alive now: once a minute. */
  isTouchDue(key: string): boolean;
  /** Lets the next touch of this key go to the store at once. */
  forgetTouch(key: string): void;
  /**
   * Index first, then the records, then a look for a logout, from outside or of the same browser: in any interleaving the
   * logout wins. With that look the index is written again: a failover may have lost it before the records came. Returns
   * the identity with its end.
   *
   * @param endsAt - of the session whose place this one takes.
   * @throws LoginError `login_ended` when the logout did; StoreError: it may be there, or come to be, all the same.
   */
  create(key: string, session: NewSession): Promise<Identity>;
  /** Takes a session out of its indexes, as well as the store allows: what stays there is found to be nothing. */
  removeFromIndexes(key: string, login: IndexedLogin): Promise<void>;
}

/** What a session begins with. */
export interface NewSession {
  readonly identity: NewIdentity;
  readonly tokens: Buffer;
  readonly data: string;
  readonly endsAt?: number | undefined;
  /** When it must be over, in milliseconds by the provider's clock. */
  readonly endsBy?: number | undefined;
  /** Asked when the records are there: whether a logout of the same browser has come meanwhile. @default none has */
  readonly isCancelled?: (() => Promise<boolean>) | undefined;
}

/** `idle_timeout`: nothing came for too long; `absolute_timeout`: the login has reached its last moment. */
export type SessionExpiry = 'idle_timeout' | 'absolute_timeout';

/** What they are made of. */
export interface SessionRecordsOptions {
  readonly store: Store;
  readonly indexes: SessionIndexes;
  readonly idleTimeoutMs: number;
  readonly absoluteTimeoutMs: number;
  readonly now: Clock;
  readonly monotonic: Clock;
}

/** Makes them over a store. */
export function createSessionRecords(options: SessionRecordsOptions): SessionRecords {
  const { store, indexes, idleTimeoutMs, absoluteTimeoutMs, now, monotonic } = options;
  const touches = createThrottle(Math.min(60_000, idleTimeoutMs / 4), monotonic);

  return {
    findExpiry: ({ seenAt, endsAt }, time = now()) => {
      if (endsAt <= time) return 'absolute_timeout';
      return time - seenAt <= idleTimeoutMs ? undefined : 'idle_timeout';
    },

    isTouchDue: touches.isDue,
    forgetTouch: touches.forget,

    create: async (
      key,
      { identity, tokens, data, endsAt, endsBy = Number.POSITIVE_INFINITY, isCancelled },
    ) => {
      const names = indexes.holding(identity);
      // A session that takes another's place ends before this; its entry may stay a while longer.
      const indexedForMs = absoluteTimeoutMs + AFTERLIFE_MS;
      await store.addToIndexes(names, key, indexedForMs);
      const records = { identity: encodeIdentity(identity), tokens, data };
      // Whole milliseconds: Redis takes no others.
      const absoluteMs = Math.max(1, Math.min(absoluteTimeoutMs, Math.floor(endsBy - now())));
      const written = await store.writeLogin(key, records, { idleMs: idleTimeoutMs, absoluteMs, endsAt });
      const entry = { key, endsAt: (written?.endsAt ?? 0) + AFTERLIFE_MS };
      const [marks, isOver] = await Promise.all([
        store.keepInIndexes(names, entry, indexes.openMarks),
        isCancelled?.(),
      ]);
      if (!written || isOver || isEndedByAny(identity, marks))
        throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
      touches.mark(key);
      return { ...identity, absoluteEnd: written.endsAt };
    },

    removeFromIndexes: async (key, login) => {
      const removals = indexes.holding(login).map((name) => store.removeFromIndex(name, key));
      await Promise.allSettled(removals);
    },
  };
}
