import type { IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import type { NextFunction, Request, Response } from 'express';
import { setPrivateCacheHeaders } from '../cache-headers.ts';
import type { ConnectAuthError } from '../errors.ts';
import type { ErrorEvent } from '../events.ts';
import type { LoginDemands, LoginStrength } from '../freshness.ts';
import type { RolesFrom } from '../guard-types.ts';
import type {
  ResolvedLoginParameters,
  ResolvedLogoutParameters,
  SilentLoginOptions,
} from '../options/login-options.ts';
import type { LoginCapabilities, RequestAuth } from '../request-types.ts';
import type { AppSession, StartAppSession } from '../session/app-session.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { SessionWatch } from '../session/session-watch.ts';
import type { Sessions } from '../session/sessions.ts';
import type { ApiAccess } from './api-access.ts';
import type { BearerLogin, ReadBearerLogin } from './bearer-login.ts';

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
  /** Whether a form that a guard refuses is kept over the login. */
  keepsForm?: boolean;
  /** What those see who print all that a request has: the session id is no part of it. */
  readonly [inspect.custom]: () => string;
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
  /** Names whose sessions these are: the same at all base URLs, and for a tenant that was found anew. */
  readonly application: string;
  /** For answers to scripts, which cannot be redirected: it leads back to the page that asked. `undefined` when the route is switched off. */
  loginUrlFrom(req: IncomingMessage): string | undefined;
  now(): number;
  /** Says whether an unsafe request comes from another origin. */
  isForeign(req: IncomingMessage): boolean;
  /** Says whether browsers bring the session's cookie to the page of this request. */
  getsCookie(state: RequestState): boolean;
  /** Says whether a login is fresh and strong enough, by the rule that judged it when it was done. */
  meets(login: LoginStrength & { readonly provider: string }, rules: LoginDemands): boolean;
  /** What the provider of a login can do. */
  capabilitiesOf(login: { readonly provider: string }): LoginCapabilities | undefined;
  /** Where guards read roles unless they say otherwise. */
  readonly rolesFrom: RolesFrom | undefined;
  /** Finds out who a bearer token is from. */
  readonly readBearer: ReadBearerLogin;
  /** Makes `req.auth` of a bearer token. */
  createBearerAuth(state: RequestState, login: BearerLogin): RequestAuth;
  login(state: RequestState, parameters: ResolvedLoginParameters): Promise<void>;
  trySilentLogin(state: RequestState, parameters: SilentLoginOptions): Promise<boolean>;
  logout(state: RequestState, parameters: ResolvedLogoutParameters): Promise<void>;
  createApiAccess(state: Pick<RequestState, 'browser'> & Partial<RequestState>): ApiAccess;
  /** Tells `onError` a fault that nobody else has heard of. */
  tell(fault: ConnectAuthError, exchange?: Partial<Pick<RequestState, 'req' | 'res'>>): void;
  /** Tells a person that they are not logged in, or not well enough, with a way to the login. */
  sendLoginPage(state: RequestState, demands: LoginDemands): Promise<void>;
  /** Whether forms can be kept over a login. */
  readonly keepsForms: boolean;
  /** Answers the request with an error, after telling `onError`. */
  fail(
    state: RequestState,
    error: unknown,
    during: ErrorEvent['during'],
    choice?: { readonly asJson: boolean },
  ): Promise<void>;
}

// In the global registry, so that two copies of this package in one process recognise each other's requests.
const STATE = Symbol.for('express-connect-auth.request');

/** What a request carries; `undefined`: it has passed no `connectAuth()`. */
export function getRequestState(req: Request): RequestState | undefined {
  return holderOf(req)[STATE];
}

/** Says that the response depends on who asks; with `mayStore` it may be kept for those who ask alike. */
export function setPrivate(state: RequestState, { mayStore }: { mayStore: boolean }): void {
  if (state.isPrivate) return;
  setPrivateCacheHeaders(state.res, { mayStore });
  state.isPrivate = !mayStore;
}

/** Makes a request carry it. */
export function setRequestState(req: Request, state: RequestState): void {
  holderOf(req)[STATE] = state;
}

/**
 * The list of its headers as they came, which Node makes for each request and nobody replaces. Express gives each request
 * a hidden class of its own, and one property more would make all that looks at the request later begin anew.
 */
function holderOf(req: Request): StateHolder {
  return (req.rawHeaders ?? req) as unknown as StateHolder;
}

interface StateHolder {
  [STATE]?: RequestState;
}
