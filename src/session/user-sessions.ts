import type { Clock } from '../clock.ts';
import type { LogoutReason } from '../events.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { LogoutMark } from '../store/logout-mark.ts';
import type { IndexName, Store } from '../store/store.ts';
import type { BrowserSession } from './browser-session.ts';
import type { Identity, IdentityReader } from './identity.ts';
import { isEndedBy, markForLiveSessions } from './mark-rules.ts';
import type { EndTarget, SessionEnding } from './session-ending.ts';
import { createSessionHandles } from './session-handles.ts';
import { isTarget, type SessionIndexes, type SessionTarget } from './session-indexes.ts';

/** Somebody at a provider. Only the pair is unique. */
export interface UserName {
  readonly issuer: string;
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

/** Which sessions to list, and how many. */
export interface ListChoice {
  /** The browser that asks. */
  readonly current?: BrowserSession | undefined;
  readonly limit: number;
}

/** Sessions found by who they belong to, and ended without their browsers. */
export interface UserSessions {
  /** The sessions that live now, the one seen last first: of the newest, at most so many. */
  list(user: UserName, choice: ListChoice): Promise<readonly UserSession[]>;
  /** Ends one session. False: there was none any more. */
  revoke(handle: string): Promise<boolean>;
  /** Ends all sessions of a user but that of this browser; logins begun by now do not come to life either. */
  revokeOthers(current: BrowserSession): Promise<number>;
  /** Ends all sessions of a user; logins begun by now do not come to life either. Returns how many it ended. */
  revokeAll(user: UserName): Promise<number>;
  /**
   * Ends what a logout from outside means: first the mark, then whatever it ends that lives already.
   *
   * @throws StoreError when something could not be reached; everything else has ended.
   */
  endByMark(target: SessionTarget, mark: LogoutMark, reason: LogoutReason): Promise<number>;
}

/** What they are made of. */
export interface UserSessionsOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly indexes: SessionIndexes;
  readonly ending: SessionEnding;
  readonly readIdentity: IdentityReader;
  /** The clients of an issuer that the options have. */
  readonly clientsOf: (issuer: string) => readonly string[];
  readonly now: Clock;
}

/** Reads and removals under way at once, so that a million sessions take neither memory nor all of Redis. */
const BATCH = 50;
/** A list looks at no more of an index. */
const MAX_READ = 10_000;

interface LiveSession {
  readonly key: string;
  readonly identity: Identity;
  readonly seenAt: number;
}

/** Makes them over a store. */
export function createUserSessions(options: UserSessionsOptions): UserSessions {
  const { store, keys, indexes, ending, readIdentity, clientsOf, now } = options;

  const readLive = async (key: string): Promise<LiveSession | undefined> => {
    const { login } = await store.readSession(key);
    const identity = readIdentity(login);
    if (!login || !identity || (await ending.endIfExpired(key, login))) return undefined;
    return { key, identity, seenAt: login.seenAt };
  };

  /** Of the newest: what has ended takes the place of none that lives, as far as {@link MAX_READ}. */
  const findLive = async (names: readonly IndexName[], limit: number) => {
    const seen = new Set<string>();
    const found: LiveSession[] = [];
    for (let count = limit; ; count = Math.min(count * 4, MAX_READ)) {
      // What is not found stays in the index until its end: it may be a login that is just being written.
      const newest = await Promise.all(names.map((name) => store.readNewest(name, count)));
      const unread = [...new Set(newest.flat())].filter((key) => !seen.has(key));
      for (const key of unread) seen.add(key);
      const read = await inBatches(unread, readLive);
      found.push(...read.filter((session) => session !== undefined));
      const isAll = newest.every((keys) => keys.length < count);
      if (isAll || found.length >= limit || count >= MAX_READ) return found;
    }
  };

  const handles = createSessionHandles(keys);

  /** Ends one session. True: by this, for this reason. */
  const endOne = async (target: EndTarget, reason: LogoutReason): Promise<boolean> => {
    const ended = await ending.end(target, reason);
    return (
      typeof ended === 'object' && ended.isFirst && ended.identity !== undefined && ended.reason === reason
    );
  };

  /** Page by page, so that neither we nor Redis hold all of them at once. */
  const endIndexed = async (
    index: IndexName,
    target: Omit<EndTarget, 'key'>,
    reason: LogoutReason,
    note: (fault: unknown) => void,
  ): Promise<number> => {
    let count = 0;
    for (let from: string | undefined = '0'; from !== undefined; ) {
      const page: Awaited<ReturnType<Store['scanIndex']>> = await store.scanIndex(index, from);
      await inBatches(page.keys, async (key) => {
        // What cannot be reached keeps nothing else from ending.
        const ended = await endOne({ ...target, key }, reason).catch(note);
        if (ended) count += 1;
      });
      from = page.next;
    }
    return count;
  };

  /** A frame proves nothing of who loads it: whoever invents names fills nothing by it. */
  const leaveMark = (name: IndexName, mark: LogoutMark, reason: LogoutReason) =>
    reason === 'front_channel'
      ? store.putOpenMark(indexes.openMarks, name, mark.startedBy ?? now())
      : store.putMark(name, mark);

  const endByMark: UserSessions['endByMark'] = async (target, mark, reason) => {
    const names = indexes.toSearch(target);
    // The first one: there may be as many as sessions.
    let firstFault: unknown;
    const note = (fault: unknown) => {
      firstFault ??= fault;
    };
    // A full server takes no mark. What lives ends all the same; what is under way is to be ended by trying again.
    await Promise.all(names.map((name) => leaveMark(name, mark, reason).catch(note)));
    const live = markForLiveSessions(mark);
    const isMeant = (login: Identity) => isTarget(login, target) && isEndedBy(login, live);
    const told = new Set<string>();
    let count = 0;
    for (const name of names)
      count += (await endIndexed(name, { isMeant, told }, reason, note).catch(note)) ?? 0;
    if (firstFault !== undefined) throw firstFault;
    return count;
  };

  /** With every client of the issuer. */
  const endUser = async ({ issuer, sub }: UserName, mark: LogoutMark): Promise<number> => {
    const ends = clientsOf(issuer).map((clientId) => endByMark({ issuer, clientId, sub }, mark, 'revoked'));
    const settled = await Promise.allSettled(ends);
    const failed = settled.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return settled.reduce((sum, outcome) => sum + (outcome.status === 'fulfilled' ? outcome.value : 0), 0);
  };

  return {
    endByMark,
    revokeAll: (user) => endUser(user, { startedBy: now() }),
    revokeOthers: async ({ identity }) => {
      if (!identity) return 0;
      return endUser(identity, { startedBy: now(), except: identity.loginId });
    },

    revoke: async (handle) => {
      const key = handles.read(handle);
      return key !== undefined && endOne({ key }, 'revoked');
    },

    list: async ({ issuer, sub }, { current, limit }) => {
      const names = clientsOf(issuer).flatMap((clientId) => indexes.toSearch({ issuer, clientId, sub }));
      const found = await findLive(names, limit);
      const currentKey = current?.id && keys.sessionKey(current.id);
      return found
        .sort((a, b) => b.seenAt - a.seenAt)
        .slice(0, limit)
        .map(({ key, identity, seenAt }) => ({
          handle: handles.of(key),
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
