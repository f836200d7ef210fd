import { inspect } from 'node:util';
import type { Application, Request } from 'express';
import type { AppSession } from '../session/app-session.ts';
import { userOf } from '../session/identity.ts';
import { createAccessor } from './create-accessor.ts';
import { addMembers, FOREIGN_REQUEST_MEMBERS, FOREIGN_RESPONSE_MEMBERS } from './foreign-members.ts';
import { createRequestAuth } from './request-auth.ts';
import {
  getRequestState,
  type RequestReaders,
  type RequestState,
  setPrivate,
  setRequestState,
} from './request-state.ts';

/**
 * Gives a request `req.user`, `req.auth` and `req.session`, none of which costs anything until it is read.
 *
 * They are accessors of the prototype that all requests of the application share: properties of its own would make every
 * later look at a request slower, in Express and in Node itself.
 */
export function attachRequest({ services, req, res, next, browser, mountPath }: NewRequest): void {
  setRequestState(req, {
    services,
    req,
    res,
    next,
    browser,
    read: READERS,
    mountPath,
    isPrivate: false,
    [inspect.custom]: describeState,
    appSession: undefined,
    auth: undefined,
  });
  const app = findTopmostApp(req);
  const prototype = app?.request ?? req;
  if (Object.hasOwn(prototype, ATTACHED)) return;
  Object.defineProperties(prototype, { ...ACCESSORS, [ATTACHED]: { value: true } });
  addMembers(prototype, FOREIGN_REQUEST_MEMBERS);
  addMembers(app?.response ?? res, FOREIGN_RESPONSE_MEMBERS);
}

/** What a request is given from the start. */
export type NewRequest = Pick<RequestState, 'services' | 'req' | 'res' | 'next' | 'browser' | 'mountPath'>;

function describeState(): string {
  return '[express-connect-auth]';
}

const ATTACHED = Symbol.for('express-connect-auth.accessors');

/** Its error handlers see the requests of all others. */
function findTopmostApp(req: Request): MountedApp | undefined {
  let app = req.app as MountedApp | undefined;
  while (app?.parent) app = app.parent;
  return app;
}

/** What Express says of an application only in its code. */
type MountedApp = Application & { parent?: MountedApp; request?: object; response?: object };

/** Without a session there is nothing of anybody's in the response. */
function setPersonal(state: RequestState): void {
  setPrivate(state, { mayStore: state.browser.id === undefined });
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
  setPrivate(state, { mayStore: false });
  const { req, res, next, browser, services } = state;
  if (state.appSession && !state.appSession.isOver()) return state.appSession;
  state.appSession = services.startAppSession(req, res, next, browser);
  const own = Object.getOwnPropertyDescriptor(req, 'session');
  // What the application has put there stays.
  if (!own || own.get) Object.defineProperty(req, 'session', OWN_SESSION);
  return state.appSession;
}

/** The first touch makes it a property of the request itself, which an application may delete: then it stays away. */
function readSession(state: RequestState): unknown {
  if (state.appSession && !state.appSession.isOver()) return undefined;
  return readAppSession(state).session;
}

const READERS: RequestReaders = {
  user: readUser,
  auth: readAuth,
  session: readSession,
  sessionID: (state) => readAppSession(state).sessionID,
  sessionStore: (state) => readAppSession(state).sessionStore,
};

/** The same for all requests: one of its own would make the request slow for whoever looks at it. */
const OWN_SESSION = createAccessor('session', (req: Request) => {
  const state = getRequestState(req);
  return state && readAppSession(state).session;
});

const ACCESSORS = Object.fromEntries(
  (Object.keys(READERS) as (keyof RequestReaders)[]).map((name) => [
    name,
    // By what the state carries: of two copies of this package in one process each reads its own.
    createAccessor(name, (req: Request) => {
      const state = getRequestState(req);
      return state?.read[name](state);
    }),
  ]),
);
