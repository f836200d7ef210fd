import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { ConnectAuthError } from '../errors.ts';
import { quoteName } from '../options/option-checks.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { NamedTenant, Site, SitePlan, TenantPlan } from '../options/site-options.ts';
import { inTime } from './in-time.ts';
import { createTenantCache } from './tenant-cache.ts';

/** What a request is led to: everything of one base URL, and of one tenant there. */
export interface SiteParts {
  /** Whether nothing is held open. */
  isIdle(): boolean;
  /** Comes when nothing is under way; never fails. */
  settle(): Promise<unknown>;
}

/** The parts of all base URLs and tenants. */
export interface Sites<Parts extends SiteParts> {
  /**
   * Finds the parts of a request, at once where they are there.
   *
   * @throws ConnectAuthError `misdirected` (421) for a `Host` that is not listed, `tenant_unknown` (404),
   * `tenant_unavailable` (503) where the application does not say in ten seconds.
   */
  find(req: IncomingMessage): Parts | Promise<Parts>;
  /**
   * The parts of a tenant at the base URL of a request, else at the first; without a name those of that.
   *
   * @throws ConnectAuthError `tenant_unknown`.
   */
  ofTenant(name?: string, req?: IncomingMessage): Promise<Parts>;
  /** All that there are by now. */
  all(): readonly Parts[];
}

/** What they are made of. */
export interface SitesOptions<Parts extends SiteParts> {
  readonly plan: SitePlan;
  readonly build: (options: ResolvedOptions, tenant: string | undefined) => Parts;
  readonly monotonic: Clock;
  /** Told of a tenant that could not be renewed. */
  readonly onFault: (fault: unknown, tenant: string) => void;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Makes them. Without tenants all are built at once, so that what is wrong shows at start. */
export function createSites<Parts extends SiteParts>(options: SitesOptions<Parts>): Sites<Parts> {
  const { plan } = options;
  const findSite = createSiteFinder(plan);
  if (plan.tenants) return createTenantSites(options, plan.tenants, findSite);
  const parts = new Map(plan.sites.map((site) => [site, options.build(plan.resolve(site), undefined)]));
  return {
    find: (req) => parts.get(findSite(req))!,
    ofTenant: async () => parts.get(plan.sites[0]!)!,
    all: () => [...parts.values()],
  };
}

/** `Host` chooses among the base URLs that are listed, and does nothing else. What only leads to them is of the first. */
function createSiteFinder({ sites, isChosenByHost, shared }: SitePlan): (req: IncomingMessage) => Site {
  const byHost = new Map([
    ...[...shared.redirectHosts].map((host) => [host, sites[0]!] as const),
    ...sites.flatMap((site) => site.hosts.map((host) => [host, site] as const)),
  ]);
  return ({ headers }) => {
    const site = isChosenByHost ? byHost.get(headers.host?.toLowerCase() ?? '') : sites[0];
    if (site) return site;
    throw new ConnectAuthError(
      'Host names no base URL of this application. List it in baseUrl if it is one; a proxy must pass it on.',
      { code: 'misdirected', status: 421 },
    );
  };
}

/** A tenant, and what has been built of it so far. */
interface Tenant<Parts> extends NamedTenant {
  readonly parts: Map<Site, Parts>;
}

function createTenantSites<Parts extends SiteParts>(
  { plan, build, monotonic, onFault }: SitesOptions<Parts>,
  { find, load, max, cacheMs, prefixes }: TenantPlan,
  findSite: (req: IncomingMessage) => Site,
): Sites<Parts> {
  /** Kept no more, but somebody waits there, or something is under way that must not be lost when the process ends. */
  const leaving = new Set<Parts>();
  const leave = (parts: Parts) => {
    leaving.add(parts);
    void parts.settle().then(() => {
      if (parts.isIdle()) leaving.delete(parts);
    });
  };
  const cache = createTenantCache<Tenant<Parts>>({
    load: async (name, known) => {
      const given = await load(name);
      // Whoever gives the same object again has changed nothing.
      if (known && given === known.given) return known;
      return given === undefined || given === null ? undefined : { name, given, parts: new Map() };
    },
    onDrop: ({ parts }) => {
      for (const each of [...parts.values(), ...leaving]) leave(each);
    },
    onFault,
    max,
    lifeMs: cacheMs,
    monotonic,
  });

  const partsAt = (site: Site, tenant: Tenant<Parts>): Parts => {
    const known = tenant.parts.get(site);
    if (known) return known;
    const parts = build(plan.resolve(site, tenant), tenant.name);
    tenant.parts.set(site, parts);
    return parts;
  };

  const ofName = (site: Site, name: unknown): Parts | Promise<Parts> => {
    if (typeof name !== 'string' || !NAME.test(name)) throw unknownTenant(name);
    const found = cache.get(name);
    if (!(found instanceof Promise)) return partsAt(site, found);
    return found.then((tenant) => {
      if (!tenant) throw unknownTenant(name);
      return partsAt(site, tenant);
    });
  };

  return {
    find: (req) => {
      const site = findSite(req);
      const name = nameInPath(req, prefixes) ?? find(req);
      if (!(name instanceof Promise)) return ofName(site, name);
      return inTime(name, 'The tenant of a request').then((known) => ofName(site, known));
    },
    ofTenant: async (name, req) => ofName(req ? findSite(req) : plan.sites[0]!, name),
    all: () => [...cache.entries().flatMap(({ parts }) => [...parts.values()]), ...leaving],
  };
}

/** What only a provider asks for says by its path whose it is: it brings nothing else of ours. */
function nameInPath(
  req: IncomingMessage & { path?: string },
  prefixes: readonly string[],
): string | undefined {
  const path = req.path ?? (req.url ?? '').replace(/\?.*/s, '');
  const prefix = prefixes.find((each) => path.startsWith(each));
  return prefix === undefined ? undefined : path.slice(prefix.length).replace(/\/.*/s, '');
}

function unknownTenant(name: unknown): ConnectAuthError {
  const problem =
    typeof name === 'string'
      ? `There is no tenant ${quoteName(name)}.`
      : 'The option tenant named none for this request.';
  return new ConnectAuthError(problem, { code: 'tenant_unknown', status: 404 });
}
