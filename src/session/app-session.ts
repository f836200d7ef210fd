import type { IncomingMessage } from 'node:http';
import { RedisStore } from 'connect-redis';
import type { NextFunction, Request, Response } from 'express';
import session, { type Session, type SessionData, type Store as SessionStore } from 'express-session';
import { ConfigurationError, type ConnectAuthError, StoreError } from '../errors.ts';
import type { BrowserSession } from './browser-session.ts';
import { checkNotBegun, noStoreWithCookie } from './cookies.ts';
import { saveBeforeResponse } from './save-before-response.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';

/** `req.session` of one request: express-session, brought to life by the first touch. */
export interface AppSession {
  readonly session: Session | undefined;
  readonly sessionID: string | undefined;
  readonly sessionStore: SessionStore;
  /** The application's data as JSON, as the handler has changed it so far. */
  readData(): string;
  /** Makes express-session forget this request: nothing is saved, no cookie is set. */
  abandon(): void;
}

/** What it is made of. */
export interface AppSessionOptions {
  readonly sessions: Sessions;
  readonly cookie: SessionCookie;
  /** Seconds, for `persistent` sessions: how long the browser keeps the cookie. */
  readonly maxAgeSeconds: number | undefined;
  /** Ends the whole session when the application calls `req.session.destroy()`. */
  readonly endSession: (req: Request, res: Response, browser: BrowserSession) => Promise<void>;
  readonly reportError: (
    req: Request,
    res: Response,
    error: ConnectAuthError,
    during: 'session',
  ) => Promise<void>;
}

/** Brings `req.session` of one request to life. */
export type StartAppSession = (
  req: Request,
  res: Response,
  next: NextFunction,
  browser: BrowserSession,
) => AppSession;

/**
 * Runs express-session, through its public hooks only, on the session that has been read already.
 *
 * It gets a request of its own derived from the real one, on which the connection counts as secure when `baseUrl` is
 * https (a TLS proxy in front makes it look plain) and which carries our cookie alone. It gets a store of its own
 * that answers the first `get` at once, so that touching `req.session` needs no wait.
 *
 * @throws StoreError (503) when the session could not be read.
 */
export function createAppSessionStarter(options: AppSessionOptions): StartAppSession {
  const { sessions, cookie, maxAgeSeconds, reportError } = options;

  return (req, res, next, browser) => {
    if (browser.fault) throw browser.fault;
    let nextId: string | undefined;
    const takeNextId = () => nextId ?? sessions.newId();
    const store = createRequestStore(req, res, browser, options, (id) => {
      nextId = id;
    });
    const derived = deriveRequest(req, browser, cookie);
    const plainEnd = res.end;
    noStoreWithCookie(res, cookie.name);
    const middleware = session({
      name: cookie.name,
      secret: [...cookie.keys()],
      store,
      genid: takeNextId,
      resave: false,
      saveUninitialized: false,
      cookie: {
        ...cookie.attributes,
        ...(maxAgeSeconds === undefined || browser.identity?.browserSession
          ? {}
          : { maxAge: maxAgeSeconds * 1000 }),
      },
    });

    let started = false;
    middleware(derived, res, (error?: unknown) => {
      if (!started && error) throw error;
      // Called again only for a write that failed after the response had begun.
      if (started && error) reportError(req, res, asStoreError(error), 'session').catch(() => undefined);
    });
    started = true;

    const before = serializeData(derived.session);
    const firstId = derived.sessionID;
    const appSession: AppSession = {
      get session() {
        return derived.session;
      },
      get sessionID() {
        return derived.sessionID;
      },
      sessionStore: store,
      readData: () => serializeData(derived.session),
      abandon: () => {
        (derived as { session?: Session | undefined }).session = undefined;
      },
    };
    saveBeforeResponse(res, {
      plainEnd,
      isChanged: () =>
        derived.session !== undefined &&
        (derived.sessionID !== firstId || serializeData(derived.session) !== before),
      save: (done) => derived.session.save(done),
      onFailure: (error) => {
        appSession.abandon();
        next(error);
      },
    });
    return appSession;
  };
}

/** A request for express-session alone: what it sets stays on it, what it reads of ours is what we say. */
function deriveRequest(req: Request, browser: BrowserSession, cookie: SessionCookie): Request {
  const { id } = browser;
  const ours = {
    secure: cookie.attributes.secure,
    headers: id !== undefined && hasRecord(browser) ? { cookie: cookie.header(id) } : {},
    // Whether the browser sends the cookie here has been seen; a proxy may hide the path it was sent for.
    originalUrl: cookie.attributes.path,
    _parsedOriginalUrl: undefined,
    cookies: undefined,
    signedCookies: undefined,
    session: undefined,
    sessionID: undefined,
    sessionStore: undefined,
  };
  const descriptors = Object.entries(ours).map(([name, value]) => [name, { value, writable: true }] as const);
  // Two levels: express-session deletes `session` from its request, which must not uncover that of the real one.
  const derived = Object.create(Object.create(req, Object.fromEntries(descriptors)));
  let current: Session | undefined;
  return Object.defineProperty(derived, 'session', {
    get: () => current,
    set: (next: Session | undefined) => {
      current = next && keepFirstCookie(next);
    },
    configurable: true,
  });
}

/** Our cookie must not be set by what the application copied into its session. */
function keepFirstCookie(appSession: Session): Session {
  let { cookie } = appSession;
  return Object.defineProperty(appSession, 'cookie', {
    get: () => cookie,
    set: (value: Session['cookie']) => {
      cookie ??= value;
    },
    enumerable: true,
  });
}

/** An id without a record is never adopted: whoever sent it may not have got it from us. */
function hasRecord(browser: BrowserSession): boolean {
  return browser.identity !== undefined || browser.data !== null;
}

/** connect-redis, writing through our store, with what express-session needs to know of this one request. */
function createRequestStore(
  req: Request,
  res: Response,
  browser: BrowserSession,
  { sessions, cookie, endSession }: AppSessionOptions,
  setNextId: (id: string) => void,
): SessionStore {
  const existing = hasRecord(browser) && browser.data !== null ? browser.id : undefined;
  const existingIds = new Set(existing === undefined ? [] : [existing]);
  let firstGet = true;

  const store = new RedisStore({
    prefix: '',
    disableTouch: true,
    // The real life of the record is decided where it is written.
    ttl: 1,
    serializer: { parse: JSON.parse, stringify: (data) => serializeData(data as SessionData) },
    client: {
      set: async (id: string, data: string) => {
        await sessions.writeData(id, data, { mustExist: existingIds.has(id) });
        existingIds.add(id);
      },
    },
  });

  type Callback = (error?: unknown, data?: SessionData | null) => void;
  const settle = (work: Promise<unknown>, callback: Callback | undefined) => {
    work.then(
      () => callback?.(),
      (error) => callback?.(error),
    );
  };
  const refuse = (callback: Callback) =>
    callback(new ConfigurationError('req.sessionStore cannot list or clear the sessions of all browsers.'));

  return Object.assign(store as unknown as SessionStore, {
    get: (id: string, callback: Callback) => {
      if (firstGet) {
        firstGet = false;
        callback(null, parseData(browser.data, cookie));
        return;
      }
      sessions
        .readData(id)
        .then((data) => callback(null, data === null ? null : parseData(data, cookie)), callback);
    },
    destroy: (_id: string, callback?: Callback) => settle(endSession(req, res, browser), callback),
    regenerate: (derived: Request, callback: Callback) => {
      const regenerate = async () => {
        checkNotBegun(res, 'req.session.regenerate()');
        if (browser.identity) {
          // A login survives: its identity and tokens move to the new id, with the application's data emptied.
          await sessions.renew(browser, res, '{}');
          setNextId(browser.id!);
          existingIds.add(browser.id!);
        } else {
          await sessions.discard(browser);
        }
        (store as unknown as { generate(req: IncomingMessage): void }).generate(derived);
      };
      settle(regenerate(), callback);
    },
    all: refuse,
    clear: refuse,
    ids: refuse,
    length: refuse,
  });
}

/** `cookie` is express-session's own; what is stored is the application's alone. */
function serializeData(data: Partial<SessionData> | undefined): string {
  if (!data) return '{}';
  const { cookie: _, ...own } = data;
  return JSON.stringify(own);
}

/** Anything but an object reads as an empty session. */
function parseData(text: string | null, { attributes }: SessionCookie): SessionData {
  const cookie = { ...attributes, originalMaxAge: null };
  try {
    const data: unknown = JSON.parse(text ?? '{}');
    const own = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {};
    return { ...own, cookie } as SessionData;
  } catch {
    return { cookie } as SessionData;
  }
}

function asStoreError(error: unknown): ConnectAuthError {
  return error instanceof StoreError
    ? error
    : new StoreError('The session could not be saved.', { cause: error });
}
