import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Request } from 'express';
import { LoginError, LoginRequiredError, StoreError } from '../errors.ts';
import type { LogoutReason } from '../events.ts';
import { CALLBACK_LIFE_MS } from '../store/store.ts';
import { type BrowserSession, setCurrentSession } from './browser-session.ts';
import type { Identity, NewIdentity } from './identity.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { EndedSession } from './session-ending.ts';
import type { SessionLimit } from './session-limit.ts';
import {
  createSessionReading,
  type FoundSession,
  type SessionReading,
  type SessionReadingOptions,
} from './session-reading.ts';
import type { SessionRotation } from './session-rotation.ts';

/** The sessions of all browsers. Every method rejects with `StoreError` when the store fails. */
export interface Sessions extends SessionReading {
  /** A new session id: 256 random bits. */
  newId(): string;
  /** The key under which a session with this id is stored. */
  keyOf(id: string): string;
  /**
   * Makes `id` the session of this browser, logged in as `identity`. What the browser had before ends, and is returned
   * if somebody else was logged in there. For the same person it is a change of id.
   *
   * @throws LoginError `login_ended` when a logout overtook the login, `login_expired` when nobody could know any more,
   * `login_limited` when the user has too many sessions.
   */
  logIn(browser: BrowserSession, exchange: Exchange, login: NewLogin): Promise<ReplacedSession | undefined>;
  /** Takes back a login that nobody has been told of. */
  undoLogin(browser: BrowserSession, res: ServerResponse): Promise<void>;
  /**
   * Ends the session here, and tells. The cookie goes even when the store fails; another stays then, which can only end
   * the session.
   *
   * @param onLateEnd - told when an end that failed with the store has come about after all.
   */
  end(
    browser: BrowserSession,
    exchange: Exchange,
    reason: LogoutReason,
    onLateEnd?: (ended: EndedSession) => Promise<void>,
  ): Promise<EndedSession | undefined>;
  /**
   * Makes the session whose end failed with the store, by the cookie that was left for that, the one of this browser
   * again, for a logout to end. One of nobody, that the browser has got since, goes. False: there is no such cookie.
   */
  resumeFailedLogout(browser: BrowserSession, exchange: Exchange): Promise<boolean>;
  /** Ends that session beside the one of this browser. */
  finishFailedLogout(exchange: Exchange): Promise<void>;
  /** Ends the sessions under these keys, of logins of this browser that it has not been told of. */
  endUntold(keys: readonly string[], req: Request): Promise<undefined>;
  /** Removes the data of a browser where nobody is logged in. */
  discard(browser: BrowserSession): Promise<void>;
  /**
   * Gives a logged-in session a new id, with `data` as the application's data. The browser gets the new cookie also when
   * nobody knows whether the old id is gone.
   *
   * @throws LoginRequiredError when the session ended meanwhile, or another took its place.
   */
  renew(browser: BrowserSession, res: ServerResponse, data: string): Promise<void>;
  /**
   * Writes the application's data of a session; `mustExist` keeps a late write from bringing it back. False: it would
   * have.
   */
  writeData(id: string, data: string, options: { mustExist: boolean }): Promise<boolean>;
}

/** A request and its response. */
export interface Exchange {
  readonly req: Request;
  readonly res: ServerResponse;
}

/** A login that has been proven. */
export interface NewLogin {
  readonly id: string;
  readonly identity: NewIdentity;
  readonly sealedTokens: Buffer;
  /** When the session must be over, in milliseconds by the provider's clock. */
  readonly endsBy?: number | undefined;
  /** When its callback was taken, by the monotonic clock. */
  readonly takenAt: number;
  /** Whether a logout of this browser has come since it was taken. */
  readonly isCancelled: () => Promise<boolean>;
  /** Told of the session of somebody else whose end failed with the store, when it has come about after all. */
  readonly onLateEnd: (replaced: ReplacedSession) => Promise<void>;
}

/** The session of somebody else that a login ended. */
export interface ReplacedSession {
  readonly id: string;
  readonly ended: EndedSession;
}

/** What they are made of. */
export interface SessionsOptions extends SessionReadingOptions {
  readonly rotation: SessionRotation;
  /** Absent: a user may have any number. */
  readonly limit?: SessionLimit | undefined;
  /** For a session that a logout could not end: it says which, and opens nothing. */
  readonly endingCookie: SessionCookie;
  readonly carryOver: readonly string[];
  readonly idleTimeoutMs: number;
}

/** Makes them over a store. */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, keys, ending, rotation, cookie, endingCookie, carryOver } = options;
  const { limit, idleTimeoutMs, monotonic } = options;
  const reading = createSessionReading(options);

  /** What a browser has, though its request was sent, or its login begun, before an id change that came between. */
  const findNewest = async ({ id, identity, data }: BrowserSession): Promise<FoundSession | undefined> => {
    if (id === undefined) return undefined;
    const key = keys.sessionKey(id);
    return identity ? { key, identity, data } : ((await reading.findLive(key)) ?? { key, identity, data });
  };

  /** Ends the session of somebody else. Where the store fails, it is ended later: the new one stands. */
  const replace = async (
    key: string,
    { oldId, onLateEnd }: { oldId: string; onLateEnd: NewLogin['onLateEnd'] },
    { req, res }: Exchange,
  ): Promise<EndedSession | undefined> => {
    const target = { key, onLateEnd: (ended: EndedSession) => onLateEnd({ id: oldId, ended }) };
    try {
      const ended = await ending.end(target, 'replaced', req);
      return typeof ended === 'object' ? ended : undefined;
    } catch (error) {
      passStoreError(error);
      endingCookie.write(res, oldId);
      return undefined;
    }
  };

  /** Of nobody, as far as we know: a login of a provider that this process does not have is told of. */
  const removeData = (id: string) => ending.end({ key: keys.sessionKey(id) }, 'replaced');

  return {
    ...reading,
    newId: createId,
    keyOf: keys.sessionKey,
    logIn: async (
      browser,
      { req, res },
      { id, identity: proven, sealedTokens, endsBy, takenAt, isCancelled, onLateEnd },
    ) => {
      const old = await findNewest(browser);
      const key = keys.sessionKey(id);
      const isSame = old?.identity !== undefined && isSamePerson(old.identity, proven);
      // An old id opens nothing of a session that has moved on, unless to the same person.
      const data = (isSame ? old.data : pick(browser.data, carryOver)) ?? '{}';
      const identity = await rotation.create(key, {
        identity: proven,
        tokens: sealedTokens,
        data,
        endsBy,
        isCancelled,
      });
      // After the look for marks: what was there a moment ago has been seen.
      try {
        checkInTime(monotonic() - takenAt);
        await limit?.admit({ key, identity, replaces: isSame ? old.key : undefined });
      } catch (error) {
        await ending.discard(key);
        throw error;
      }
      const { id: oldId } = browser;
      if (isSame) await rotation.takePlace(old.key, key, old.identity!).catch(passStoreError);
      const ended =
        old && !isSame ? await replace(old.key, { oldId: oldId!, onLateEnd }, { req, res }) : undefined;
      setCurrentSession(browser, { id, identity, data });
      cookie.write(res, id, identity);
      return ended?.isFirst ? { id: oldId!, ended } : undefined;
    },

    undoLogin: async (browser, res) => {
      const { id } = browser;
      setCurrentSession(browser);
      cookie.clear(res);
      if (id !== undefined) await ending.discard(keys.sessionKey(id));
    },

    end: async (browser, { req, res }, reason, onLateEnd) => {
      const { id } = browser;
      setCurrentSession(browser);
      cookie.clear(res);
      if (id === undefined) return undefined;
      try {
        const target = { key: keys.sessionKey(id), ...(onLateEnd ? { onLateEnd } : {}) };
        const ended = await ending.end(target, reason, req);
        return typeof ended === 'object' ? ended : undefined;
      } catch (error) {
        if (!res.headersSent) endingCookie.write(res, id);
        throw error;
      }
    },

    resumeFailedLogout: async (browser, { req, res }) => {
      const id = endingCookie.read(req);
      if (id === undefined) return false;
      if (browser.id !== undefined && browser.id !== id) await removeData(browser.id);
      setCurrentSession(browser, { id });
      endingCookie.clear(res);
      return true;
    },

    finishFailedLogout: async ({ req, res }) => {
      const id = endingCookie.read(req);
      if (id === undefined) return;
      await ending.end({ key: keys.sessionKey(id) }, 'logout', req);
      endingCookie.clear(res);
    },

    endUntold: async (untold, req) => {
      await Promise.all(untold.map((key) => ending.end({ key }, 'logout', req)));
      return undefined;
    },

    discard: async (browser) => {
      const { id } = browser;
      setCurrentSession(browser);
      if (id !== undefined) await removeData(id);
    },

    renew: async (browser, res, data) => {
      const { id } = browser;
      if (browser.fault) throw browser.fault;
      if (!id || !browser.identity) throw new LoginRequiredError();
      try {
        await rotation.renew(id, data, (moved) => {
          setCurrentSession(browser, { ...moved, data });
          cookie.write(res, moved.id, moved.identity);
        });
      } catch (error) {
        if (!(error instanceof LoginRequiredError)) throw error;
        // The browser may have the cookie of a newer login by now.
        cookie.withdraw(res);
        setCurrentSession(browser);
        throw error;
      }
    },

    writeData: (id, data, choice) => store.writeData(keys.sessionKey(id), data, idleTimeoutMs, choice),
  };
}

function createId(): string {
  return randomBytes(32).toString('base64url');
}

/** Somebody who proves again who they are keeps what the application knows of them. */
function isSamePerson(before: Identity, after: NewIdentity): boolean {
  return before.issuer === after.issuer && before.clientId === after.clientId && before.sub === after.sub;
}

/** What a logout leaves for logins under way is kept for no longer. */
function checkInTime(elapsedMs: number): void {
  if (elapsedMs < CALLBACK_LIFE_MS) return;
  throw new LoginError('The login took so long that a logout may have been forgotten.', {
    code: 'login_expired',
  });
}

/** The old id goes behind the back of the person, who has logged in. */
function passStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
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
