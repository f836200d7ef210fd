import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { LoginError, LoginRequiredError, StoreError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { Store } from '../store/store.ts';
import { type BrowserSession, createBrowserSession, moveTo } from './browser-session.ts';
import { CUT_LIFE_MS } from './cut.ts';
import {
  decodeEndedIdentity,
  decodeIdentity,
  findSuccessor,
  type Identity,
  isDamagedIdentity,
} from './identity.ts';
import type { SessionCookie } from './session-cookie.ts';
import { withSessionLock } from './session-lock.ts';
import type { EndedLogin, SessionRecords } from './session-records.ts';

/** The sessions of all browsers. Every method rejects with `StoreError` when the store fails. */
export interface Sessions {
  /** Finds the session of a request: its cookie, then one read. A fault of the store is kept in the result. */
  read(req: IncomingMessage): Promise<BrowserSession>;
  /**
   * Finds the session of a request that could not bring its cookie, by the id that the browser was given.
   *
   * @throws StoreError
   */
  restore(browser: BrowserSession, id: string): Promise<void>;
  /**
   * Makes the session whose end failed with the store, by the cookie that was left for that, the one of this browser
   * again, for a logout to end. One of nobody, that the browser has got since, ends.
   *
   * @throws StoreError when it is away still.
   */
  restoreUnended(req: IncomingMessage, res: ServerResponse, browser: BrowserSession): Promise<void>;
  /** Ends that session beside the one of this browser. */
  endUnended(req: IncomingMessage, res: ServerResponse): Promise<EndedLogin>;
  /** A new session id: 256 random bits. */
  newId(): string;
  /**
   * Makes `id` the session of this browser, logged in as `identity`. What the browser had before ends, and is returned
   * if somebody else was logged in there. For the same person it is a change of id.
   *
   * @throws LoginError `login_ended` when a logout overtook the login, `login_expired` when nobody could know any more.
   */
  logIn(browser: BrowserSession, res: ServerResponse, login: NewLogin): Promise<EndedLogin | undefined>;
  /** Ends the session here. The cookie goes even when the store fails; another stays then, which can only end it. */
  logOut(browser: BrowserSession, res: ServerResponse): Promise<EndedLogin>;
  /** Cleans up behind a session whose records are gone already; `auth` is the identity it had. */
  forgetEnded(key: string, auth: string | null): Promise<Identity | undefined>;
  /** Removes a session's records and leaves the cookie to the caller. */
  discard(browser: BrowserSession): Promise<void>;
  /**
   * Gives a logged-in session a new id, with `data` as the application's data.
   *
   * @throws LoginRequiredError when the session ended meanwhile.
   */
  renew(browser: BrowserSession, data: string): Promise<void>;
  /** Where a session lives now: under this key, or that of its new id. `undefined`: it has ended. */
  findLiving(key: string): Promise<string | undefined>;
  /** Writes the application's data of a session; `mustExist` keeps a late write from bringing it back. */
  writeData(
    browser: BrowserSession,
    id: string,
    data: string,
    options: { mustExist: boolean },
  ): Promise<void>;
  /** Reads the application's data as it is now. */
  readData(id: string): Promise<string | null>;
}

export interface NewLogin {
  readonly id: string;
  readonly identity: Identity;
  readonly sealedTokens: string;
}

export interface SessionsOptions {
  readonly store: Store;
  readonly records: SessionRecords;
  readonly cookie: SessionCookie;
  /** For a session that a logout could not end: it says which, and opens nothing. */
  readonly endingCookie: SessionCookie;
  readonly carryOver: readonly string[];
  readonly now: Clock;
  /** Seals the tokens of a session for its next id. `undefined`: they are gone. */
  readonly resealTokens: (id: string, nextId: string) => Promise<string | undefined>;
  /** Told of damage found in the store. */
  readonly reportError: (error: StoreError) => Promise<void>;
  /** Longer than a refresh of tokens takes, in milliseconds. */
  readonly lockLeaseMs: number;
}

/**
 * How long the old id of a renewed session points to the new one: for whoever still holds the old one, such as a
 * login under way, or an answer that stays open.
 */
const POINTER_LIFE_MS = CUT_LIFE_MS;

export function createSessions(options: SessionsOptions): Sessions {
  const { store, records, cookie, endingCookie, carryOver, now, resealTokens, lockLeaseMs, reportError } =
    options;

  const readById = async (id: string): Promise<BrowserSession> => {
    const key = hash(id);
    try {
      const { auth, data, seenAt } = await store.readSession(key);
      const identity = decodeEndedIdentity(auth);
      const expiry = identity && records.findExpiry(identity, seenAt);
      if (expiry) return createBrowserSession({ id, expiry });
      if (auth === null && data === null) return createBrowserSession({ id });
      if (identity || auth === null) records.touch(key, identity);
      else if (isDamagedIdentity(auth)) removeDamaged(key).catch(() => undefined);
      // Data beside an identity that does not count ended with it.
      return createBrowserSession({ id, identity, data: identity || auth === null ? data : null });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return createBrowserSession({ id, fault: error });
    }
  };

  /** Told, because nobody else will ever hear of it. What put it there may go on doing so. */
  const removeDamaged = async (key: string) => {
    await records.end(key);
    const code = 'store_damaged';
    await reportError(new StoreError('The record of a session was damaged, and has been removed.', { code }));
  };

  const move = async (id: string, data: string) => {
    const nextId = createId();
    const tokens = await resealTokens(id, nextId);
    // As it is now: a refresh may have brought new claims since this request read it.
    const identity = decodeIdentity((await store.readSession(hash(id))).auth, now());
    if (!tokens || !identity) throw new LoginRequiredError('The session ended before it was given a new id.');
    try {
      await records.create(nextId, identity, { tokens, data });
      await takePlace(hash(id), hash(nextId), identity);
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      // Whoever left the cut ends the old id, and tells of it: that one was in the index before. Or tries again.
      throw new LoginRequiredError('The session ended while it was given a new id.');
    }
    return { id: nextId, identity };
  };

  /**
   * Ends a session whose place another takes. It leaves a pointer, so that a logout with the old id ends the new one.
   *
   * @throws LoginError `login_ended` when it had ended meanwhile: that logout means its successor as well.
   */
  const takePlace = async (key: string, nextKey: string, identity: Identity) => {
    for (let current: string | undefined = key; current !== undefined; ) {
      if (await store.retireSession(current, nextKey, POINTER_LIFE_MS))
        return records.forget(current, identity);
      // Another request has moved it first: what it moved to makes room.
      current = (await store.endSession(current)).movedTo;
    }
    await records.end(nextKey);
    throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
  };

  /** The session under this key, or under the one it has moved to. `undefined`: it has ended. */
  const follow = async (key: string): Promise<(FoundSession & { key: string }) | undefined> => {
    const { auth, data, seenAt } = await store.readSession(key);
    const successor = findSuccessor(auth);
    if (successor !== undefined) return follow(successor);
    const login = decodeIdentity(auth, now());
    return login && !records.findExpiry(login, seenAt) ? { key, login, data } : undefined;
  };

  /** What a browser has, though its request was sent, or its login begun, before an id change that came between. */
  const findNewest = async ({ id, identity, data }: BrowserSession): Promise<FoundSession> => {
    if (id === undefined) return { key: undefined, login: undefined, data: null };
    const key = hash(id);
    return (identity ? undefined : await follow(key)) ?? { key, login: identity, data };
  };

  return {
    newId: createId,

    read: async (req) => {
      const id = cookie.read(req);
      return id === undefined ? createBrowserSession() : readById(id);
    },

    restore: async (browser, id) => {
      Object.assign(browser, await readById(id));
      if (browser.fault) throw browser.fault;
    },

    restoreUnended: async (req, res, browser) => {
      const id = endingCookie.read(req);
      if (id === undefined) return;
      const unended = await readById(id);
      if (unended.fault) throw unended.fault;
      if (browser.id !== undefined) await records.end(hash(browser.id));
      Object.assign(browser, unended);
      endingCookie.clear(res);
    },

    endUnended: async (req, res) => {
      const id = endingCookie.read(req);
      if (id === undefined) return { identity: undefined, tokens: undefined };
      const ended = await records.end(hash(id));
      endingCookie.clear(res);
      return ended;
    },

    logIn: async (browser, res, { id, identity, sealedTokens }) => {
      const old = await findNewest(browser);
      const { login: before } = old;
      const isSame = before !== undefined && isSamePerson(before, identity);
      // An old id opens nothing of a session that has moved on, unless to the same person.
      const data = isSame ? old.data : pick(browser.data, carryOver);
      await records.create(id, identity, { tokens: sealedTokens, data: data ?? '{}' });
      // After the look for cuts: what was there a moment ago has been seen.
      if (now() - identity.loginStartedAt >= CUT_LIFE_MS) {
        await records.end(hash(id));
        throw new LoginError('The login took so long that a logout may have been forgotten.', {
          code: 'login_expired',
        });
      }
      let replaced: EndedLogin | undefined;
      if (old.key !== undefined && isSame) await takePlace(old.key, hash(id), before);
      else if (old.key !== undefined) replaced = await records.end(old.key, before);
      moveTo(browser, { id, identity, data });
      cookie.write(res, id, identity);
      return replaced;
    },

    logOut: async (browser, res) => {
      const { id, identity } = browser;
      moveTo(browser, {});
      cookie.clear(res);
      if (id === undefined) return { identity, tokens: undefined };
      try {
        return await records.end(hash(id), identity);
      } catch (error) {
        if (!res.headersSent) endingCookie.write(res, id);
        throw error;
      }
    },

    forgetEnded: async (key, auth) => {
      const identity = decodeEndedIdentity(auth);
      if (identity) await records.forget(key, identity);
      return identity;
    },

    discard: async (browser) => {
      const { id } = browser;
      moveTo(browser, {});
      if (id !== undefined) await records.end(hash(id));
    },

    renew: async (browser, data) => {
      const { id, identity } = browser;
      if (!id || !identity) throw new LoginRequiredError();
      // A refresh that finished on the old id after we read its tokens would be lost with it.
      const lock = { key: hash(id), leaseMs: lockLeaseMs };
      const moved = await withSessionLock(store, lock, () => move(id, data));
      moveTo(browser, { ...moved, data });
    },

    findLiving: async (key) => (await follow(key))?.key,

    writeData: ({ identity }, id, data, choice) =>
      store.writeData(hash(id), data, records.lifeOf(identity), choice),

    readData: async (id) => (await store.readSession(hash(id))).data,
  };
}

interface FoundSession {
  readonly key: string | undefined;
  readonly login: Identity | undefined;
  readonly data: string | null;
}

function createId(): string {
  return randomBytes(32).toString('base64url');
}

/** Somebody who proves again who they are keeps what the application knows of them. */
function isSamePerson(before: Identity, after: Identity): boolean {
  return before.issuer === after.issuer && before.sub === after.sub;
}

/** What of the anonymous session's data the application wants to keep at login. */
function pick(data: string | null, names: readonly string[]): string {
  if (data === null || names.length === 0) return '{}';
  try {
    const given = Object.entries(JSON.parse(data) as object);
    return JSON.stringify(Object.fromEntries(given.filter(([name]) => names.includes(name))));
  } catch {
    return '{}';
  }
}
