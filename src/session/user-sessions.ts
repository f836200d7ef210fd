import type { Clock } from '../clock.ts';
import { hash } from '../keys.ts';
import type { Cut, Store } from '../store/store.ts';
import type { BrowserSession } from './browser-session.ts';
import { indexesToEnd, isCutBy, isTarget, type SessionTarget } from './cut.ts';
import { decodeIdentity, type Identity } from './identity.ts';
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

/** Sessions found by who they belong to, and ended without their browsers. */
export interface UserSessions {
  /** The sessions that live now, the one seen last first. */
  list(user: UserName, current?: BrowserSession): Promise<readonly UserSession[]>;
  /** Ends one session. `undefined`: there was none any more. */
  revoke(handle: string): Promise<Identity | undefined>;
  /** Ends all sessions of a user but that of this browser; logins begun by now do not come to life either. */
  revokeOthers(current: BrowserSession): Promise<readonly Identity[]>;
  /** Ends all sessions of a user; logins begun by now do not come to life either. */
  revokeAll(user: UserName): Promise<readonly Identity[]>;
  /** Ends what a logout from outside means: first the cut, then whatever it ends that lives already. */
  endByCut(target: SessionTarget, cut: Cut): Promise<readonly Identity[]>;
}

export interface UserSessionsOptions {
  readonly store: Store;
  readonly records: SessionRecords;
  readonly now: Clock;
}

/** A pending login's life and a callback's bound: until then a login begun before the cut may still arrive. */
const CUT_LIFE_MS = 900_000;
/** Reads and removals under way at once, so that a thousand sessions take neither memory nor for ever. */
const BATCH = 50;

export function createUserSessions({ store, records, now }: UserSessionsOptions): UserSessions {
  const readLiving = async (key: string) => {
    const { auth, seenAt } = await store.readSession(key);
    const identity = decodeIdentity(auth, now());
    if (!identity || records.findExpiry(identity, seenAt)) return undefined;
    return { key, identity, seenAt: seenAt ?? identity.loggedInAt };
  };

  const endByCut: UserSessions['endByCut'] = async (target, cut) => {
    const indexes = indexesToEnd(target);
    await Promise.all(indexes.map((index) => store.putCut(index, cut, CUT_LIFE_MS)));
    const ended: Identity[] = [];
    for (const index of indexes) {
      const found = await inBatches(await store.readIndex(index, now()), async (key) => {
        const { auth } = await store.readSession(key);
        // An id change under way: its pointer leads to the new record, which is in the index as well or finds the cut.
        const identity = decodeIdentity(auth, now());
        if (!identity || !isTarget(identity, target) || !isCutBy(identity, cut)) return undefined;
        return records.end(key);
      });
      ended.push(...found);
    }
    return ended;
  };

  return {
    endByCut,
    revoke: (handle) => records.end(handle),
    revokeAll: ({ iss, sub }) => endByCut({ issuer: iss, sub }, { startedBy: now() }),
    revokeOthers: async ({ identity }) => {
      if (!identity) return [];
      const { issuer, sub, loginId } = identity;
      return endByCut({ issuer, sub }, { startedBy: now(), except: loginId });
    },

    list: async ({ iss, sub }, current) => {
      const [index] = indexesToEnd({ issuer: iss, sub });
      const keys = await store.readIndex(index!, now());
      const currentKey = current?.id && hash(current.id);
      const sessions = await inBatches(keys, async (key) => {
        const living = await readLiving(key);
        // The index cleans itself where somebody looks.
        if (!living) await store.removeFromIndex(index!, key);
        return living;
      });
      return sessions
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

/** Works on all items, a batch at a time, and keeps what is not `undefined`. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R | undefined>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = await Promise.all(items.slice(start, start + BATCH).map(work));
    results.push(...batch.filter((result) => result !== undefined));
  }
  return results;
}
