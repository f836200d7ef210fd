import type { UserClaims } from './claims.ts';
import { type Clocks, systemClocks } from './clock.ts';
import { ConfigurationError } from './errors.ts';
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
  checkWholeNumber,
  refuse,
} from './option-checks.ts';
import type {
  ConnectAuthOptions,
  LoginParameterOptions,
  RedisTarget,
  ResolvedOptions,
  RouteOptions,
  SessionOptions,
} from './options.ts';
import type { ProviderDefinition } from './provider-definition.ts';
import { resolveHooks } from './resolve-hooks.ts';
import { createSecret, type Secret } from './secret.ts';

const MAX_COOKIE_SECONDS = 400 * 24 * 3600;

/**
 * Checks and completes the options.
 *
 * @throws ConfigurationError naming the option, what it must be and what it is.
 */
export function resolveOptions(options: ConnectAuthOptions): ResolvedOptions {
  refuseOptionsOfProvider(options);
  checkKeys('connectAuth()', options, OPTION_NAMES);
  const baseUrl = resolveBaseUrl(options.baseUrl);
  const https = baseUrl.protocol === 'https:';
  const basePath = baseUrl.pathname.replace(/\/$/, '');
  const routes = resolveRoutes(options.routes ?? {});
  const session = resolveSession(options.session ?? {}, https);
  checkCookiePath(session.cookiePath, basePath, routes);
  return Object.freeze({
    baseUrl: baseUrl.origin + basePath,
    application: checkString('application', options.application ?? baseUrl.origin + basePath),
    origin: baseUrl.origin,
    basePath,
    https,
    secrets: resolveSecrets(options.secret),
    redis: resolveRedis(options.redis),
    redisPrefix: resolvePrefix(options.redisPrefix ?? 'connect-auth:'),
    providers: resolveProviders(options),
    severalProviders: options.providers !== undefined,
    routes,
    session,
    trustedOrigins: resolveOrigins('trustedOrigins', options.trustedOrigins ?? []),
    apiOrigins: resolveOrigins('apiOrigins', options.apiOrigins ?? []),
    loginParameters: resolveLoginParameters(options.loginParameters ?? {}),
    mapUser: resolveMapUser(options.mapUser),
    hooks: resolveHooks(options),
    clearSiteData: checkBoolean('clearSiteData', options.clearSiteData ?? false),
    storeTimeoutMs: checkNumber('storeTimeoutMs', options.storeTimeoutMs ?? 2000, { min: 1, max: 60_000 }),
    clocks: resolveClocks(options.now),
  });
}

/** What belongs a level deeper, by its name there or by the names that other libraries have for it. */
function refuseOptionsOfProvider(options: object): void {
  checkObject('The options of connectAuth()', options);
  const misplaced = Object.keys(options).find((key) =>
    /^(client|issuer|redirectUri|scope|authorizationParams)/i.test(key),
  );
  if (misplaced) {
    throw new ConfigurationError(
      `connectAuth() has no option "${misplaced}". What concerns the provider goes into provider: providers.oidc({ … }); the redirect URI follows from baseUrl and routes.callback.`,
    );
  }
}

const OPTION_NAMES: readonly (keyof ConnectAuthOptions)[] = [
  ...([
    'baseUrl',
    'application',
    'secret',
    'redis',
    'redisPrefix',
    'provider',
    'providers',
    'routes',
    'session',
  ] as const),
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
  checkPath('baseUrl: its path', url.pathname);
  return url;
}

/** One function is every clock: a test that moves it moves them all. */
function resolveClocks(now: ConnectAuthOptions['now']): Clocks {
  if (now === undefined) return systemClocks;
  if (typeof now === 'function') return Object.freeze({ now, monotonic: now, store: now });
  checkKeys('now', now, ['now', 'monotonic', 'store']);
  return Object.freeze({
    now: checkFunction('now.now', now.now),
    monotonic: checkFunction('now.monotonic', now.monotonic),
    store: now.store === undefined ? undefined : checkFunction('now.store', now.store),
  });
}

const HOW_TO_MAKE_A_SECRET = 'Make one with: openssl rand -base64 48';

function resolveSecrets(value: unknown): readonly Secret[] {
  if (value === undefined) throw new ConfigurationError(`secret is missing. ${HOW_TO_MAKE_A_SECRET}`);
  const secrets = Array.isArray(value) ? checkStrings('secret', value) : [checkString('secret', value)];
  if (secrets.length === 0) throw new ConfigurationError('secret must hold at least one string.');
  for (const secret of secrets) {
    if (secret.length < 32) {
      throw new ConfigurationError(
        `secret must have at least 32 characters; one has ${secret.length}. ${HOW_TO_MAKE_A_SECRET}`,
      );
    }
  }
  return Object.freeze(secrets.map(createSecret));
}

function resolveRedis(redis: ConnectAuthOptions['redis']): ResolvedOptions['redis'] {
  if (redis === undefined || redis === 'memory') return () => redis;
  if (typeof redis === 'string') {
    if (!/^(rediss?|unix):\/\/|^\//.test(redis)) refuse('redis', REDIS_TARGETS, redis);
    // ioredis takes options from the query.
    const query = new URLSearchParams(/\?(.*)/.exec(redis)?.[1]);
    checkRedisOptions(Object.fromEntries(query));
    return () => redis;
  }
  if (typeof redis !== 'object') refuse('redis', REDIS_TARGETS, redis);
  checkObject('redis', redis);
  if (typeof redis.defineCommand !== 'function' && !isPlainObject(redis)) {
    throw new ConfigurationError(`redis must be ${REDIS_TARGETS}; it is an object of another library.`);
  }
  checkRedisOptions(redis);
  return () => redis as RedisTarget;
}

const REDIS_TARGETS =
  'a URL such as "redis://localhost:6379", options for ioredis, a client of ioredis, or "memory"';

/** Whether this is written out by hand, rather than made by somebody's class. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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
  if (options.provider !== undefined)
    return new Map([['default', checkProvider('provider', options.provider)]]);
  checkObject('providers', options.providers);
  if (typeof options.providers.preset === 'string')
    throw new ConfigurationError(
      'providers must be an object of several, each by a name. For one, use provider.',
    );
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
  const repeated = paths.find((path, index) => paths.indexOf(path) !== index);
  if (repeated)
    throw new ConfigurationError(`routes must all differ from each other; several are "${repeated}".`);
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
  const idle = checkWholeNumber('session.idleTimeoutSeconds', session.idleTimeoutSeconds ?? 86_400, seconds);
  const absolute = checkWholeNumber(
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

/** A callback that the cookie is not sent to would never find its login. */
function checkCookiePath(cookiePath: string, basePath: string, routes: ResolvedOptions['routes']): void {
  const folder = cookiePath.replace(/\/?$/, '/');
  for (const name of ['login', 'callback', 'logout'] as const) {
    const path = `${basePath}${routes[name]}`;
    if (routes[name] !== false && path !== cookiePath && !path.startsWith(folder)) {
      throw new ConfigurationError(
        `session.cookiePath must hold routes.${name}: browsers send no cookie of ${cookiePath} to ${path}.`,
      );
    }
  }
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

/** What comes back by mistake must make nobody of anybody: a missing `return`, or `null` for somebody unknown. */
function resolveMapUser(mapUser: ConnectAuthOptions['mapUser']): ResolvedOptions['mapUser'] {
  if (mapUser === undefined) return (claims: UserClaims) => claims;
  checkFunction('mapUser', mapUser);
  return async (claims, login) => {
    const user = await mapUser(claims, login);
    checkObject('What mapUser returns (throw to refuse a login)', user);
    try {
      JSON.stringify(user);
    } catch (cause) {
      throw new ConfigurationError('What mapUser returns must survive JSON.', { cause });
    }
    return user;
  };
}
