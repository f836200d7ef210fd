import { type SerializeOptions, stringifySetCookie } from 'cookie';
import type { NextFunction, Request, Response } from 'express';
import type { Session, Store as SessionStore } from 'express-session';
import { type ConnectAuthError, StoreError } from '../errors.ts';
import { createSessionStore, parseData, type SessionCarrier, serializeData } from './app-session-store.ts';
import type { BrowserSession } from './browser-session.ts';
import { commitBeforeResponse } from './commit-before-response.ts';
import { replaceCookie } from './cookies.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';

/** `req.session` of one request, brought to life by the first touch. */
export interface AppSession {
  readonly session: Session | undefined;
  readonly sessionID: string | undefined;
  readonly sessionStore: SessionStore;
  /** The application's data as JSON, as the handler has changed it so far. */
  readData(): string;
  /** Whether the browser has another session by now. Then nothing is saved, and no cookie set. */
  isOver(): boolean;
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
 * Joins the parts of express-session (its session, its cookie, its store's contract) and connect-redis on the session
 * that has been read already, so that touching `req.session` needs no wait. express-session's own middleware would read
 * it again, and for each request.
 *
 * As with express-session, set to `resave: false` and `saveUninitialized: false`: data is saved when it has changed, a
 * new session gets its cookie when there is data in it.
 *
 * @throws StoreError (503) when the session could not be read.
 */
export function createAppSessionStarter(options: AppSessionOptions): StartAppSession {
  const { sessions, cookie, maxAgeSeconds, reportError } = options;
  const createStore = createSessionStore(options);

  return (req, res, next, browser) => {
    if (browser.fault) throw browser.fault;
    // An id without a record is never adopted: whoever sent it may not have got it from us.
    const isKnown = browser.id !== undefined && (browser.identity !== undefined || browser.data !== null);
    const maxAge =
      maxAgeSeconds === undefined || browser.identity?.browserSession ? {} : { maxAge: maxAgeSeconds * 1000 };
    const store = createStore({ req, res, browser, carrier: () => carrier });
    const carrier: SessionCarrier = {
      session: undefined,
      sessionID: isKnown ? browser.id! : sessions.newId(),
      sessionStore: store,
      cookieOptions: { ...cookie.attributes, ...maxAge },
      stored: isKnown ? (browser.data ?? undefined) : undefined,
      browserId: browser.id,
      isGone: false,
    };
    const { sessionID: firstId, stored: before = '{}' } = carrier;
    store.createSession(carrier, parseData(before));

    const isOver = () => carrier.session !== undefined && carrier.browserId !== browser.id;
    /** As with express-session: what it was stays, and what was changed is lost. */
    const isGivenUp = () => !(req as { session?: unknown }).session;
    const isModified = () => carrier.sessionID !== firstId || serializeData(carrier.session) !== before;

    commitBeforeResponse(res, {
      cookieName: cookie.name,
      beforeHeaders: () => {
        const { session, sessionID, isGone } = carrier;
        // By now the browser may have the cookie of another.
        if (!session || isOver() || isGone || isGivenUp() || !isModified()) return;
        // One that the browser has already is set again only to prolong its life.
        if (isKnown && sessionID === browser.id && session.cookie.expires == null) return;
        session.touch();
        replaceCookie(
          res,
          cookie.name,
          stringifySetCookie(cookie.name, cookie.sign(sessionID), attributesOf(session)),
        );
      },
      isChanged: () => {
        const { session, stored } = carrier;
        if (!session || isOver() || isGivenUp()) return false;
        return stored === undefined ? isModified() : serializeData(session) !== stored;
      },
      save: (done) => carrier.session!.save(done),
      onFailure: (error) => {
        carrier.session = undefined;
        if (res.headersSent) reportError(req, res, asStoreError(error), 'session').catch(() => undefined);
        else next(error);
      },
    });

    return {
      get session() {
        return carrier.session;
      },
      get sessionID() {
        return carrier.sessionID;
      },
      sessionStore: store as unknown as SessionStore,
      readData: () => serializeData(carrier.session),
      isOver,
    };
  };
}

/** As the application may have changed them. */
function attributesOf({ cookie }: Session): SerializeOptions {
  const { path, httpOnly, secure, sameSite, domain, expires, priority, partitioned } =
    cookie as SerializeOptions;
  return { path, httpOnly, secure, sameSite, domain, expires, priority, partitioned } as SerializeOptions;
}

function asStoreError(error: unknown): ConnectAuthError {
  return error instanceof StoreError
    ? error
    : new StoreError('The session could not be saved.', { cause: error });
}
