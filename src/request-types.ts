import type { Session, SessionData, Store } from 'express-session';
import type { UserClaims } from './claims.ts';

/** What a login that a handler starts may ask for. */
export interface LoginParameters {
  /** Where to return to: a path of this application. @default the page of this request, else `routes.home` */
  returnTo?: string;
  /** Name of the provider, where there are several. */
  provider?: string;
  /** `login`, `select_account`, `create`, … @see [OpenID Connect Core, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest) */
  prompt?: string;
  /** The person must have proven who they are at most so many seconds ago; checked in the ID token. */
  maxAgeSeconds?: number;
  /** Authentication context classes, the best first; the ID token must name one of them. */
  acrValues?: readonly string[];
  loginHint?: string;
  uiLocales?: string;
}

/** `req.auth`: the login of this request. Prints and serialises without secrets. */
export interface RequestAuth {
  readonly isAuthenticated: boolean;
  /** Name of the provider in the options; `default` for a single one. `undefined` when nobody is logged in. */
  readonly provider: string | undefined;
  readonly issuer: string | undefined;
  /** What the provider asserted of the person, before `mapUser`. */
  readonly claims: UserClaims | undefined;
  /** The authentication context class that the provider asserted. */
  readonly acr: string | undefined;
  /** When the person last proved who they are at the provider. */
  readonly authTime: Date | undefined;
  /** When the session ends in any case. */
  readonly expiresAt: Date | undefined;
  /**
   * Answers this request by sending the browser to the provider.
   *
   * @throws ProviderError when the provider cannot be reached, StoreError when Redis cannot.
   */
  login(parameters?: LoginParameters): Promise<void>;
  /**
   * Ends the session and answers this request by sending the browser to the provider's logout, where it has one.
   *
   * @throws StoreError when Redis cannot be reached: then the session may live on.
   */
  logout(options?: { returnTo?: string }): Promise<void>;
  /**
   * Gives the session a new id and keeps everything in it: after a change of rights, say. Call it before the
   * response has begun.
   *
   * @throws LoginRequiredError when nobody is logged in, or the session ended meanwhile.
   */
  renew(): Promise<void>;
}

declare global {
  namespace Express {
    /**
     * The person who is logged in. Add fields of your own by declaration merging:
     * `declare global { namespace Express { interface User { roles: string[] } } }`.
     */
    interface User {
      sub: string;
      name?: string | undefined;
      given_name?: string | undefined;
      family_name?: string | undefined;
      preferred_username?: string | undefined;
      picture?: string | undefined;
      email?: string | undefined;
      email_verified?: boolean | undefined;
      phone_number?: string | undefined;
      phone_number_verified?: boolean | undefined;
    }
    interface Request {
      /** The person who is logged in, or `undefined`. Reading it throws `StoreError` (503) when Redis is away. */
      user?: User | undefined;
      auth: RequestAuth;
    }
  }
}

// `req.session` and its company are typed by @types/express-session.
export type { Session, SessionData, Store };
