import type { Clock } from '../clock.ts';
import type { LogoutReason } from '../events.ts';
import { hash } from '../keys.ts';
import type { Cut, Store } from '../store/store.ts';
import type { BrowserSession } from './browser-session.ts';
import { CUT_LIFE_MS, forLiving, indexesToEnd, isCutBy, isTarget, type SessionTarget } from './cut.ts';
import { decodeEndedIdentity, decodeIdentity, findSuccessor, type Identity } from './identity.ts';
import type { SessionRecords } from './session-records.ts';

/** Somebody at a provider. Only the pair is unique. */
export interface UserName {
  readonly iss: string;
  readonly sub: string;
}

/** One session of a user, as it may be shown to them. */
export interface UserSession {
  /** Names the session for `revoke()`. Opens nothing. */
  readonly handle: string;
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly loggedInAt: Date;
  /** Exact to a minute. */
  readonly lastSeenAt: Date;
  /** When it ends in any case. */
  readonly expiresAt: Date;
  /** What `session.describe` recorded at the login. */
  readonly description: string | undefined;
  /** Whether it is the session of the browser that asks. */
  readonly current: boolean;
}

/** Sessions found by who they belong to, and ended without their browsers. Each that ended is told to `onEnded`. */
export interface UserSessions {
  /** The sessions that live now, the one seen last first. */
  list(user: UserName, current?: BrowserSession): Promise<readonly UserSession[]>;
  /** Ends one session. False: there was none any more. */
  revoke(handle: string): Promise<boolean>;
  /** Ends all sessions of a user but that of this browser; logins begun by now do not come to life either. */
  revokeOthers(current: BrowserSession): Promise<number>;
  /** Ends all sessions of a user; logins begun by now do not come to life either. Returns how many it ended. */
  revokeAll(user: UserName): Promise<number>;
  /** Ends what a logout from outside means: first the cut, then whatever it ends that lives already. */
  endByCut(target: SessionTarget, cut: Cut, reason: LogoutReason): Promise<number>;
}

/** A session that has ended, and why: also one that had come to its own end, and that nobody came back to. */
interface EndedSession {
  readonly identity: Identity;
  readonly reason: LogoutReason;
}

export interface UserSessionsOptions {
  readonly store: Store;
  readonly records: SessionRecords;
  readonly now: Clock;
  readonly onEnded: (identity: Identity, reason: LogoutReason) => Promise<void>;
}

/** Reads and removals under way at once, so that a thousand sessions take neither memory nor for ever. */
const BATCH = 50;

/** The hash of a session id. An application may hand on what a browser sent. */
const HANDLE = /^[\w-]{43}$/;

export function createUserSessions({ store, records, now, onEnded }: UserSessionsOptions): UserSessions {
  const readLiving = async (key: string) => {
    const { auth, seenAt } = await store.readSession(key);
    const identity = decodeIdentity(auth, now());
    if (!identity || records.findExpiry(identity, seenAt)) return undefined;
    return { key, identity, seenAt: seenAt ?? identity.loggedInAt };
  };

  /** Ends the session under this key, or that of its new id, if its login is meant. Of several callers one is told. */
  const endOne = async (
    key: string,
    reason: LogoutReason,
    isMeant: (login: Identity) => boolean,
  ): Promise<EndedSession | undefined> => {
    const { auth, seenAt } = await store.readSession(key);
    if (auth === null) return undefined;
    // An id change between the reading of the index and now: the new id was not in it.
    const successor = findSuccessor(auth);
    if (successor !== undefined) return endOne(successor, reason, isMeant);
    // The record of another version cannot be asked whether it is meant. In doubt, it is.
    const login = decodeEndedIdentity(auth);
    if (login && !isMeant(login)) return undefined;
    const expiry = login && records.findExpiry(login, seenAt);
    const { identity } = await records.end(key);
    if (identity) return { identity, reason: expiry ?? reason };
    // The reply may have been lost, and the command sent again: what it found the first time nobody was told.
    if (login) await records.forget(key, login);
    return undefined;
  };

  const endByCut: UserSessions['endByCut'] = async (target, cut, reason) => {
    const indexes = indexesToEnd(target);
    await Promise.all(indexes.map((index) => store.putCut(index, cut, CUT_LIFE_MS)));
    const living = forLiving(cut);
    const isMeant = (login: Identity) => isTarget(login, target) && isCutBy(login, living);
    // By login: while its id changes it is there under both.
    const ended = new Map<string, EndedSession>();
    try {
      await tryAll(indexes, async (index) => {
        await tryAll(await store.readIndex(index, now()), async (key) => {
          const session = await endOne(key, reason, isMeant);
          if (session) ended.set(session.identity.loginId, session);
        });
      });
    } finally {
      // Also when the rest could not be ended: nobody comes back to tell of these.
      await inBatches([...ended.values()], (session) => onEnded(session.identity, session.reason));
    }
    return [...ended.values()].filter((session) => session.reason === reason).length;
  };

  return {
    endByCut,
    revokeAll: ({ iss, sub }) => endByCut({ issuer: iss, sub }, { startedBy: now() }, 'revoked'),
    revokeOthers: async ({ identity }) => {
      if (!identity) return 0;
      const { issuer, sub, loginId } = identity;
      return endByCut({ issuer, sub }, { startedBy: now(), except: loginId }, 'revoked');
    },

    revoke: async (handle) => {
      if (typeof handle !== 'string' || !HANDLE.test(handle)) return false;
      const ended = await endOne(handle, 'revoked', () => true);
      if (ended) await onEnded(ended.identity, ended.reason);
      return ended?.reason === 'revoked';
    },

    list: async ({ iss, sub }, current) => {
      const [index] = indexesToEnd({ issuer: iss, sub });
      // What is not found stays in the index until its absolute end: it may be a login that is just being written.
      const found = await inBatches(await store.readIndex(index!, now()), readLiving);
      const currentKey = current?.id && hash(current.id);
      return found
        .filter((session) => session !== undefined)
        .sort((a, b) => b.seenAt - a.seenAt)
        .map(({ key, identity, seenAt }) => ({
          handle: key,
          provider: identity.provider,
          loggedInAt: new Date(identity.loggedInAt),
          lastSeenAt: new Date(seenAt),
          expiresAt: new Date(identity.absoluteEnd),
          description: identity.description,
          current: key === currentKey,
        }));
    },
  };
}

/** Works on all items, a batch at a time. The first fault is the end of it. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    results.push(...(await Promise.all(items.slice(start, start + BATCH).map(work))));
  }
  return results;
}

/**
 * The same, but what cannot be reached keeps nothing else from being worked on.
 *
 * @throws the first fault, in the end.
 */
async function tryAll<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const faults: unknown[] = [];
  await inBatches(items, (item) => work(item).catch((fault) => faults.push(fault)));
  if (faults.length > 0) throw faults[0];
}
