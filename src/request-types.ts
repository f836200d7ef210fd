import type { Session, SessionData, Store } from 'express-session';
import type { UserClaims } from './claims.ts';
import type { AuthorizationDetail } from './provider-definition.ts';

/** What a login that a handler starts may ask for. */
export interface LoginParameters {
  /**
   * Where to return to: a path of this application, or a URL of one of `returnOrigins`. Any other origin leads to
   * `routes.home`, and is told to `onError`. @default the page of this request, else `routes.home`
   */
  returnTo?: string;
  /** Name of the provider, where there are several. @default the only one; of several the person chooses */
  provider?: string;
  /**
   * `login`, `select_account`, `create`, …
   * @default none
   * @see [OpenID Connect Core, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)
   */
  prompt?: string;
  /**
   * The person must have proven who they are at most so many seconds ago, from 1; checked when they come back. To have
   * them prove it in any case, ask for `prompt: 'login'`.
   * @default any age
   */
  maxAgeSeconds?: number;
  /** Authentication context classes that will do, the best first; the provider must assert one of them. @default any class */
  acrValues?: string | readonly string[];
  /** Who is about to log in, such as an email address: the provider fills it in. @default none */
  loginHint?: string;
  /** Languages of the provider's pages, such as `nb en`, the best first. @default none */
  uiLocales?: string;
  /**
   * What the login asks to be allowed, in detail (RFC 9396). Where there are several providers it needs `provider`.
   * @default those of the provider's options
   */
  authorizationDetails?: readonly AuthorizationDetail[];
  /**
   * What else the provider takes, such as `{ organization, invitation }`; the protocol's own are refused. Those of the
   * provider's options stay where this says nothing. @default {}
   */
  authorizationParams?: Readonly<Record<string, string | undefined>>;
  /** `popup`: the login runs in a window of its own, which tells the page that opened it and closes. @default 'page' */
  display?: 'page' | 'popup';
}

/** What a route may ask of a login's freshness and strength. */
export type LoginRules = Pick<LoginParameters, 'maxAgeSeconds' | 'acrValues'>;

/** What a login without a page may ask for. */
export interface SilentLoginParameters {
  /** Where to return to: a path of this application. @default the page of this request, else `routes.home` */
  returnTo?: string;
  /** Name of the provider, where there are several. @default the only one; of several one must be named */
  provider?: string;
  /** A browser is sent to the provider again after so many seconds at the earliest, from 5. @default 600 */
  everySeconds?: number;
}

/** How a logout that a handler starts goes on. */
export interface LogoutParameters {
  /**
   * Where to return to: a path of this application, or a URL of one of `returnOrigins`. Any other origin leads to
   * `routes.afterLogout`, and is told to `onError`. @default `routes.afterLogout`
   */
  returnTo?: string;
  /**
   * What else the provider's logout takes, such as `{ logout_hint }`; the protocol's own are refused. Those of the
   * provider's options stay where this says nothing. @default {}
   */
  logoutParams?: Readonly<Record<string, string | undefined>>;
}

/** Which access token will do. */
export interface AccessTokenOptions {
  /** A token that ends sooner is refreshed first: seconds, up to a day. @default 30 */
  minValiditySeconds?: number;
  /**
   * The API that the token is for, as an absolute URI (RFC 8707). It is got with the refresh token, kept beside the others,
   * and got anew when it ends. @default the login's own
   */
  resource?: string;
}

/** What the person's access token is exchanged for; one of `audience`, `resource` and `scope` must be given. */
export interface TokenExchangeOptions {
  /** Who the new token is for, by the name that the provider knows them by. @default none */
  audience?: string;
  /** The same, by an absolute URI. @default none */
  resource?: string;
  /** Scopes of the new token, between spaces. @default as the provider decides */
  scope?: string;
}

/** What `req.auth.fetch()` takes: that of `fetch()`, and which token. */
export interface ApiRequestInit extends RequestInit {
  /** The API that the token is for, as `getAccessToken()` has it. @default the login's own */
  resource?: string;
  /** Sends what the token is exchanged for, as `exchangeToken()` gives it. @default none */
  exchange?: TokenExchangeOptions;
}

/** What a provider can do with a login. What it cannot is never asked of it. */
export interface LoginCapabilities {
  /** Whether it may renew access tokens; where not, `getAccessToken()` rejects when the token has ended. */
  readonly refresh: boolean;
  /** Whether a logout may end the session at the provider too; where not, the person stays signed in there. */
  readonly logout: boolean;
}

/** `req.auth`: the login of this request. Prints and serialises without secrets. */
export interface RequestAuth {
  readonly isAuthenticated: boolean;
  /** How this request says who it is from; `bearer` only behind a guard that takes tokens. `undefined`: not at all. */
  readonly kind: 'session' | 'bearer' | undefined;
  /** The tenant of this request, where there are any; whether somebody is logged in or not. */
  readonly tenant: string | undefined;
  /** Name of the provider in the options; `default` for a single one. `undefined` when nobody is logged in. */
  readonly provider: string | undefined;
  readonly issuer: string | undefined;
  /** What the provider asserted of the person, before `mapUser`. */
  readonly claims: UserClaims | undefined;
  /** The authentication context class that the provider asserted. */
  readonly acr: string | undefined;
  /** The methods by which the person proved who they are, such as `pwd` and `otp` (RFC 8176); empty when nobody says. */
  readonly amr: readonly string[];
  /** When the person last proved who they are at the provider. */
  readonly authTime: Date | undefined;
  /** The scopes that were granted. */
  readonly scopes: readonly string[];
  /** When the session, or the bearer token, ends in any case. */
  readonly expiresAt: Date | undefined;
  /** What the provider of this login can do at all. `undefined` when nobody is logged in. */
  readonly capabilities: LoginCapabilities | undefined;
  /**
   * Answers this request by sending the browser to the provider. With `prompt: 'none'` it comes back to where it came
   * from, logged in or not.
   *
   * @throws ProviderError when the provider cannot be reached, StoreError when Redis cannot.
   */
  login(parameters?: LoginParameters): Promise<void>;
  /**
   * Asks the provider, without a page of it, whether the person is signed in there, and answers this request by sending
   * the browser; it comes back to the same page, logged in or not. `false`: nothing was answered, and the page is to be
   * shown as it is, because somebody is logged in, because this is no page that a person opens, or because this browser
   * was sent lately, or has logged out since.
   *
   * @throws ProviderError `provider_unsupported` when the provider shows a page in any case.
   */
  trySilentLogin(parameters?: SilentLoginParameters): Promise<boolean>;
  /**
   * Ends the session and answers this request by sending the browser to the provider's logout, where it has one.
   *
   * @throws StoreError when Redis cannot be reached: then the session may live on.
   */
  logout(parameters?: LogoutParameters): Promise<void>;
  /**
   * The person's access token, refreshed first when it would end within `minValiditySeconds`.
   *
   * @throws LoginRequiredError when nobody is logged in, or the provider will not renew the login: the session has ended.
   * @throws TokenError when this login has no such token, or it is bound to a key (DPoP); ConfigurationError for a resource
   * that the options do not name; ProviderError when the provider fails; StoreError.
   */
  getAccessToken(options?: AccessTokenOptions): Promise<string>;
  /**
   * `fetch` with the person's access token, to origins listed in `apiOrigins` only. After a 401 it tries once more
   * with a refreshed token. Redirects are handed back, not followed.
   *
   * @throws StepUpRequiredError when the API asks for a fresher or stronger login (RFC 9470): `error.login` is what
   * `req.auth.login()` takes, and `loginOnError` begins it. LoginError `login_insufficient` when a login was asked for that
   * a moment ago, so that none would help. TokenError `token_destination` for another origin; and whatever
   * `getAccessToken` throws.
   * @see [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
   */
  fetch(url: string | URL, init?: ApiRequestInit): Promise<Response>;
  /**
   * A token for somebody else that stands for the same person: the provider gives it in exchange for the person's access
   * token. It is kept with the session, and got anew when it is about to end.
   *
   * @throws ProviderError when the provider refuses or fails; and whatever `getAccessToken` throws.
   * @see [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)
   */
  exchangeToken(options: TokenExchangeOptions): Promise<string>;
  /**
   * What the provider's userinfo endpoint says of the person; its `sub` must be theirs.
   *
   * @see [OpenID Connect Core, section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)
   */
  fetchUserInfo(): Promise<UserClaims>;
  /**
   * Gives the session a new id and keeps everything in it: after a change of rights, say. Call it before the
   * response has begun.
   *
   * @throws LoginRequiredError when nobody is logged in, or the session ended meanwhile.
   */
  renew(): Promise<void>;
  /**
   * Calls back once when this session has ended, in any process and by whatever means: at the latest five seconds
   * after; and when `auth.close()` is called, so that a shutdown need not wait for open answers. For answers that stay open, such as server-sent events, which must close then. Ends with the response; the
   * function returned ends it sooner. What the callback throws or rejects with is told to `onError`.
   *
   * @throws StoreError when Redis was away as the request came.
   */
  onEnd(callback: () => void): () => void;
}

/**
 * The login behind a WebSocket, as it was when the socket was opened. Nothing of it can log in or out. When the session
 * gets a new id, by `renew()` or another login of the same person, `onEnd` follows it, but its tokens are sealed for a
 * cookie that came with no request of this socket: then `getAccessToken()` and `fetch()` reject with
 * `LoginRequiredError`, and the page must open a new one.
 */
export interface UpgradeAuth
  extends Pick<
    RequestAuth,
    'tenant' | 'acr' | 'amr' | 'authTime' | 'getAccessToken' | 'exchangeToken' | 'fetch' | 'fetchUserInfo'
  > {
  /** What `req.user` is in handlers. */
  readonly user: Express.User;
  readonly provider: string;
  readonly issuer: string;
  readonly claims: UserClaims;
  readonly expiresAt: Date;
  /** As `req.auth.onEnd()`: close the socket then. Ends with the socket; the function returned ends it sooner. */
  onEnd(callback: () => void): () => void;
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
    /**
     * What `req.session` holds of yours. Add fields by declaration merging:
     * `declare global { namespace Express { interface SessionData { cart: string[] } } }`. Augmenting the module
     * `express-session` works as well, where the package manager lets a project see the packages of its packages.
     */
    interface SessionData {}
    interface Request {
      /** The person who is logged in, or `undefined`. Reading it throws `StoreError` (503) when Redis is away. */
      user?: User | undefined;
      auth: RequestAuth;
    }
  }
}

declare module 'express-session' {
  interface SessionData extends Express.SessionData {}
}

// `req.session` and its company are typed by @types/express-session.
export type { Session, SessionData, Store };
