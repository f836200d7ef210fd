import type { Request } from 'express';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { UserClaims } from './claims.ts';
import { type Clock, systemClock } from './clock.ts';
import { ConfigurationError } from './errors.ts';
import type { ErrorEvent, Hooks, LoginEvent, LogoutEvent } from './events.ts';
import {
  checkBoolean,
  checkFunction,
  checkKeys,
  checkNumber,
  checkObject,
  checkPath,
  checkString,
  checkStrings,
  checkUrl,
  refuse,
} from './option-checks.ts';
import type { ProviderDefinition } from './provider-definition.ts';
import { createSecret, type Secret } from './secret.ts';

/** A Redis server: a URL, options for ioredis, or a client of the application's own. */
export type RedisTarget = string | RedisOptions | Redis | Cluster;

/** What `connectAuth()` is given. */
export interface ConnectAuthOptions {
  /**
   * Where browsers reach this application, such as `https://app.example.com`. The callback URL, the cookies'
   * `Secure` and the origin of every check follow from it, never from a request header. http is accepted for
   * localhost only. May have a path when the application lives under one.
   */
  baseUrl: string;
  /**
   * At least 32 characters from a random source. Signs the cookie and, together with the session id, seals tokens.
   * With several, the first one signs and seals and all of them verify and open: put a new one in front, and drop
   * the old one when the longest session has ended.
   */
  secret: string | readonly string[];
  /**
   * Where sessions live.
   * @default the memory of this process, which is refused in production; `'memory'` allows it there too
   */
  redis?: RedisTarget | 'memory';
  /**
   * Begins every key in Redis.
   * @default 'connect-auth:'
   */
  redisPrefix?: string;
  /** The provider, when there is one: `providers.oidc({ … })`. Its redirect URI is `baseUrl` + `routes.callback`. */
  provider?: ProviderDefinition;
  /**
   * Several providers by name. `/login?provider=name` chooses; without it `/login` shows a page that asks. Each has a
   * redirect URI of its own, `baseUrl` + `routes.callback` + `/name`, so that none can answer for another
   * (RFC 9700, section 4.4).
   */
  providers?: Readonly<Record<string, ProviderDefinition>>;
  /** Paths of our routes, relative to the place where the middleware is mounted. */
  routes?: RouteOptions;
  session?: SessionOptions;
  /**
   * Origins, beside that of `baseUrl`, whose pages may send unsafe requests (POST, PUT, …) to guarded routes.
   * @default []
   */
  trustedOrigins?: readonly string[];
  /**
   * Origins that `req.auth.fetch()` may send the access token to, such as `https://api.example.com`.
   * @default []
   */
  apiOrigins?: readonly string[];
  /**
   * What the query of `/login` may choose for the authorization request; everything else in it is ignored.
   * @default {}
   */
  loginParameters?: LoginParameterOptions;
  /**
   * Makes `req.user` out of the provider's claims, once per login: look the person up, create an account, pick
   * fields. Whatever it returns must survive JSON. Throwing refuses the login.
   * @default the claims themselves
   */
  mapUser?: (
    claims: UserClaims,
    login: { provider: string; issuer: string },
  ) => Express.User | Promise<Express.User>;
  /** Called when a session exists, before the browser is sent back. Throwing refuses the login and ends the session. */
  onLogin?: (event: LoginEvent) => void | Promise<void>;
  /** Called when a session has ended. What it throws goes to `onError` and changes nothing. */
  onLogout?: (event: LogoutEvent) => void | Promise<void>;
  /** Called with each fault, for logs and metrics. May answer the request itself. */
  onError?: (event: ErrorEvent) => void | Promise<void>;
  /** Whether a logout also tells the browser to clear what it keeps of this origin (`Clear-Site-Data`). @default false */
  clearSiteData?: boolean;
  /**
   * How long one command to Redis may take, in milliseconds, before the request is answered by 503.
   * @default 2000
   */
  storeTimeoutMs?: number;
  /**
   * The current time in milliseconds. For tests.
   * @default Date.now
   */
  now?: Clock;
}

export interface LoginParameterOptions {
  /** Values of `prompt` that `/login?prompt=…` may ask for, such as `['create']`. @default [] */
  prompt?: readonly string[];
  /** Whether `/login?login_hint=…` is passed on. @default false */
  login_hint?: boolean;
  /** Whether `/login?ui_locales=…` is passed on. @default false */
  ui_locales?: boolean;
}

export interface RouteOptions {
  /** Starts a login. `false` switches it off. @default '/login' */
  login?: string | false;
  /** Where the provider answers, by GET or POST. `false`: this process finishes no logins. @default '/oauth/callback' */
  callback?: string | false;
  /** Ends the session. `false` switches it off. @default '/logout' */
  logout?: string | false;
  /** Where the provider posts its logout tokens. `false` switches it off. @default '/oauth/backchannel-logout' */
  backchannelLogout?: string | false;
  /** What the provider loads in a frame at its logout. `false` switches it off. @default '/oauth/frontchannel-logout' */
  frontchannelLogout?: string | false;
  /** A page of ours that says so and logs nobody in. `false` switches it off. @default '/signed-out' */
  signedOut?: string | false;
  /** Where the browser goes after a login that asked for no page: a page of the application. @default '/' */
  home?: string;
  /**
   * Where the browser goes after a logout. Register it at the provider, as `baseUrl` + this path. If that page needs
   * a login, take `/signed-out`, or the browser may be logged in again at once.
   * @default `home`
   */
  afterLogout?: string;
}

export interface SessionOptions {
  /**
   * Name of the cookie. On https it is prefixed with `__Host-`, or with `__Secure-` when `cookiePath` is set.
   * @default 'session'
   */
  cookieName?: string;
  /** Path of the cookie. Anything but `/` gives up the protection of the `__Host-` prefix. @default '/' */
  cookiePath?: string;
  /** Seconds without a request after which a session ends; exact to a minute. @default 86400 (a day) */
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
  /** Keys of `req.session` that survive a login; everything else of the anonymous session is dropped. @default [] */
  carryOver?: readonly string[];
}

/** The options after every check, complete and frozen. Prints without secrets. */
export interface ResolvedOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
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
  readonly session: Readonly<Required<SessionOptions>>;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly apiOrigins: ReadonlySet<string>;
  readonly loginParameters: Readonly<Required<LoginParameterOptions>>;
  readonly mapUser: NonNullable<ConnectAuthOptions['mapUser']>;
  readonly hooks: Hooks;
  readonly clearSiteData: boolean;
  readonly storeTimeoutMs: number;
  readonly now: Clock;
}

const MAX_COOKIE_SECONDS = 400 * 24 * 3600;

/**
 * Checks and completes the options.
 *
 * @throws ConfigurationError naming the option, what it must be and what it is.
 */
export function resolveOptions(options: ConnectAuthOptions): ResolvedOptions {
  checkKeys('connectAuth()', options, OPTION_NAMES);
  const baseUrl = resolveBaseUrl(options.baseUrl);
  const https = baseUrl.protocol === 'https:';
  const basePath = baseUrl.pathname.replace(/\/$/, '');
  return Object.freeze({
    baseUrl: baseUrl.origin + basePath,
    origin: baseUrl.origin,
    basePath,
    https,
    secrets: resolveSecrets(options.secret),
    redis: resolveRedis(options.redis),
    redisPrefix: resolvePrefix(options.redisPrefix ?? 'connect-auth:'),
    providers: resolveProviders(options),
    severalProviders: options.providers !== undefined,
    routes: resolveRoutes(options.routes ?? {}),
    session: resolveSession(options.session ?? {}, https),
    trustedOrigins: resolveOrigins('trustedOrigins', options.trustedOrigins ?? []),
    apiOrigins: resolveOrigins('apiOrigins', options.apiOrigins ?? []),
    loginParameters: resolveLoginParameters(options.loginParameters ?? {}),
    mapUser: checkFunction('mapUser', options.mapUser ?? ((claims: UserClaims) => claims)),
    hooks: resolveHooks(options),
    clearSiteData: checkBoolean('clearSiteData', options.clearSiteData ?? false),
    storeTimeoutMs: checkNumber('storeTimeoutMs', options.storeTimeoutMs ?? 2000, { min: 1, max: 60_000 }),
    now: checkFunction('now', options.now ?? systemClock),
  });
}

const OPTION_NAMES: readonly (keyof ConnectAuthOptions)[] = [
  ...(['baseUrl', 'secret', 'redis', 'redisPrefix', 'provider', 'providers', 'routes', 'session'] as const),
  ...([
    'trustedOrigins',
    'apiOrigins',
    'loginParameters',
    'mapUser',
    'onLogin',
    'onLogout',
    'onError',
    'clearSiteData',
    'storeTimeoutMs',
    'now',
  ] as const),
];

function resolveBaseUrl(value: unknown): URL {
  const url = checkUrl('baseUrl', value);
  if (url.search || url.hash) throw new ConfigurationError('baseUrl must have no query and no fragment.');
  return url;
}

function resolveSecrets(value: unknown): readonly Secret[] {
  const secrets = checkStrings('secret', Array.isArray(value) ? value : [value]);
  if (secrets.length === 0) throw new ConfigurationError('secret must hold at least one string.');
  for (const secret of secrets) {
    if (secret.length < 32) {
      throw new ConfigurationError(
        `secret must have at least 32 characters; one has ${secret.length}. Make one with: openssl rand -base64 48`,
      );
    }
  }
  return Object.freeze(secrets.map(createSecret));
}

function resolveRedis(redis: ConnectAuthOptions['redis']): ResolvedOptions['redis'] {
  if (redis === undefined || redis === 'memory') return () => redis;
  if (typeof redis === 'string') {
    if (!/^(rediss?|unix):\/\/|^\//.test(redis)) {
      refuse(
        'redis',
        'a URL such as "redis://localhost:6379", options for ioredis, a client or "memory"',
        redis,
      );
    }
    return () => redis;
  }
  checkObject('redis', redis);
  checkRedisOptions(redis as RedisTarget & object);
  return () => redis;
}

/** What a Redis client is configured with, whether we are given the options or the client. */
interface RedisClientOptions {
  keyPrefix?: unknown;
  role?: unknown;
  readOnly?: unknown;
  scaleReads?: unknown;
  redisOptions?: RedisClientOptions;
}

function checkRedisOptions(redis: object): void {
  const given = (redis as { options?: RedisClientOptions }).options ?? (redis as RedisClientOptions);
  for (const options of [given, given.redisOptions ?? {}]) {
    if (options.keyPrefix) {
      throw new ConfigurationError('redis must not use keyPrefix: scripts would miss it. Use redisPrefix.');
    }
    if (options.role === 'slave' || options.readOnly || (options.scaleReads ?? 'master') !== 'master') {
      throw new ConfigurationError(
        'redis must not read from replicas: a session that ended would still be found there.',
      );
    }
  }
}

function resolvePrefix(value: unknown): string {
  const prefix = checkString('redisPrefix', value);
  if (/[{}*?[\]\\\s]/.test(prefix)) refuse('redisPrefix', 'free of braces, wildcards and white space', value);
  return prefix;
}

function resolveProviders(options: ConnectAuthOptions): ReadonlyMap<string, ProviderDefinition> {
  if ((options.provider === undefined) === (options.providers === undefined)) {
    throw new ConfigurationError('connectAuth() needs either provider or providers.');
  }
  if (options.provider) return new Map([['default', checkProvider('provider', options.provider)]]);
  checkObject('providers', options.providers);
  const entries = Object.entries(options.providers ?? {});
  if (entries.length === 0) throw new ConfigurationError('providers must name at least one provider.');
  return new Map(
    entries.map(([name, provider]) => {
      if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
        throw new ConfigurationError(`providers: "${name}" must be lower-case letters, digits and hyphens.`);
      }
      return [name, checkProvider(`providers.${name}`, provider)];
    }),
  );
}

function checkProvider(where: string, value: ProviderDefinition): ProviderDefinition {
  checkObject(where, value);
  if (typeof value.preset !== 'string' || !Object.isFrozen(value)) {
    throw new ConfigurationError(`${where} must be made by one of the presets: providers.oidc({ … }).`);
  }
  return value;
}

const ROUTE_DEFAULTS = Object.freeze({
  login: '/login',
  callback: '/oauth/callback',
  logout: '/logout',
  backchannelLogout: '/oauth/backchannel-logout',
  frontchannelLogout: '/oauth/frontchannel-logout',
  signedOut: '/signed-out',
});

function resolveRoutes(routes: RouteOptions): Readonly<Required<RouteOptions>> {
  const names = Object.keys(ROUTE_DEFAULTS) as (keyof typeof ROUTE_DEFAULTS)[];
  checkKeys('routes', routes, [...names, 'home', 'afterLogout']);
  const path = (name: (typeof names)[number]): string | false => {
    const value = routes[name] ?? ROUTE_DEFAULTS[name];
    return value === false ? false : checkPath(`routes.${name}`, value);
  };
  const own = Object.fromEntries(names.map((name) => [name, path(name)])) as Record<
    (typeof names)[number],
    string | false
  >;
  const home = checkPath('routes.home', routes.home ?? '/');
  const paths = [...Object.values(own), home].filter((value) => value !== false);
  if (new Set(paths).size < paths.length)
    throw new ConfigurationError('routes must all differ from each other.');
  return Object.freeze({
    ...own,
    home,
    afterLogout: checkPath('routes.afterLogout', routes.afterLogout ?? home),
  });
}

function resolveSession(session: SessionOptions, https: boolean): Readonly<Required<SessionOptions>> {
  checkKeys('session', session, [
    ...[
      'cookieName',
      'cookiePath',
      'idleTimeoutSeconds',
      'absoluteTimeoutSeconds',
      'persistent',
      'carryOver',
      'describe',
    ],
  ]);
  const seconds = { min: 1, max: MAX_COOKIE_SECONDS };
  const cookiePath = checkPath('session.cookiePath', session.cookiePath ?? '/');
  const idle = checkNumber('session.idleTimeoutSeconds', session.idleTimeoutSeconds ?? 86_400, seconds);
  const absolute = checkNumber(
    'session.absoluteTimeoutSeconds',
    session.absoluteTimeoutSeconds ?? 604_800,
    seconds,
  );
  if (idle > absolute && session.idleTimeoutSeconds !== undefined) {
    throw new ConfigurationError(
      'session.idleTimeoutSeconds must not exceed session.absoluteTimeoutSeconds.',
    );
  }
  return Object.freeze({
    cookieName: resolveCookieName(session.cookieName ?? 'session', cookiePath, https),
    cookiePath,
    idleTimeoutSeconds: Math.min(idle, absolute),
    absoluteTimeoutSeconds: absolute,
    persistent: checkBoolean('session.persistent', session.persistent ?? false),
    carryOver: checkStrings('session.carryOver', session.carryOver ?? []),
    describe: checkFunction('session.describe', session.describe ?? (() => undefined)),
  });
}

/** @see [RFC 6265bis, section 4.1.3](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3) */
function resolveCookieName(value: unknown, cookiePath: string, https: boolean): string {
  const name = checkString('session.cookieName', value);
  if (!/^[\w\-.]{1,64}$/.test(name)) refuse('session.cookieName', 'letters, digits, "_", "-" and "."', value);
  const prefix = /^__(Host|Secure)-/i.exec(name)?.[0];
  if (prefix && !https) throw new ConfigurationError(`session.cookieName: ${prefix} needs an https baseUrl.`);
  if (prefix?.toLowerCase() === '__host-' && cookiePath !== '/') {
    throw new ConfigurationError(
      'session.cookieName: a __Host- cookie must have the path "/". Drop cookiePath.',
    );
  }
  if (prefix || !https) return name;
  return `${cookiePath === '/' ? '__Host-' : '__Secure-'}${name}`;
}

function resolveOrigins(where: string, value: unknown): ReadonlySet<string> {
  return new Set(
    checkStrings(where, value).map((origin, index) => {
      const url = checkUrl(`${where}[${index}]`, origin);
      if (url.origin !== origin.replace(/\/$/, '')) {
        throw new ConfigurationError(`${where}[${index}] must be an origin without a path: ${url.origin}`);
      }
      return url.origin;
    }),
  );
}

function resolveLoginParameters(given: LoginParameterOptions): Readonly<Required<LoginParameterOptions>> {
  checkKeys('loginParameters', given, ['prompt', 'login_hint', 'ui_locales']);
  return Object.freeze({
    prompt: checkStrings('loginParameters.prompt', given.prompt ?? []),
    login_hint: checkBoolean('loginParameters.login_hint', given.login_hint ?? false),
    ui_locales: checkBoolean('loginParameters.ui_locales', given.ui_locales ?? false),
  });
}

function resolveHooks(options: ConnectAuthOptions): Hooks {
  const hook = <Event>(
    name: 'onLogin' | 'onLogout' | 'onError',
    given: ((event: Event) => void | Promise<void>) | undefined,
  ) => (given === undefined ? () => undefined : checkFunction(name, given));
  return Object.freeze({
    onLogin: hook('onLogin', options.onLogin),
    onLogout: hook('onLogout', options.onLogout),
    onError: hook('onError', options.onError),
  });
}
