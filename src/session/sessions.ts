import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { LoginError, LoginRequiredError, StoreError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { IndexName, Store } from '../store/store.ts';
import { type BrowserSession, createBrowserSession, moveTo } from './browser-session.ts';
import { indexesOf, isCut } from './cut.ts';
import { decodeIdentity, encodeIdentity, type Identity, isDamagedIdentity } from './identity.ts';
import type { SessionCookie } from './session-cookie.ts';
import { createTouchThrottle } from './touch-throttle.ts';

/** The sessions of all browsers. Every method rejects with `StoreError` when the store fails. */
export interface Sessions {
  /** Finds the session of a request: its cookie, then one read. A fault of the store is kept in the result. */
  read(req: IncomingMessage): Promise<BrowserSession>;
  /** A new session id: 256 random bits. */
  newId(): string;
  /**
   * Makes `id` the session of this browser, logged in as `identity`. What the browser had before ends; returns who
   * was logged in there.
   *
   * @throws LoginError `login_ended` when a logout from outside overtook the login.
   */
  logIn(browser: BrowserSession, res: ServerResponse, login: NewLogin): Promise<Identity | undefined>;
  /** Ends the session here. Returns who was logged in. The cookie goes even when the store fails. */
  logOut(browser: BrowserSession, res: ServerResponse): Promise<Identity | undefined>;
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
  readonly cookie: SessionCookie;
  readonly idleTimeoutMs: number;
  readonly carryOver: readonly string[];
  readonly now: Clock;
  /** Seals the tokens of a session for its next id. `undefined`: they are gone. */
  readonly resealTokens: (id: string, nextId: string) => Promise<string | undefined>;
}

/** How long the old id of a renewed session points to the new one: longer than the response takes to arrive. */
const POINTER_LIFE_MS = 60_000;

export function createSessions({
  store,
  cookie,
  idleTimeoutMs,
  carryOver,
  now,
  resealTokens,
}: SessionsOptions): Sessions {
  const touches = createTouchThrottle({ intervalMs: Math.min(60_000, idleTimeoutMs / 4), now });

  /** At least a millisecond: a handler may write after the end of its session, and Redis refuses a life of none. */
  const lifeOf = (identity: Identity | undefined) =>
    Math.max(1, Math.ceil(identity ? Math.min(idleTimeoutMs, identity.absoluteEnd - now()) : idleTimeoutMs));

  /** Moves the idle end at most once a minute, and without holding up the request: a lost touch costs a minute. */
  const touch = (key: string, identity: Identity | undefined) => {
    if (touches.isDue(key)) store.touchSession(key, lifeOf(identity)).catch(() => touches.forget(key));
  };

  /** Removes a session's records, following the pointer of an id change, and its index entries. */
  const end = async (key: string): Promise<Identity | undefined> => {
    let target: string | undefined = key;
    let identity: Identity | undefined;
    while (target !== undefined) {
      const ended = await store.endSession(target);
      identity = decodeIdentity(ended.auth, now()) ?? identity;
      if (identity) await forgetIndexes(target, identity);
      touches.forget(target);
      target = ended.movedTo;
    }
    return identity;
  };

  const forgetIndexes = (key: string, identity: Identity) =>
    Promise.all(indexesOf(identity).map((index) => store.removeFromIndex(index, key)));

  /** Index first, then the records, then a look for a logout from outside: in any interleaving the logout wins. */
  const create = async (id: string, identity: Identity, sealedTokens: string, data: string) => {
    const key = hash(id);
    const indexes: readonly IndexName[] = indexesOf(identity);
    await Promise.all(indexes.map((index) => store.addToIndex(index, key, identity.absoluteEnd, now())));
    const records = { auth: encodeIdentity(identity), tokens: sealedTokens, data };
    await store.writeLogin(key, records, lifeOf(identity));
    if (isCut(identity, await store.readCuts(indexes))) {
      await end(key);
      throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
    }
    touches.mark(key);
  };

  return {
    newId: () => randomBytes(32).toString('base64url'),

    read: async (req) => {
      const id = cookie.read(req);
      if (id === undefined) return createBrowserSession();
      const key = hash(id);
      try {
        const { auth, data } = await store.readSession(key);
        const identity = decodeIdentity(auth, now());
        if (auth === null && data === null) return createBrowserSession({ id });
        const isLiving = identity !== undefined || auth === null;
        if (isLiving) touch(key, identity);
        else if (isDamagedIdentity(auth)) end(key).catch(() => undefined);
        // Data beside an identity that does not count any more ended with it.
        return createBrowserSession({ id, identity, data: isLiving ? data : null });
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        return createBrowserSession({ id, fault: error });
      }
    },

    logIn: async (browser, res, { id, identity, sealedTokens }) => {
      const data = isSamePerson(browser.identity, identity) ? browser.data : pick(browser.data, carryOver);
      await create(id, identity, sealedTokens, data ?? '{}');
      const replaced = browser.id === undefined ? undefined : await end(hash(browser.id));
      moveTo(browser, { id, identity, data });
      cookie.write(res, id, identity);
      return replaced;
    },

    logOut: async (browser, res) => {
      const { id } = browser;
      moveTo(browser, {});
      cookie.clear(res);
      return id === undefined ? undefined : await end(hash(id));
    },

    forgetEnded: async (key, auth) => {
      const identity = decodeIdentity(auth, now());
      if (identity) await forgetIndexes(key, identity);
      touches.forget(key);
      return identity;
    },

    discard: async (browser) => {
      const { id } = browser;
      moveTo(browser, {});
      if (id !== undefined) await end(hash(id));
    },

    renew: async (browser, data) => {
      const { id, identity } = browser;
      const nextId = randomBytes(32).toString('base64url');
      const sealedTokens = id && (await resealTokens(id, nextId));
      if (!id || !identity || !sealedTokens) throw new LoginRequiredError();
      await create(nextId, identity, sealedTokens, data);
      if (!(await store.retireSession(hash(id), hash(nextId), POINTER_LIFE_MS))) {
        await end(hash(nextId));
        throw new LoginRequiredError('The session ended while it was given a new id.');
      }
      await forgetIndexes(hash(id), identity);
      moveTo(browser, { id: nextId, identity, data });
    },

    writeData: ({ identity }, id, data, options) =>
      store.writeData(hash(id), data, lifeOf(identity), options),

    readData: async (id) => (await store.readSession(hash(id))).data,
  };
}

/** Somebody who proves again who they are keeps what the application knows of them. */
function isSamePerson(before: Identity | undefined, after: Identity): boolean {
  return before?.issuer === after.issuer && before.sub === after.sub;
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
