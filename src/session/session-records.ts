import type { Clock } from '../clock.ts';
import { LoginError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { Store } from '../store/store.ts';
import { indexesOf, isCut } from './cut.ts';
import { decodeEndedIdentity, encodeIdentity, type Identity } from './identity.ts';
import { createTouchThrottle } from './touch-throttle.ts';

/** The records of single sessions: made and ended as a whole, with their entries in the indexes. */
export interface SessionRecords {
  /** Why a login does not count any more; `undefined` while it does. */
  findExpiry(identity: Identity, seenAt: number | null): SessionExpiry | undefined;
  /** How long a session's records live from now, in milliseconds. */
  lifeOf(identity: Identity | undefined): number;
  /** Moves the idle end at most once a minute, and holds up nobody: a lost touch costs a minute. */
  touch(key: string, identity: Identity | undefined): void;
  /**
   * Index first, then the records, then a look for a logout from outside: in any interleaving the logout wins.
   *
   * @throws LoginError `login_ended` when it did.
   */
  create(id: string, identity: Identity, records: { tokens: string; data: string }): Promise<void>;
  /**
   * Removes a session, following the pointer of an id change. Returns who was logged in; of several callers one is
   * told, and those who know from reading it: a client that lost the reply asks again, and finds nothing any more.
   */
  end(key: string, known?: Identity): Promise<EndedLogin>;
  /** Cleans up behind a session whose records are gone. */
  forget(key: string, identity: Identity): Promise<void>;
}

/** What there was in a session that has ended. */
export interface EndedLogin {
  /** `undefined`: nobody was logged in. */
  readonly identity: Identity | undefined;
  /** The sealed tokens as they were in that moment, after any refresh. */
  readonly tokens: string | undefined;
}

/** `idle_timeout`: nothing came for too long; `absolute_timeout`: the login has reached its last moment. */
export type SessionExpiry = 'idle_timeout' | 'absolute_timeout';

export interface SessionRecordsOptions {
  readonly store: Store;
  readonly idleTimeoutMs: number;
  readonly now: Clock;
}

/** Records stay this long beyond their end, so that whoever comes back in time can be told why it ended. */
const AFTERLIFE_MS = 3_600_000;

export function createSessionRecords({ store, idleTimeoutMs, now }: SessionRecordsOptions): SessionRecords {
  const touches = createTouchThrottle({ intervalMs: Math.min(60_000, idleTimeoutMs / 4), now });

  const lifeOf = (identity: Identity | undefined) => {
    if (!identity) return idleTimeoutMs;
    return Math.max(1, Math.ceil(Math.min(idleTimeoutMs, identity.absoluteEnd - now()) + AFTERLIFE_MS));
  };

  const forget = async (key: string, identity: Identity) => {
    touches.forget(key);
    await Promise.all(indexesOf(identity).map((index) => store.removeFromIndex(index, key)));
  };

  const end = async (key: string, known?: Identity) => {
    let target: string | undefined = key;
    let identity = known;
    let tokens: string | undefined;
    while (target !== undefined) {
      const ended = await store.endSession(target);
      tokens ??= ended.tokens ?? undefined;
      identity = decodeEndedIdentity(ended.auth) ?? identity;
      if (identity) await forget(target, identity);
      touches.forget(target);
      target = ended.movedTo;
    }
    return { identity, tokens };
  };

  return {
    lifeOf,
    forget,
    end,

    // By our clock and our own note of the last touch, whatever the lives of the records say.
    findExpiry: ({ absoluteEnd, loggedInAt }, seenAt) => {
      if (absoluteEnd <= now()) return 'absolute_timeout';
      // Said so that a time that is none ends the session.
      return now() - (seenAt ?? loggedInAt) <= idleTimeoutMs ? undefined : 'idle_timeout';
    },

    touch: (key, identity) => {
      if (!touches.isDue(key)) return;
      store.touchSession(key, lifeOf(identity), now()).catch(() => touches.forget(key));
    },

    create: async (id, identity, { tokens, data }) => {
      const key = hash(id);
      const indexes = indexesOf(identity);
      await Promise.all(indexes.map((index) => store.addToIndex(index, key, identity.absoluteEnd, now())));
      await store.writeLogin(key, { auth: encodeIdentity(identity), tokens, data }, lifeOf(identity), now());
      if (isCut(identity, await store.readCuts(indexes))) {
        await end(key);
        throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
      }
      touches.mark(key);
    },
  };
}
