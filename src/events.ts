import type { Request, Response } from 'express';
import type { UserClaims } from './claims.ts';
import type { ConnectAuthError } from './errors.ts';

/** Told to `onLogin` when a session exists and before the browser is sent back. */
export interface LoginEvent {
  readonly req: Request;
  readonly res: Response;
  /** Name of the provider in the options; `default` for a single one. */
  readonly provider: string;
  readonly issuer: string;
  /** What the provider asserted. */
  readonly claims: UserClaims;
  /** What `req.user` will be. */
  readonly user: Express.User;
  /** The path the browser is sent back to. */
  readonly returnTo: string;
}

/**
 * Why a session ended: `logout` by its user, `replaced` by another login in the same browser, `destroyed` by the
 * application through `req.session.destroy()`.
 */
export type LogoutReason = 'logout' | 'replaced' | 'destroyed';

/** Told to `onLogout` when a session has ended. */
export interface LogoutEvent {
  readonly reason: LogoutReason;
  readonly provider: string;
  readonly issuer: string;
  readonly sub: string;
  /** The request that ended it. */
  readonly req: Request;
}

/**
 * Told to `onError` about each fault, for logs and metrics. Holds no token, code or secret.
 *
 * During `login`, `callback`, `logout` and `guard` the hook may answer the request itself; else a page of ours does.
 */
export interface ErrorEvent {
  readonly error: ConnectAuthError;
  readonly during: 'session' | 'login' | 'callback' | 'logout' | 'guard';
  readonly req: Request;
  readonly res: Response;
}

/** What the parts call; the application's hooks or silence. */
export interface Hooks {
  onLogin(event: LoginEvent): void | Promise<void>;
  onLogout(event: LogoutEvent): void | Promise<void>;
  onError(event: ErrorEvent): void | Promise<void>;
}
