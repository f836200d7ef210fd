/*
 * What scripts are answered, as JSON, and what pages of one origin tell each other. No more than types: the client
 * module is for browsers, and shares them.
 */

import type { MissingRights } from './guard-errors.ts';

/** `GET` of `routes.session`, by 200 whoever asks. */
export interface SessionAnswer<User extends object = Record<string, unknown>> {
  /** Who is logged in, by the fields that `session.userFields` names; `null`: nobody. */
  user: User | null;
  /** Seconds until the session ends unless somebody uses it, a minute less at most; 0 without one. */
  idleSeconds: number;
  /** Seconds until it ends in any case; 0 without one. */
  absoluteSeconds: number;
  /** Begins a login that leads back to the page that asked; absent where `routes.login` is off. */
  loginUrl?: string;
  /** Ends the session, by a link or by POST, and leads back; absent where `routes.logout` is off. */
  logoutUrl?: string;
}

/** 401 of a guarded route, for whatever is no page. */
export interface LoginRequiredAnswer {
  /** `insufficient_user_authentication`: somebody is logged in, and must prove more. */
  error: 'login_required' | 'insufficient_user_authentication';
  /** Begins a login that leads back to the page that asked; absent where `routes.login` is off. */
  loginUrl?: string;
}

/** `POST` of `routes.logout`, by 200: the session here has ended. */
export interface LogoutAnswer {
  /** Where the page is to go: the provider's own logout, or the page after it. */
  redirectTo: string;
  /** The provider could not be reached: the person may still be signed in there. */
  provider?: 'unreachable';
}

/** `GET` of `routes.login` with `display=provider_popup`, by 200. */
export interface ProviderPopupAnswer {
  authorizationUrl: string;
  providerOrigin: string;
  callbackUrl: string;
}

/** Any other fault, by its status; 503 brings `Retry-After` as well. */
export interface ErrorAnswer {
  /** One of the codes of docs/errors.md; to who brought a bearer token, one of RFC 6750. */
  error: string;
  /** What is wrong with a bearer token. */
  error_description?: string;
  /** What the guard asked for and the person lacks. */
  missing?: MissingRights;
  /** What a `LoginRefused` says to the person. */
  message?: string;
  /** Under which the application's log has this fault: `onError` is told the same. */
  reference?: string;
}

/** What the window of a login with `display=popup` tells pages of its origin, on the channel `connect-auth`. */
export type AuthMessage = { type: 'login'; returnTo: string } | { type: 'login_failed'; error: string };
