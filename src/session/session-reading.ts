import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import { walkMoves } from '../store/session-moves.ts';
import type { ReadChoice, Store, StoredSession } from '../store/store.ts';
import { type BrowserSession, createBrowserSession, setCurrentSession } from './browser-session.ts';
import { decodeIdentity, type Identity, type IdentityReader } from './identity.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { SessionEnding } from './session-ending.ts';
import type { SessionRecords } from './session-records.ts';
import type { SessionUpkeep } from './session-upkeep.ts';
import type { TokenDemand } from './token-demand.ts';

/** Finds the sessions of browsers. Every method rejects with `StoreError` when the store fails, unless it says otherwise. */
export interface SessionReading {
  /**
   * Finds the session of a request: its cookie, then one read; without a cookie at once. A fault of the store is kept in
   * the result.
   */
  read(req: IncomingMessage): Promise<BrowserSession> | BrowserSession;
  /** The same by an id that the browser was given: for a request that could not bring its cookie. */
  readById(id: string): Promise<BrowserSession>;
  /** Keeps a living session alive, behind the caller's back. False: it is over, or damaged; see `keepUp`. */
  touch(browser: BrowserSession): boolean;
  /**
   * Does what reading leaves to be done: ends a session that is over, removes what is damaged. A fault of the store is
   * kept in `browser`.
   */
  keepUp(browser: BrowserSession, req?: Request): Promise<void>;
  /** The key under which a session lives now, by the one it had. `undefined`: it has ended. */
  findLiveKey(key: string): Promise<string | undefined>;
  /** Whether a session lives, under this id or a newer one. In doubt it does not: the store may be away. */
  hasLiveSession(id: string): Promise<boolean>;
  /** The session under this key, or under the one it has moved to. */
  findLive(key: string): Promise<FoundSession | undefined>;
  /** Reads the application's data as it is now. */
  readData(id: string): Promise<string | null>;
}

/** A session as it was found, with somebody logged in or not. */
export interface FoundSession {
  readonly key: string;
  readonly identity: Identity | undefined;
  readonly data: string | null;
}

/** What it is made of. */
export interface SessionReadingOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly readIdentity: IdentityReader;
  readonly records: SessionRecords;
  readonly ending: SessionEnding;
  readonly cookie: SessionCookie;
  readonly upkeep: SessionUpkeep;
  /** Says whether tokens are read with a session. */
  readonly tokenDemand: TokenDemand;
  readonly monotonic: Clock;
  /** Told of damage found in the store. */
  readonly reportError: (error: unknown) => Promise<void>;
}

/** Makes it over a store. */
export function createSessionReading(options: SessionReadingOptions): SessionReading {
  const { store, keys, readIdentity, records, ending, upkeep, cookie } = options;
  const { tokenDemand, monotonic, reportError } = options;

  const readSession = (id: string, choice?: ReadChoice): Promise<BrowserSession> => {
    const key = keys.sessionKey(id);
    return store.readSession(key, choice).then(
      (stored) => toBrowserSession({ id, key }, stored),
      (error) => {
        if (!(error instanceof StoreError)) throw error;
        return createBrowserSession({ id, key, fault: error });
      },
    );
  };

  const toBrowserSession = (
    { id, key }: { id: string; key: string },
    { login, data, tokens: sealed, unreadable }: StoredSession,
  ): BrowserSession => {
    if (!login && !unreadable) return createBrowserSession({ id, key, data });
    const identity = readIdentity(login);
    // Data beside a login that does not count here is not to be had.
    if (!login || !identity) {
      const isDamaged = unreadable === 'damaged' || (login !== undefined && !decodeIdentity(login));
      return createBrowserSession({ id, key, isDamaged });
    }
    const expiry = records.findExpiry(login);
    if (expiry) return createBrowserSession({ id, key, expired: { identity, data, expiry } });
    const tokens = sealed && { sealed, at: monotonic() };
    return createBrowserSession({ id, key, identity, data, tokens });
  };

  const endExpired = async (browser: BrowserSession, req: Request | undefined): Promise<boolean> => {
    const { id, expired } = browser;
    const { identity, data, expiry } = expired!;
    try {
      const ended = await ending.end({ key: keys.sessionKey(id!), ifExpired: true }, expiry, req);
      const isAlive = ended === 'alive';
      setCurrentSession(browser, isAlive ? { id, identity, data } : { id });
      return isAlive;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      setCurrentSession(browser, { id, fault: error });
      return true;
    }
  };

  const touch: SessionReading['touch'] = ({ id, key, identity, data, expired, isDamaged }) => {
    if (expired || isDamaged) return false;
    if (id !== undefined && (identity || data !== null)) upkeep.touch(key ?? keys.sessionKey(id), identity);
    return true;
  };

  /** Told, because nobody else will ever hear of it. What put it there may go on doing so. */
  const removeDamaged = async (key: string) => {
    await ending.discard(key);
    const code = 'store_damaged';
    await reportError(new StoreError('The record of a session was damaged, and has been removed.', { code }));
  };

  /** The session under this key, or under the one it has moved to. */
  const findLive = async (key: string): Promise<FoundSession | undefined> => {
    const walk = await walkMoves<FoundSession | undefined>(key, async (current) => {
      const { login, data, movedTo } = await store.readSession(current);
      if (movedTo !== undefined) return { movedTo };
      const identity = readIdentity(login);
      if (!login || !identity || (await ending.endIfExpired(current, login))) return { found: undefined };
      return { found: { key: current, identity, data } };
    });
    return walk.found;
  };

  return {
    readById: (id) => readSession(id),

    read: (req) => {
      const id = cookie.read(req);
      if (id === undefined) return createBrowserSession();
      return readSession(id, { mayRefuse: true, withTokens: tokenDemand.expect() });
    },

    touch,

    keepUp: async (browser, req) => {
      const { id, expired, isDamaged } = browser;
      if (id === undefined) return;
      if (isDamaged) removeDamaged(keys.sessionKey(id)).catch(() => undefined);
      if (expired && !(await endExpired(browser, req))) return;
      touch(browser);
    },

    findLive,
    findLiveKey: async (key) => (await findLive(key))?.key,
    hasLiveSession: async (id) => {
      const found = await findLive(keys.sessionKey(id)).catch(() => undefined);
      return found !== undefined;
    },

    readData: async (id) => (await store.readSession(keys.sessionKey(id))).data,
  };
}
