import { inspect } from 'node:util';
import type { NextFunction, Request, Response } from 'express';
import { hash } from '../keys.ts';
import type { LoginParameters, RequestAuth } from '../request-types.ts';
import type { AppSession, StartAppSession } from '../session/app-session.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { checkNotBegun } from '../session/cookies.ts';
import type { SessionCookie } from '../session/session-cookie.ts';
import type { SessionWatch } from '../session/session-watch.ts';
import type { Sessions } from '../session/sessions.ts';
import type { ApiAccess } from './api-access.ts';
import { type RequestState, setRequestState } from './request-state.ts';

export interface RequestParts {
  readonly state: RequestState;
  readonly sessions: Sessions;
  readonly startAppSession: StartAppSession;
  /** Sets the cookie of a session that was given a new id. */
  readonly writeCookie: SessionCookie['write'];
  readonly logout: (options: { returnTo?: string }) => Promise<void>;
  readonly createApiAccess: () => ApiAccess;
  readonly watch: SessionWatch;
}

/** Gives a request `req.user`, `req.auth` and `req.session`, none of which costs anything until it is read. */
export function attachRequest(req: Request, res: Response, next: NextFunction, parts: RequestParts): void {
  const { state, sessions, startAppSession, writeCookie } = parts;
  const { browser } = state;
  let appSession: AppSession | undefined;
  let auth: RequestAuth | undefined;

  const readSession = () => {
    // It may start a session, and no cache may keep a response that sets the cookie.
    state.markPersonal({ keepNowhere: true });
    appSession ??= startAppSession(req, res, next, browser);
    return appSession;
  };
  const renew = async () => {
    checkNotBegun(res, 'req.auth.renew()');
    const data = appSession ? appSession.readData() : (browser.data ?? '{}');
    await sessions.renew(browser, data);
    writeCookie(res, browser.id!, browser.identity);
    // What express-session holds belongs to the old id; the next touch starts on the new one.
    appSession?.abandon();
    appSession = undefined;
  };

  setRequestState(req, state);
  defineGetter(req, 'user', () => {
    state.markPersonal();
    return userOf(browser);
  });
  defineGetter(req, 'auth', () => {
    state.markPersonal();
    auth ??= createRequestAuth(browser, {
      ...{ login: state.login, logout: parts.logout, renew },
      onEnd: (callback) => watchSession(res, browser, parts.watch, callback),
      ...parts.createApiAccess(),
    });
    return auth;
  });
  defineGetter(req, 'session', () => readSession().session);
  defineGetter(req, 'sessionID', () => readSession().sessionID);
  defineGetter(req, 'sessionStore', () => readSession().sessionStore);
}

/** An assignment replaces the getter, as with any property of a request. */
function defineGetter(req: Request, name: string, get: () => unknown): void {
  Object.defineProperty(req, name, {
    get,
    set: (value: unknown) => {
      Object.defineProperty(req, name, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    enumerable: true,
  });
}

/** @throws StoreError when the session could not be read: then nobody knows who this is. */
function userOf(browser: BrowserSession): Express.User | undefined {
  if (browser.fault) throw browser.fault;
  const { identity } = browser;
  return identity && (identity.user ?? (identity.claims as Express.User));
}

/** Nobody logged in: that session has ended already. */
function watchSession(
  res: Response,
  browser: BrowserSession,
  watch: SessionWatch,
  callback: () => void,
): () => void {
  if (!browser.id || !browser.identity) {
    queueMicrotask(callback);
    return () => undefined;
  }
  const stop = watch.watch(hash(browser.id), callback);
  res.once('close', stop);
  return stop;
}

interface RequestActions extends ApiAccess {
  readonly onEnd: RequestAuth['onEnd'];
  readonly login: (parameters: LoginParameters) => Promise<void>;
  readonly logout: (options: { returnTo?: string }) => Promise<void>;
  readonly renew: () => Promise<void>;
}

function createRequestAuth(browser: BrowserSession, actions: RequestActions): RequestAuth {
  const identity = () => {
    if (browser.fault) throw browser.fault;
    return browser.identity;
  };
  const describe = () => ({
    isAuthenticated: browser.identity !== undefined,
    provider: browser.identity?.provider,
    issuer: browser.identity?.issuer,
  });
  const auth: RequestAuth = {
    get isAuthenticated() {
      return identity() !== undefined;
    },
    get provider() {
      return identity()?.provider;
    },
    get issuer() {
      return identity()?.issuer;
    },
    get claims() {
      return identity()?.claims;
    },
    get acr() {
      return identity()?.acr;
    },
    get authTime() {
      const authTime = identity()?.authTime;
      return authTime === undefined ? undefined : new Date(authTime * 1000);
    },
    get expiresAt() {
      const end = identity()?.absoluteEnd;
      return end === undefined ? undefined : new Date(end);
    },
    login: (parameters = {}) => actions.login(parameters),
    logout: (options = {}) => actions.logout(options),
    renew: actions.renew,
    getAccessToken: actions.getAccessToken,
    fetch: actions.fetch,
    fetchUserInfo: actions.fetchUserInfo,
    onEnd: actions.onEnd,
  };
  Object.defineProperty(auth, 'toJSON', { value: describe });
  Object.defineProperty(auth, inspect.custom, { value: describe });
  return auth;
}
