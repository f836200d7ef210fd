import { ConfigurationError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { CONNECT_AUTH_OPTIONS, checkBaseUrl } from './connect-auth-options.ts';
import { type Field, nameOption } from './option-table.ts';
import type { ConnectAuthOptions, ProvidersOfTenant, ResolvedOptions } from './options.ts';
import { neverFailing, resolveOptions } from './resolve-options.ts';
import { ROUTE_OPTIONS } from './route-options.ts';

/** A base URL that the application is reached by. */
export interface Site {
  readonly baseUrl: string;
  /** What `Host` may say for it, in lower case. */
  readonly hosts: readonly string[];
}

/** How one `connectAuth()` is made of several: one for each base URL, and for each tenant at each of them. */
export interface SitePlan {
  /** In the order of the options. */
  readonly sites: readonly Site[];
  /** Whether `Host` chooses among them; one base URL alone is not looked for. */
  readonly isChosenByHost: boolean;
  readonly tenants: TenantPlan | undefined;
  /** What is the same for all: the store, the clocks, the hooks. */
  readonly shared: ResolvedOptions;
  /** The options of one of them. @throws ConfigurationError */
  resolve(site: Site, tenant?: NamedTenant): ResolvedOptions;
}

/** Where tenants come from. */
export interface TenantPlan {
  readonly find: NonNullable<ConnectAuthOptions['tenant']>;
  readonly load: (name: string) => unknown;
  readonly max: number;
  readonly cacheMs: number;
  /** The paths whose next segment names the tenant: what only providers ask for. */
  readonly prefixes: readonly string[];
}

/** A tenant, and what the resolver gave for it. */
export interface NamedTenant {
  readonly name: string;
  readonly given: unknown;
}

const WHERE = 'connectAuth()';
/** Stands for a tenant's provider while the rest of the options is checked. */
const PLACEHOLDER = Object.freeze({ preset: 'tenant' }) as unknown as ProviderDefinition;
const PROVIDER_ROUTES = [
  'callback',
  'backchannelLogout',
  'frontchannelLogout',
  'globalTokenRevocation',
  'initiateLogin',
  'jwks',
] as const;

/** Says whether the options speak of several base URLs or of tenants. Others are one application, as they stand. */
export function hasSites({ baseUrl, tenant, provider, providers }: ConnectAuthOptions): boolean {
  return (
    Array.isArray(baseUrl) ||
    tenant !== undefined ||
    typeof provider === 'function' ||
    typeof providers === 'function'
  );
}

/**
 * Checks and completes options with several base URLs or with tenants.
 *
 * @throws ConfigurationError
 */
export function planSites(options: ConnectAuthOptions): SitePlan {
  const sites = readSites(options.baseUrl);
  const isChosenByHost = Array.isArray(options.baseUrl);
  if (sites.length > 1 && options.application === undefined) {
    throw new ConfigurationError(
      `${WHERE}: application must be given where there are several base URLs: it names what they share.`,
    );
  }
  const several = typeof options.providers === 'function' || typeof options.provider !== 'function';
  const resolve = (site: Site, tenant?: NamedTenant): ResolvedOptions =>
    resolveOptions(
      tenant ? bindToTenant(options, site, tenant, several) : { ...options, baseUrl: site.baseUrl },
      options,
    );
  const tenants = readTenants(options);
  const sample = tenants && {
    name: 'tenant',
    given: several ? { provider: PLACEHOLDER } : PLACEHOLDER,
  };
  const [shared] = sites.map((site) => resolveShared(options, resolve(site, sample))) as [ResolvedOptions];
  if (!tenants) return { sites, isChosenByHost, tenants, shared, resolve };
  const prefixes = PROVIDER_ROUTES.map((name) => shared.routes[name])
    .filter((path) => path !== false)
    .map((path) => path.slice(0, -sample!.name.length));
  return { sites, isChosenByHost, shared, resolve, tenants: { ...tenants, prefixes } };
}

/** Nobody is told that the tenant that stands for all was at fault. */
function resolveShared({ onError }: ConnectAuthOptions, resolved: ResolvedOptions): ResolvedOptions {
  const { hooks } = resolved;
  return { ...resolved, hooks: { ...hooks, onError: onError ? neverFailing(onError) : hooks.onError } };
}

function readSites(given: ConnectAuthOptions['baseUrl']): readonly Site[] {
  if (!Array.isArray(given)) return [toSite(given as string, `${WHERE}: baseUrl`)];
  if (given.length === 0) throw new ConfigurationError(`${WHERE}: baseUrl must name at least one.`);
  const sites = given.map((baseUrl, index) => toSite(baseUrl, `${WHERE}: baseUrl[${index}]`));
  const hosts = sites.map(({ hosts: [host] }) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(
      `${WHERE}: baseUrl names ${twice} twice, and Host cannot choose between the two. Make a connectAuth() for each.`,
    );
  }
  return sites;
}

function toSite(baseUrl: string, where: string): Site {
  const { host, port, protocol } = checkBaseUrl(where, baseUrl);
  const standardPort = protocol === 'https:' ? 443 : 80;
  return { baseUrl, hosts: port === '' ? [host, `${host}:${standardPort}`] : [host] };
}

function readTenants(options: ConnectAuthOptions): Omit<TenantPlan, 'prefixes'> | undefined {
  const { tenant, provider, providers } = options;
  const load = [provider, providers].filter((each) => typeof each === 'function')[0];
  if (tenant === undefined && load === undefined) return undefined;
  if (tenant === undefined) {
    throw new ConfigurationError(
      `${WHERE}: tenant must be given where provider or providers is a function: it names the tenant of a request.`,
    );
  }
  if (load === undefined || (provider !== undefined && providers !== undefined)) {
    throw new ConfigurationError(
      `${WHERE}: where tenant is given, either provider or providers must be a function of the tenant's name.`,
    );
  }
  const read = <Name extends 'tenant' | 'maxTenants' | 'tenantCacheSeconds'>(name: Name) => {
    const field: Field<unknown> = CONNECT_AUTH_OPTIONS[name];
    return field.check(nameOption(WHERE, name), options[name] ?? field.default) as NonNullable<
      ConnectAuthOptions[Name]
    >;
  };
  return {
    find: read('tenant'),
    load: load as ProvidersOfTenant<unknown>,
    max: read('maxTenants'),
    cacheMs: 1000 * read('tenantCacheSeconds'),
  };
}

/**
 * One tenant's options: an application of its own, so that every key, seal and cookie is, with a path of its own where
 * providers answer (RFC 9700, section 4.4).
 */
function bindToTenant(
  options: ConnectAuthOptions,
  { baseUrl }: Site,
  { name, given }: NamedTenant,
  several: boolean,
): ConnectAuthOptions {
  const { onLogin, onLogout, onError, mapUser, session, routes } = options;
  const { application: shared = baseUrl } = options;
  // The base URL is none of it, so that one tenant's sessions are the same at all of them.
  const application = isText(shared) ? JSON.stringify([shared, name]) : shared;
  const bound = (route: (typeof PROVIDER_ROUTES)[number]) => {
    const path = routes?.[route] ?? ROUTE_OPTIONS[route].default;
    return isText(path) ? `${path}/${name}` : path;
  };
  return {
    ...options,
    baseUrl,
    application,
    tenant: undefined,
    provider: several ? undefined : (given as ProviderDefinition),
    providers: several ? (given as Record<string, ProviderDefinition>) : undefined,
    // What is none stays as it is, so that it is refused as what it is.
    ...((routes === undefined || isGroup(routes)) && {
      routes: { ...routes, ...Object.fromEntries(PROVIDER_ROUTES.map((route) => [route, bound(route)])) },
    }),
    ...(isGroup(session) &&
      isText(session.cookieName) && {
        session: { ...session, cookieName: `${session.cookieName}-${hash(application).slice(0, 8)}` },
      }),
    ...(isHook(mapUser) && { mapUser: (claims, login) => mapUser(claims, withTenant(login, name)) }),
    ...(isHook(onLogin) && { onLogin: (event) => onLogin({ ...event, tenant: name }) }),
    ...(isHook(onLogout) && { onLogout: (event) => onLogout({ ...event, tenant: name }) }),
    ...(isHook(onError) && { onError: (event) => onError({ ...event, tenant: name }) }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isGroup<Group extends object>(value: Group | undefined): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHook<Hook>(value: Hook | undefined): value is Hook {
  return typeof value === 'function';
}

/** With whatever else it has, seen or unseen. */
function withTenant<Described extends object>(
  described: Described,
  tenant: string,
): Described & { tenant: string } {
  return Object.freeze(
    Object.create(null, {
      ...Object.getOwnPropertyDescriptors(described),
      tenant: { value: tenant, enumerable: true },
    }),
  );
}
