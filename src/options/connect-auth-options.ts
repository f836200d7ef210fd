import { type Clocks, systemClocks } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import type { Hooks } from '../events.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { createSecret, type Secret } from '../secret.ts';
import { FOREIGN_PAGES, FOREIGN_ROUTES, FOREIGN_SESSION_OPTIONS } from './foreign-names.ts';
import { checkRolesFrom } from './guard-options.ts';
import {
  checkBoolean,
  checkFunction,
  checkHosts,
  checkObject,
  checkOrigins,
  checkPath,
  checkPlainHttpOrigins,
  checkString,
  checkStrings,
  checkUrl,
  numberFrom,
  refuse,
  wholeNumberFrom,
} from './option-checks.ts';
import { group, optional, readOptions, required, type Table, withDefault } from './option-table.ts';
import type { ConnectAuthOptions, LoginParameterOptions } from './options.ts';
import { PAGE_OPTIONS } from './page-options.ts';
import { checkLoginParamNames } from './protocol-params.ts';
import { checkRedis } from './redis-target.ts';
import { ROUTE_OPTIONS } from './route-options.ts';
import { SESSION_OPTIONS } from './session-options.ts';

/** The options of `loginParameters`. */
export const LOGIN_PARAMETER_OPTIONS = {
  prompt: withDefault(checkStrings, []),
  authorizationParams: withDefault(checkLoginParamNames, []),
  loginHint: withDefault(checkBoolean, false, { aliases: ['login_hint'] }),
  uiLocales: withDefault(checkBoolean, false, { aliases: ['ui_locales'] }),
} satisfies Table<LoginParameterOptions>;

/** The options of `now`, where each clock is given by itself. */
const CLOCKS = {
  now: required<Clocks['now']>(checkFunction),
  monotonic: required<Clocks['monotonic']>(checkFunction),
  store: optional<NonNullable<Clocks['store']>>(checkFunction),
} satisfies Table<Clocks>;

const ONE_OF_BOTH = { defaultIs: 'none; `provider` or `providers` must be given' };

/** The options of `connectAuth()`. */
export const CONNECT_AUTH_OPTIONS = {
  baseUrl: required(checkBaseUrl, { aliases: ['appBaseUrl', 'appUrl'] }),
  secret: required(checkSecrets, { aliases: ['secrets', 'secretOrKey'] }),
  redis: withDefault(checkRedis, undefined, {
    defaultIs: "the memory of this process, which is refused in production; `'memory'` allows it there too",
    aliases: ['client', 'redisClient', 'redisUrl'],
  }),
  redisPrefix: withDefault(checkPrefix, 'connect-auth:', { aliases: ['prefix', 'keyPrefix'] }),
  application: optional(checkApplication, { defaultIs: '`baseUrl`, normalised' }),
  provider: optional(checkProvider, { ...ONE_OF_BOTH, aliases: ['idp'] }),
  providers: optional(checkProviders, ONE_OF_BOTH),
  tenant: optional<NonNullable<ConnectAuthOptions['tenant']>>(checkFunction, {
    defaultIs: 'there are no tenants',
    aliases: ['getTenant', 'tenantOf'],
  }),
  maxTenants: withDefault(wholeNumberFrom(1, 100_000), 100),
  tenantCacheSeconds: withDefault(wholeNumberFrom(1, 86_400), 600),
  routes: group(ROUTE_OPTIONS, { elsewhere: FOREIGN_ROUTES }),
  session: group(SESSION_OPTIONS, { elsewhere: FOREIGN_SESSION_OPTIONS }),
  pages: group(PAGE_OPTIONS, { elsewhere: FOREIGN_PAGES, aliases: ['theme', 'branding'] }),
  trustedOrigins: withDefault(checkOrigins, [], { aliases: ['allowedOrigins'] }),
  corsOrigins: withDefault(checkOrigins, [], { aliases: ['cors'] }),
  crossOriginRoutes: withDefault(checkRoutePatterns, [], { aliases: ['csrf', 'csrfExceptions'] }),
  returnOrigins: withDefault(checkOrigins, [], { aliases: ['allowedRedirectOrigins', 'redirectOrigins'] }),
  redirectHosts: withDefault(checkHosts, []),
  apiOrigins: withDefault(checkAnyOrigins, []),
  dangerouslyAllowHttp: withDefault(checkPlainHttpOrigins, []),
  fetch: withDefault<NonNullable<ConnectAuthOptions['fetch']>, undefined>(checkFetch, undefined, {
    defaultIs: 'the `fetch` of Node',
    aliases: ['customFetch', 'agent', 'dispatcher'],
  }),
  loginParameters: group(LOGIN_PARAMETER_OPTIONS),
  mapUser: optional<NonNullable<ConnectAuthOptions['mapUser']>>(checkFunction, {
    defaultIs: 'the claims themselves',
    aliases: ['profile', 'serializeUser', 'deserializeUser'],
  }),
  rolesFrom: optional(checkRolesFrom, {
    defaultIs: '`roles` of `req.user`',
    aliases: ['roles', 'rolesClaim', 'groupsClaim'],
  }),
  onLogin: optional<Hooks['onLogin']>(checkFunction, { defaultIs: 'nothing' }),
  onLogout: optional<Hooks['onLogout']>(checkFunction, { defaultIs: 'nothing' }),
  onError: optional<Hooks['onError']>(checkFunction, {
    defaultIs: 'a warning of the process, once of each kind that an operator should mend',
    aliases: ['logger'],
  }),
  clearSiteData: withDefault(checkBoolean, false),
  storeTimeoutMs: withDefault(numberFrom(1, 60_000), 2000),
  now: withDefault(checkClocks, systemClocks, {
    defaultIs:
      'the clock of this process, its monotonic clock for durations, and that of Redis for what it keeps',
  }),
} satisfies Table<ConnectAuthOptions>;

/** Which of them may be on plain http, another option says. */
function checkAnyOrigins(where: string, value: unknown): ReadonlySet<string> {
  const plainHttp = checkStrings(where, value).filter((origin) => URL.canParse(origin));
  return checkOrigins(where, value, new Set(plainHttp.map((origin) => new URL(origin).origin)));
}

/** Looked up at each call, so that what an application does to the global one takes effect. */
function checkFetch(where: string, value: unknown): NonNullable<ConnectAuthOptions['fetch']> {
  return value === undefined ? (url, init) => fetch(url, init) : checkFunction(where, value);
}

/** Paths, of which one that ends in `/*` stands for all below it. */
function checkRoutePatterns(where: string, value: unknown): readonly string[] {
  const paths = checkStrings(where, value);
  for (const [index, path] of paths.entries())
    checkPath(`${where}[${index}]`, path.replace(/(?<=.)\/\*$/, ''));
  return paths;
}

/** A URL of this application: without query and fragment, and with a path of ours. */
export function checkBaseUrl(where: string, value: unknown): URL {
  const url = checkUrl(where, value);
  if (url.search || url.hash) throw new ConfigurationError(`${where} must have no query and no fragment.`);
  checkPath(`${where}: its path`, url.pathname);
  return url;
}

/** A URL in any of its spellings is one application; any other name is itself. */
function checkApplication(where: string, value: unknown): string {
  const name = checkString(where, value);
  if (!/^https?:\/\//i.test(name) || !URL.canParse(name)) return name;
  const { origin, pathname } = new URL(name);
  return origin + pathname.replace(/\/$/, '');
}

/** One function is every clock: a test that moves it moves them all. */
function checkClocks(where: string, value: unknown): Clocks {
  if (typeof value === 'object' && value !== null) return readOptions(where, value, CLOCKS);
  const now = checkFunction<Clocks['now']>(where, value);
  return Object.freeze({ now, monotonic: now, store: now });
}

const HOW_TO_MAKE_A_SECRET = 'Make one with: openssl rand -base64 48';

function checkSecrets(where: string, value: unknown): readonly Secret[] {
  if (value === undefined) throw new ConfigurationError(`${where} is missing. ${HOW_TO_MAKE_A_SECRET}`);
  const secrets = Array.isArray(value) ? checkStrings(where, value) : [checkString(where, value)];
  if (secrets.length === 0) throw new ConfigurationError(`${where} must hold at least one string.`);
  for (const secret of secrets) {
    if (secret.length < 32) {
      throw new ConfigurationError(
        `${where} must have at least 32 characters; one has ${secret.length}. ${HOW_TO_MAKE_A_SECRET}`,
      );
    }
  }
  return Object.freeze(secrets.map(createSecret));
}

function checkPrefix(where: string, value: unknown): string {
  const prefix = checkString(where, value);
  if (/[{}*?[\]\\\s]/.test(prefix)) refuse(where, 'free of braces, wildcards and white space', value);
  return prefix;
}

function checkProvider(where: string, value: unknown): ProviderDefinition {
  checkObject(where, value);
  if (typeof value.preset !== 'string' || !Object.isFrozen(value)) {
    throw new ConfigurationError(`${where} must be made by one of the presets: providers.oidc({ … }).`);
  }
  return value as unknown as ProviderDefinition;
}

function checkProviders(where: string, value: unknown): ReadonlyMap<string, ProviderDefinition> {
  if (Array.isArray(value))
    refuse(where, 'an object of several, each by a name: { work: providers.oidc({ … }) }', value);
  checkObject(where, value);
  if (typeof value.preset === 'string')
    throw new ConfigurationError(
      `${where} must be an object of several, each by a name. For one, use provider.`,
    );
  const entries = Object.entries(value);
  if (entries.length === 0) throw new ConfigurationError(`${where} must name at least one provider.`);
  return new Map(
    entries.map(([name, provider]) => {
      if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
        throw new ConfigurationError(`${where}: "${name}" must be lower-case letters, digits and hyphens.`);
      }
      return [name, checkProvider(`${where}.${name}`, provider)];
    }),
  );
}
