import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { LoginRefused } from '../application-errors.ts';
import type { UserClaims } from '../claims.ts';
import type { Clock, Clocks } from '../clock.ts';
import type { ErrorEvent, Hooks, LoginFacts, LogoutEvent } from '../events.ts';
import type { RolesFrom } from '../guard-types.ts';
import type { PageOptions } from '../page-types.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { RedisTarget } from '../redis-clients.ts';
import type { Secret } from '../secret.ts';
import type { ResolvedPages } from './page-options.ts';

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/** Several providers by name. */
export type NamedProviders = Readonly<Record<string, ProviderDefinition>>;

/** Finds the provider, or the providers, of a tenant; `undefined`: there is no such tenant. */
export type ProvidersOfTenant<Given> = (tenant: string) => Given | undefined | Promise<Given | undefined>;

/** What `connectAuth()` is given. */
export interface ConnectAuthOptions {
  /**
   * Where browsers reach this application, such as `https://app.example.com`. The callback URL, the cookies'
   * `Secure` and the origin of every check follow from it, never from a request header. http is accepted for
   * localhost only. May have a path when the application lives under one.
   *
   * Of several, as preview deployments have them, `Host` chooses one and decides nothing else; what it names and is not
   * listed is answered by 421. `application` must be given then.
   */
  baseUrl: string | readonly string[];
  /**
   * Names the application. Whatever is signed, sealed or kept in Redis belongs to it, so that two applications with one
   * secret and one Redis never meet, and the name of the cookie follows from it. Processes that shall share sessions must
   * all give the same: give it where they have several base URLs, and where `routes.callback` is `false`. A URL counts in
   * any of its spellings.
   * @default `baseUrl`, normalised
   */
  application?: string;
  /**
   * At least 32 characters from a random source. Signs the cookie and, together with the session id, seals tokens.
   * With several, the first one signs and seals and all of them verify and open: put a new one in front, and drop
   * the old one when the longest session has ended.
   */
  secret: string | readonly string[];
  /**
   * Where sessions live: a URL or options of ioredis, and the connection is ours; or a client that the application has
   * made and closes, of ioredis, of iovalkey, or of node-redis (`redis` 5 or newer).
   * @default the memory of this process, which is refused in production; `'memory'` allows it there too
   */
  redis?: RedisTarget | 'memory';
  /**
   * Begins every key in Redis.
   * @default 'connect-auth:'
   */
  redisPrefix?: string;
  /**
   * The provider, when there is one: `providers.oidc({ … })`. Its redirect URI is `baseUrl` + `routes.callback`.
   *
   * With `tenant`: a function that gives a tenant's provider, or `undefined` where there is no such tenant. It is asked
   * once for requests that come together, and again after `tenantCacheSeconds`; after ten seconds at most where there was
   * none, so that a new tenant may be there that much later. Its redirect URI is `baseUrl` +
   * `routes.callback` + `/tenant`, so that no tenant's provider can answer for another's; so are the addresses
   * of all that providers ask for: logouts, revocations, logins that they begin, keys.
   * @default none; `provider` or `providers` must be given
   */
  provider?: ProviderDefinition | ProvidersOfTenant<ProviderDefinition>;
  /**
   * Several providers by name. `/login?provider=name` chooses; without it `/login` shows a page that asks. Each has a
   * redirect URI of its own, `baseUrl` + `routes.callback` + `/name`, so that none can answer for another
   * (RFC 9700, section 4.4).
   *
   * With `tenant`: a function that gives those of a tenant, as for `provider`.
   * @default none; `provider` or `providers` must be given
   */
  providers?: NamedProviders | ProvidersOfTenant<NamedProviders>;
  /**
   * Names the tenant of a request: lower-case letters, digits and hyphens, at most 63. It is trusted, so it must not take
   * what a browser may choose, but where each choice is only another door. Everything of a tenant is its own, as if it
   * were another application: cookies, sessions, keys in Redis. `undefined`, or a tenant that there is not, is answered by
   * 404. The request may be the upgrade of a WebSocket, which has nothing of Express.
   * @default there are no tenants
   */
  tenant?: (req: IncomingMessage) => string | undefined | Promise<string | undefined>;
  /** So many tenants are kept ready; the one that was not used for longest goes first. @default 100 */
  maxTenants?: number;
  /**
   * For so many seconds the providers of a tenant are taken as they were given. Give the same object again where nothing
   * has changed: what was discovered is kept then.
   * @default 600
   */
  tenantCacheSeconds?: number;
  /** Paths of our routes, relative to the place where the middleware is mounted. @default {} */
  routes?: RouteOptions;
  /** The session, and the cookie that names it. @default {} */
  session?: SessionOptions;
  /** How our pages look and speak, and pages of yours in place of them. @default {} */
  pages?: PageOptions;
  /**
   * Origins, beside that of `baseUrl`, whose pages may send unsafe requests (POST, PUT, …) that bring the session's cookie.
   * @default []
   */
  trustedOrigins?: readonly string[];
  /**
   * Origins, beside that of `baseUrl`, that a browser may be sent back to after a login or a logout, such as
   * `https://app.example.com` of a front end. Any page of theirs may be named by whoever makes a link to `/login`.
   * @default []
   */
  returnOrigins?: readonly string[];
  /**
   * Other names of this application, such as `www.example.com` or `127.0.0.1:3000`: a page that is opened there is sent to
   * the same path of `baseUrl`, of the first of several, where logins and their cookies belong. Never twice in ten seconds, so that a proxy that
   * rewrites `Host` makes no loop of it.
   * @default []
   */
  redirectHosts?: readonly string[];
  /**
   * Origins whose pages may also read the answers, by CORS with credentials: a front end on another host of the same
   * site, such as `https://app.example.com` where this is `https://api.example.com`. They are trusted as well.
   * @default []
   */
  corsOrigins?: readonly string[];
  /**
   * Routes of the application that take unsafe requests from any origin although they bring the session's cookie, such
   * as `/payment/notice`, or `/hooks/*` for all below. They must know by other means who sends; guarded routes refuse
   * such requests all the same.
   * @default []
   */
  crossOriginRoutes?: readonly string[];
  /**
   * Origins that `req.auth.fetch()` may send the access token to, such as `https://api.example.com`.
   * @default []
   */
  apiOrigins?: readonly string[];
  /**
   * Those of `apiOrigins` that are on plain http, such as `http://orders:3000`, inside a network that nobody else can
   * listen in: access tokens travel there in the clear. Each is written in both. (For a provider's endpoints, its preset
   * has an option of the same name.) @default []
   */
  dangerouslyAllowHttp?: readonly string[];
  /**
   * What every request to a provider and every `req.auth.fetch()` goes through, in place of `fetch`: for a proxy, a private
   * certificate authority, or a client certificate. Called as `fetch(url, init)`; `init.redirect` must be heeded. Sizes and
   * times of a provider's answers are bounded all the same.
   * @default the `fetch` of Node
   */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * What the query of `/login` may choose for the authorization request; everything else in it is ignored.
   * @default {}
   */
  loginParameters?: LoginParameterOptions;
  /**
   * Makes `req.user` out of the provider's claims, once per login: look the person up, create an account, pick
   * fields. Whatever it returns must survive JSON. A `LoginRefused`, thrown or returned, refuses the login; whatever else
   * it throws is a fault of yours (5xx), told to `onError` as it is. Called again when a token refresh brings claims;
   * throwing then leaves `req.user` as it was. Called as well for each bearer token that a guard takes, with `kind`
   * `bearer`.
   * @default the claims themselves
   */
  mapUser?: (claims: UserClaims, login: MappedLogin) => MaybePromise<Express.User | LoginRefused>;
  /**
   * Where guards read roles, `requireAuth({ roles })`: the name of a claim, or the path to it with dots between,
   * `realm_access.roles`; an array of names, where these have dots in them; a function; or `keycloakRoles()`.
   * @default `roles` of `req.user`
   */
  rolesFrom?: RolesFrom;
  /**
   * Called when a session exists, before the browser is sent back. A `LoginRefused`, thrown or returned, refuses the
   * login and ends the session; so does whatever else it throws, as a fault of yours (5xx).
   * @default nothing
   */
  onLogin?: Hooks['onLogin'];
  /** Called when a session has ended. What it throws goes to `onError` and changes nothing. @default nothing */
  onLogout?: (event: LogoutEvent) => void | Promise<void>;
  /**
   * Called with each fault, for logs and metrics. May answer the request itself.
   * @default a warning of the process, once of each kind that an operator should mend
   */
  onError?: (event: ErrorEvent) => void | Promise<void>;
  /** Whether a logout also tells the browser to clear its cache and storage of this origin (`Clear-Site-Data`). @default false */
  clearSiteData?: boolean;
  /**
   * How long one command to Redis may take, in milliseconds, before the request is answered by 503.
   * @default 2000
   */
  storeTimeoutMs?: number;
  /**
   * The current time in milliseconds, for tests: one clock in place of all, Redis's too, or each by itself.
   * @default the clock of this process, its monotonic clock for durations, and that of Redis for what it keeps
   */
  now?: Clock | Clocks;
}

/** What `mapUser` is told beside the claims. */
export interface MappedLogin extends LoginFacts {
  /**
   * What the provider sent beside `code` and `state`, such as Apple's `user` at the first login. It came through the browser
   * and nobody has signed it: the person can have written it. Empty when tokens were refreshed.
   */
  readonly unverified: Readonly<Record<string, string>>;
  /**
   * `fetch` with the person's access token, to origins listed in `apiOrigins` only: for groups or roles that only an API
   * tells. Redirects are handed back, not followed.
   *
   * @throws TokenError `token_destination` for another origin, `token_unavailable` when the login brought no access token.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

/** What the query of `/login` may choose. */
export interface LoginParameterOptions {
  /** Values of `prompt` that `/login?prompt=…` may ask for, such as `['create']`. @default [] */
  prompt?: readonly string[];
  /**
   * Parameters that the provider knows and `/login` passes on from its query, such as `['organization', 'invitation']`; at
   * most 256 characters each. @default []
   */
  authorizationParams?: readonly string[];
  /** Whether `/login?login_hint=…` is passed on. @default false */
  loginHint?: boolean;
  /** Whether `/login?ui_locales=…` is passed on. @default false */
  uiLocales?: boolean;
}

/** Paths of our routes, and of two pages of the application. */
export interface RouteOptions {
  /** Starts a login. `false` switches it off. @default '/login' */
  login?: string | false;
  /** Where the provider answers, by GET or POST. `false`: this process begins and finishes no logins. @default '/oauth/callback' */
  callback?: string | false;
  /** Ends the session. `false` switches it off. @default '/logout' */
  logout?: string | false;
  /** Where the provider posts its logout tokens. `false` switches it off. @default '/oauth/backchannel-logout' */
  backchannelLogout?: string | false;
  /** What the provider loads in a frame at its logout. `false` switches it off. @default '/oauth/frontchannel-logout' */
  frontchannelLogout?: string | false;
  /**
   * Where the provider asks, by a request it signs, to end all sessions of a person (Global Token Revocation; Okta's
   * Universal Logout); such as `/oauth/global-token-revocation`. @default false
   */
  globalTokenRevocation?: string | false;
  /**
   * Where the provider, or a page of it, begins a login (OpenID Connect Core, section 4), by GET or POST with `iss`,
   * `login_hint` and `target_link_uri`; such as `/initiate-login`. Of several clients of one issuer each registers it with its
   * name, as in `/initiate-login?provider=staff`. @default false
   */
  initiateLogin?: string | false;
  /**
   * Tells scripts who is logged in and for how long, without keeping the session alive; such as `/auth/session`.
   * @default false
   */
  session?: string | false;
  /**
   * The page that asks whether to send a form that `keepForm` has kept over a login; such as `/kept-form`.
   * @default false
   */
  keptForm?: string | false;
  /**
   * Gives the metrics of this process in the text format of Prometheus; such as `/metrics`. Whoever can reach it can read it,
   * so keep it from the outside by your proxy, or serve `createMetrics()` at a port of its own.
   * @default false
   */
  metrics?: string | false;
  /** A page of ours that says so and logs nobody in. `false` switches it off. @default '/signed-out' */
  signedOut?: string | false;
  /**
   * Answers the probes of an orchestrator, at any host: 200 where sessions work, 503 where they do not; such as `/healthz`. A
   * provider that is away changes nothing.
   * @default false
   */
  health?: string | false;
  /**
   * Where providers find the public keys of this client (its `jwks_uri`), as a JWK Set: those of every `clientKey`, of which
   * the first signs; such as `/oauth/jwks`.
   * @default false
   */
  jwks?: string | false;
  /** Where the browser goes after a login that asked for no page: a page of the application. @default '/' */
  home?: string;
  /**
   * Where the browser goes after a logout. Register it at the provider, as `baseUrl` + this path. If that page needs
   * a login, take `/signed-out`, or the browser may be logged in again at once.
   * @default `home`
   */
  afterLogout?: string;
}

/** How long a session lives, and how its cookie is called. */
export interface SessionOptions {
  /**
   * Name of the cookie. On https `__Host-Http-` stands before it, so that nobody but this host can set it; `__Secure-`
   * when `cookiePath` is set. The default is `session` at the root of a host's default port; elsewhere, and where
   * `application` is given, eight characters follow, so that applications of one host do not take each other's.
   * @default 'session', and eight characters more wherever a second application could have the same
   */
  cookieName?: string;
  /** Path of the cookie. Anything but `/` gives up the protection of `__Host-Http-`, and is warned of. @default '/' */
  cookiePath?: string;
  /**
   * Seconds without a request after which a session ends; exact to a minute.
   * @default 86400 (a day); `absoluteTimeoutSeconds` where that is less
   */
  idleTimeoutSeconds?: number;
  /** Seconds after the login when a session ends in any case. @default 604800 (a week) */
  absoluteTimeoutSeconds?: number;
  /** Whether the cookie outlives the browser. @default false */
  persistent?: boolean;
  /**
   * Says where a login came from, for the person's list of sessions: the kind of browser, say. At most 256 characters
   * are kept. @default nothing
   */
  describe?: (req: Request) => string | undefined;
  /**
   * How many sessions one user may have at once, with one client. Counted are those that live.
   * @default any number
   */
  maxPerUser?: number;
  /**
   * What becomes of a login that would be one too many: it ends the oldest of the user's sessions, with the reason
   * `limit`, or is refused itself, by a `LoginError` `login_limited`.
   * @default 'end_oldest'
   */
  whenTooMany?: 'end_oldest' | 'refuse';
  /**
   * After so many seconds, from 10, the provider is asked whether it still stands by a login: by a refresh of the tokens,
   * or at its userinfo endpoint where there is no refresh token. The request at hand waits for it; at most one asks, in
   * all processes. A clear "no" ends the session, with the reason `refresh_refused`; any fault leaves it.
   * @default never
   */
  revalidateSeconds?: number;
  /**
   * Fields of `req.user` that `routes.session` tells scripts of our pages.
   * @default ["sub","name"]
   */
  userFields?: readonly string[];
  /** Keys of `req.session` that survive a login; everything else of the anonymous session is dropped. @default [] */
  carryOver?: readonly string[];
}

/** The options after every check, complete and frozen. Prints without secrets. */
export interface ResolvedOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** What everything that is signed, sealed or keyed is bound to. */
  readonly application: string;
  readonly origin: string;
  /** Path part of `baseUrl`: empty, or begins with a slash. */
  readonly basePath: string;
  readonly https: boolean;
  readonly secrets: readonly Secret[];
  /** A function, so that a password in it is never printed. */
  readonly redis: () => RedisTarget | 'memory' | undefined;
  readonly redisPrefix: string;
  readonly providers: ReadonlyMap<string, ProviderDefinition>;
  /** Whether `providers` was given rather than `provider`: each has a callback path of its own then. */
  readonly severalProviders: boolean;
  readonly routes: Readonly<Required<RouteOptions>>;
  readonly session: ResolvedSession;
  readonly pages: ResolvedPages;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly returnOrigins: ReadonlySet<string>;
  /** In lower case, with the port where it is not the default one. */
  readonly redirectHosts: ReadonlySet<string>;
  readonly corsOrigins: ReadonlySet<string>;
  readonly crossOriginRoutes: readonly string[];
  readonly apiOrigins: ReadonlySet<string>;
  readonly fetch: NonNullable<ConnectAuthOptions['fetch']>;
  readonly loginParameters: Readonly<Required<LoginParameterOptions>>;
  readonly mapUser: (claims: UserClaims, login: MappedLogin) => MaybePromise<Express.User>;
  readonly rolesFrom: RolesFrom | undefined;
  readonly hooks: Hooks;
  readonly clearSiteData: boolean;
  readonly storeTimeoutMs: number;
  readonly clocks: Clocks;
}

/** The options of `session` after every check. What is off by default is `undefined`. */
export type ResolvedSession = Readonly<
  Required<Omit<SessionOptions, OffByDefault>> & Record<OffByDefault, number | undefined>
>;

type OffByDefault = 'maxPerUser' | 'revalidateSeconds';
