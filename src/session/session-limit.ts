import { LoginError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { SessionLock } from '../store/session-lock.ts';
import type { Store } from '../store/store.ts';
import type { Identity, IdentityReader } from './identity.ts';
import type { SessionEnding } from './session-ending.ts';
import type { SessionIndexes } from './session-indexes.ts';

/** How many sessions a user may have at once, and what gives way. */
export interface SessionLimit {
  /**
   * Decides about a new session, whose record stands already: of two that come at once each would count the other, so
   * that one is decided after the other. The oldest sessions of its user end, or it is refused.
   *
   * @throws LoginError `login_limited`; StoreError when nobody knows.
   */
  admit(session: AdmittedSession): Promise<void>;
}

/** A session that has just been created. */
export interface AdmittedSession {
  readonly key: string;
  readonly identity: Identity;
  /** The session of the same browser and person whose place it takes: it does not count. */
  readonly replaces: string | undefined;
}

/** What it is made of. */
export interface SessionLimitOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly indexes: SessionIndexes;
  readonly readIdentity: IdentityReader;
  readonly ending: SessionEnding;
  readonly lock: SessionLock;
  readonly maxPerUser: number;
  readonly whenTooMany: 'end_oldest' | 'refuse';
}

/** Makes it over a store. */
export function createSessionLimit(options: SessionLimitOptions): SessionLimit {
  const { store, keys, indexes, readIdentity, ending, lock, maxPerUser, whenTooMany } = options;

  const readLiving = async (key: string): Promise<LivingSession | undefined> => {
    const { login } = await store.readSession(key);
    const identity = readIdentity(login);
    if (!login || !identity || (await ending.endIfExpired(key, login))) return undefined;
    return { key, loginId: identity.loginId, loggedInAt: identity.loggedInAt };
  };

  /** Of the user and client, the oldest first. What is in the index without a record does not count. */
  const findOthers = async ({ key: own, identity, replaces }: AdmittedSession): Promise<LivingSession[]> => {
    const { issuer, clientId, sub } = identity;
    const found = new Map<string, LivingSession>();
    for (const index of indexes.toSearch({ issuer, clientId, sub })) {
      for (let from: string | undefined = '0'; from !== undefined; ) {
        const page: Awaited<ReturnType<Store['scanIndex']>> = await store.scanIndex(index, from);
        const others = page.keys.filter((key) => key !== own && key !== replaces);
        const living = await Promise.all(others.map(readLiving));
        // One whose id is changing is found under both.
        for (const session of living) if (session) found.set(session.loginId, session);
        from = page.next;
      }
    }
    return [...found.values()].sort((a, b) => a.loggedInAt - b.loggedInAt);
  };

  const decide = async (session: AdmittedSession): Promise<void> => {
    const others = await findOthers(session);
    const excess = others.length + 1 - maxPerUser;
    if (excess <= 0) return;
    // One that came at the same time may have ended this one already: then that one stands.
    if (whenTooMany === 'refuse' || !(await readLiving(session.key))) {
      // Here and not by the caller: whoever is decided next must not count it.
      await ending.discard(session.key);
      throw new LoginError(
        `This user has ${others.length} sessions, and session.maxPerUser is ${maxPerUser}.`,
        {
          code: 'login_limited',
        },
      );
    }
    await Promise.all(others.slice(0, excess).map(({ key }) => ending.end({ key }, 'limit')));
  };

  return {
    admit: async (session) => {
      const { issuer, clientId, sub } = session.identity;
      const name = keys.name('sessions of', issuer, clientId, sub);
      await lock.hold(name, { work: () => decide(session) });
    },
  };
}

interface LivingSession {
  readonly key: string;
  readonly loginId: string;
  readonly loggedInAt: number;
}
