import type { Request } from 'express';
import { setPrivateCacheHeaders } from '../cache-headers.ts';
import type { AppSession } from '../session/app-session.ts';
import { userOf } from '../session/identity.ts';
import { createRequestAuth } from './request-auth.ts';
import { getRequestState, type RequestState, setRequestState } from './request-state.ts';

/** Gives a request `req.user`, `req.auth` and `req.session`, none of which costs anything until it is read. */
export function attachRequest(state: RequestState): void {
  setRequestState(state.req, state);
  Object.defineProperties(state.req, ACCESSORS);
}

/** Without a session there is nothing of anybody's in the response. */
function setPersonal({ res, browser }: RequestState): void {
  setPrivateCacheHeaders(res, { mayStore: browser.id === undefined });
}

/** @throws StoreError when the session could not be read: then nobody knows who this is. */
function readUser(state: RequestState): Express.User | undefined {
  setPersonal(state);
  const { fault, identity } = state.browser;
  if (fault) throw fault;
  return identity && userOf(identity);
}

function readAuth(state: RequestState) {
  setPersonal(state);
  state.auth ??= createRequestAuth(state);
  return state.auth;
}

function readAppSession(state: RequestState): AppSession {
  // It may start a session, and no cache may keep a response that sets the cookie.
  setPrivateCacheHeaders(state.res, { mayStore: false });
  const { req, res, next, browser, services } = state;
  state.appSession ??= services.startAppSession(req, res, next, browser);
  return state.appSession;
}

/**
 * The same functions for every request, so that all requests keep one shape for the engine: closures of their own
 * would make each of them slow in everything that comes after.
 */
const ACCESSORS: PropertyDescriptorMap = {
  user: createAccessor('user', readUser),
  auth: createAccessor('auth', readAuth),
  session: createAccessor('session', (state) => readAppSession(state).session),
  sessionID: createAccessor('sessionID', (state) => readAppSession(state).sessionID),
  sessionStore: createAccessor('sessionStore', (state) => readAppSession(state).sessionStore),
};

/** An assignment replaces the accessor, as with any property of a request. */
function createAccessor(name: string, read: (state: RequestState) => unknown): PropertyDescriptor {
  return {
    get(this: Request) {
      return read(getRequestState(this)!);
    },
    set(this: Request, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    enumerable: true,
  };
}
