import type { Request, Response } from 'express';
import type { LoginRefused } from './application-errors.ts';
import type { UserClaims } from './claims.ts';
import type { ConnectAuthError } from './errors.ts';
import type { AuthorizationDetail } from './provider-definition.ts';

/** What is known of a login beside the claims. */
export interface LoginFacts {
  /** Where there are tenants. */
  readonly tenant?: string | undefined;
  /** Name of the provider in the options; `default` for a single one. */
  readonly provider: string;
  readonly issuer: string;
  /** `bearer`: an access token that a guard takes, with one request. */
  readonly kind: 'session' | 'bearer';
  /** The authentication context class that the provider asserted. */
  readonly acr: string | undefined;
  /** The methods by which the person proved who they are, such as `pwd` and `otp` (RFC 8176); empty when nobody says. */
  readonly amr: readonly string[];
  /** When the person last proved who they are at the provider. */
  readonly authTime: Date | undefined;
}

/** Told to `onLogin` when a session exists and before the browser is sent back. */
export interface LoginEvent extends Omit<LoginFacts, 'kind'> {
  readonly req: Request;
  readonly res: Response;
  /** What the provider asserted. */
  readonly claims: UserClaims;
  /** What `req.user` will be. */
  readonly user: Express.User;
  /** Scopes that were asked for and not granted. */
  readonly missingScopes: readonly string[];
  /** What the provider says it allowed, where it was asked in detail (RFC 9396, section 7); nobody has looked at it. */
  readonly authorizationDetails: readonly AuthorizationDetail[] | undefined;
  /** What came beside `code` and `state`, through the browser and signed by nobody: see `mapUser`. */
  readonly unverified: Readonly<Record<string, string>>;
  /** Where the browser is sent back to: a path of this application, or a URL of one of `returnOrigins`. */
  readonly returnTo: string;
}

/**
 * Why a session ended: `logout` by its user, `replaced` by another login in the same browser, `destroyed` by the
 * application through `req.session.destroy()`, `refresh_refused` by the provider's "no" to a token refresh
 * or to `session.revalidateSeconds`, `idle_timeout` and `absolute_timeout` when somebody noticed, `back_channel` and `front_channel` by the
 * provider, `revoked` through `auth.sessions`, `limit` by a login that was one too many for `session.maxPerUser`.
 */
export type LogoutReason =
  | 'logout'
  | 'replaced'
  | 'destroyed'
  | 'refresh_refused'
  | 'idle_timeout'
  | 'absolute_timeout'
  | 'back_channel'
  | 'front_channel'
  | 'revoked'
  | 'limit';

/**
 * Told to `onLogout` when a session has ended: once, by whichever process took it. Lost are events of a process that
 * dies in that very moment, and of one that loses Redis for more than half a minute then. Told for each of two logins
 * where a logout from outside overtakes a new login of the same person.
 */
export interface LogoutEvent {
  readonly reason: LogoutReason;
  /** Where there are tenants. */
  readonly tenant?: string | undefined;
  readonly provider: string;
  readonly issuer: string;
  readonly sub: string;
  /** The request that ended it, where one did. */
  readonly req?: Request | undefined;
}

/**
 * Told to `onError` about each fault, for logs and metrics. Holds no token, code or secret.
 *
 * During `login`, `callback`, `logout` and `guard` the hook may answer the request itself; else a page of ours does.
 */
export interface ErrorEvent {
  readonly error: ConnectAuthError;
  /** Names this fault: eight characters by chance, which also stand on the page or in the JSON that answers it. */
  readonly reference: string;
  /** Where there are tenants. */
  readonly tenant?: string | undefined;
  readonly during: 'session' | 'login' | 'callback' | 'logout' | 'guard';
  /** The request at hand, where there is one. */
  readonly req?: Request | undefined;
  readonly res?: Response | undefined;
  /** Where a login that failed would have returned to: a path of this application, or a URL of one of `returnOrigins`. */
  readonly returnTo?: string | undefined;
}

/** What the parts call: the application's hooks. */
export interface Hooks {
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing
  onLogin(event: LoginEvent): void | LoginRefused | Promise<void | LoginRefused>;
  onLogout(event: LogoutEvent): void | Promise<void>;
  onError(event: ErrorEvent): void | Promise<void>;
}
