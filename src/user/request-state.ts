import type { Request } from 'express';
import type { ErrorEvent } from '../events.ts';
import type { LoginParameters } from '../request-types.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Identity } from '../session/identity.ts';

/** What one request carries for `req.auth` and `requireAuth`, hidden under a symbol. */
export interface RequestState {
  /** The middleware that made it. */
  readonly owner: unknown;
  readonly browser: BrowserSession;
  /** Says whether this unsafe request comes from another origin. */
  isForeign(): boolean;
  now(): number;
  /** Says whether the login's authentication context class answers those asked for. */
  meetsAcr(identity: Identity, asked: readonly string[]): boolean;
  /** For answers to scripts, which cannot be redirected; `undefined` when the route is switched off. */
  readonly loginUrl: string | undefined;
  login(parameters: LoginParameters): Promise<void>;
  /** Answers the request with an error, after telling `onError`. */
  fail(error: unknown, during: ErrorEvent['during']): Promise<void>;
  /** Says that the response depends on who asks; with `keepNowhere` also for somebody without a session. */
  markPersonal(options?: { keepNowhere: boolean }): void;
}

// In the global registry, so that two copies of this package in one process recognise each other's requests.
const STATE = Symbol.for('express-connect-auth.request');

export function getRequestState(req: Request): RequestState | undefined {
  return (req as unknown as Record<symbol, RequestState | undefined>)[STATE];
}

export function setRequestState(req: Request, state: RequestState): void {
  Object.defineProperty(req, STATE, { value: state, configurable: true });
}
