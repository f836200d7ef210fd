import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { setPrivateCacheHeaders } from '../cache-headers.ts';
import type { ErrorEvent } from '../events.ts';
import type { LoginDemands } from '../freshness.ts';
import type { ResolvedLoginParameters, SilentLoginOptions } from '../options/login-options.ts';
import type { LogoutParameters, RequestAuth } from '../request-types.ts';
import type { AppSession, StartAppSession } from '../session/app-session.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Identity } from '../session/identity.ts';
import type { SessionWatch } from '../session/session-watch.ts';
import type { Sessions } from '../session/sessions.ts';
import type { ApiAccess } from './api-access.ts';

/**
 * What one request carries for `req.user`, `req.auth` and `requireAuth`, hidden under a symbol. Made for every
 * request: it holds what differs from one to the next, and nothing that has to be built.
 */
export interface RequestState {
  readonly services: RequestServices;
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly browser: BrowserSession;
  readonly read: RequestReaders;
  /** Where the middleware was mounted; routers further in change `req.baseUrl`. */
  readonly mountPath: string;
  /** Whether the response has been told to be kept by nobody, which is said once. */
  isPrivate: boolean;
  /** Built when they are first read. */
  appSession: AppSession | undefined;
  auth: RequestAuth | undefined;
}

/** What the properties of a request are read by. */
export type RequestReaders = Readonly<
  Record<'user' | 'auth' | 'session' | 'sessionID' | 'sessionStore', (state: RequestState) => unknown>
>;

/** What all requests of one `connectAuth()` share. */
export interface RequestServices {
  readonly sessions: Sessions;
  readonly startAppSession: StartAppSession;
  readonly watch: SessionWatch;
  /** Whose requests these are, where there are tenants. */
  readonly tenant: string | undefined;
  /** For answers to scripts, which cannot be redirected; `undefined` when the route is switched off. */
  readonly loginUrl: string | undefined;
  now(): number;
  /** Says whether an unsafe request comes from another origin. */
  isForeign(req: IncomingMessage): boolean;
  /** Says whether browsers bring the session's cookie to the page of this request. */
  getsCookie(state: RequestState): boolean;
  /** Says whether a login is fresh and strong enough, by the rule that judged it when it was done. */
  meets(identity: Identity, rules: LoginDemands): boolean;
  login(state: RequestState, parameters: ResolvedLoginParameters): Promise<void>;
  trySilentLogin(state: RequestState, parameters: SilentLoginOptions): Promise<boolean>;
  logout(state: RequestState, parameters: LogoutParameters): Promise<void>;
  createApiAccess(state: Pick<RequestState, 'browser'>): ApiAccess;
  /** Tells a person that they are not logged in, with a way to the login. */
  sendLoginPage(state: RequestState): void;
  /** Answers the request with an error, after telling `onError`. */
  fail(state: RequestState, error: unknown, during: ErrorEvent['during']): Promise<void>;
}

// In the global registry, so that two copies of this package in one process recognise each other's requests.
const STATE = Symbol.for('express-connect-auth.request');

/** What a request carries; `undefined`: it has passed no `connectAuth()`. */
export function getRequestState(req: Request): RequestState | undefined {
  return (req as unknown as Record<symbol, RequestState | undefined>)[STATE];
}

/** Says that the response depends on who asks; with `mayStore` it may be kept for those who ask alike. */
export function setPrivate(state: RequestState, { mayStore }: { mayStore: boolean }): void {
  if (state.isPrivate) return;
  setPrivateCacheHeaders(state.res, { mayStore });
  state.isPrivate = !mayStore;
}

/** Makes a request carry it, hidden from those who print all that a request has: the session id is in it. */
export function setRequestState(req: Request, state: RequestState): void {
  Object.defineProperty(req, STATE, { value: state });
}
