import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { createDiagnostics } from '../diagnostics.ts';
import { ConfigurationError, ConnectAuthError } from '../errors.ts';
import { createFaultReport } from '../fault-report.ts';
import { createMetrics, type Metrics } from '../observe/metrics.ts';
import { quoteName } from '../options/option-checks.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { SitePlan } from '../options/site-options.ts';
import { type TellFault, tellUnawaited } from '../tell-unawaited.ts';
import { createSites, type Sites } from '../tenants/sites.ts';
import { createDeferredSessions } from '../user/auth-sessions.ts';
import { outliveHangUp } from '../user/outlive-hang-up.ts';
import { createCheckParts } from './check-parts.ts';
import { createStore } from './create-store.ts';
import { isProduction } from './is-production.ts';
import { joinParts } from './join-parts.ts';
import type { TestDoor, TestLogins } from './test-door.ts';

/** One application, at one base URL. */
export function joinOne(options: ResolvedOptions) {
  const store = createStore(options);
  const metrics = createMetricsFor(options);
  const processId = randomUUID();
  const parts = joinParts(options, { store, metrics, processId, tenant: undefined });
  const operator = createCheckParts({
    ...{ shared: options, store, processId, hasTenants: false, isChosenByHost: false },
    findSites: async (tenant) => (tenant === undefined ? [options] : refuseTenant()),
  });
  const stop = () => {
    metrics?.stop();
    operator.stop();
    parts.stop();
  };
  const { testLogins } = parts;
  const testDoor: TestDoor | undefined = testLogins && {
    ...testLogins,
    baseUrls: [options.baseUrl],
    ofTenant: noTestTenants,
  };
  return { store, sessionsOf: noTenants, ...parts, operator, stop, testDoor };
}

/** One of them for each base URL, and for each tenant at each, over one store. */
export function joinSites(plan: SitePlan) {
  const { shared, tenants } = plan;
  const store = createStore(shared);
  const metrics = createMetricsFor(shared);
  const processId = randomUUID();
  const { monotonic } = shared.clocks;
  const tellOf = (tenant?: string): TellFault => {
    const report = createFaultReport(shared.hooks.onError, createDiagnostics({ monotonic, tenant }));
    return (error) => void report({ error, during: 'session', tenant });
  };
  const tell = tellOf();
  const sites = createSites({
    plan,
    build: (options, tenant) => joinParts(options, { store, metrics, processId, tenant }),
    monotonic,
    onFault: (fault, tenant) => tellOf(tenant)(describeTenantFault(fault)),
  });
  const sessionsOf = (tenant?: string) =>
    createDeferredSessions(async () => (await sites.ofTenant(tenant)).sessions, tellOf(tenant));
  const refuse = async (): Promise<never> => {
    throw new ConfigurationError('With tenants, say whose sessions: auth.sessionsOf(tenant).');
  };
  const findSites = async (tenant: string | undefined) => {
    if (!tenants) return tenant === undefined ? plan.sites.map((site) => plan.resolve(site)) : refuseTenant();
    if (tenant === undefined) return undefined;
    const given = await tenants.load(tenant);
    if (given === undefined || given === null)
      throw new ConfigurationError(`There is no tenant ${quoteName(tenant)}.`);
    return plan.sites.map((site) => plan.resolve(site, { name: tenant, given }));
  };
  const operator = createCheckParts({
    ...{ shared, findSites, store, processId },
    hasTenants: tenants !== undefined,
    isChosenByHost: plan.isChosenByHost,
  });
  return {
    store,
    operator,
    sessionsOf: tenants ? sessionsOf : noTenants,
    sessions: tenants ? createDeferredSessions(refuse, tell) : sessionsOf(),
    release: () => {
      for (const parts of sites.all()) parts.release();
    },
    settle: () => Promise.all(sites.all().map((parts) => parts.settle())),
    stop: () => {
      metrics?.stop();
      operator.stop();
      for (const parts of sites.all()) parts.stop();
    },
    handle: (req: Request, res: Response, next: (error?: unknown) => void) => {
      try {
        const found = sites.find(req);
        // It takes its time, in which a socket may close that is none of Express's.
        if (found instanceof Promise) outliveHangUp(req);
        if (found instanceof Promise) found.then(({ handle }) => handle(req, res, next), next);
        else found.handle(req, res, next);
      } catch (error) {
        next(error);
      }
    },
    authenticateUpgrade: (req: IncomingMessage) => {
      const authenticate = async () => {
        const found = sites.find(req);
        if (found instanceof Promise) outliveHangUp(req);
        return (await found).authenticateUpgrade(req);
      };
      return tellUnawaited(authenticate(), 'auth.authenticateUpgrade()', tell);
    },
    tell,
    testDoor: isProduction() ? undefined : createSitesDoor(plan, sites),
  };
}

/** Leads each call to the base URL and the tenant that its request is for. */
function createSitesDoor(plan: SitePlan, sites: Sites<ReturnType<typeof joinParts>>): TestDoor {
  const doorOf = (find: (req: Request) => Promise<{ testLogins: TestLogins | undefined }>): TestLogins => ({
    logIn: async (req, ...given) => (await find(req)).testLogins!.logIn(req, ...given),
    end: async (req, ...given) => (await find(req)).testLogins!.end(req, ...given),
  });
  return {
    baseUrls: plan.sites.map(({ baseUrl }) => baseUrl),
    ...doorOf(async (req) => sites.find(req)),
    ofTenant: (name) => (plan.tenants ? doorOf((req) => sites.ofTenant(name, req)) : noTestTenants()),
  };
}

/** One for all base URLs and tenants: it counts what the whole process does. */
function createMetricsFor({ routes }: ResolvedOptions): Metrics | undefined {
  return routes.metrics === false ? undefined : createMetrics();
}

function noTenants(): never {
  throw new ConfigurationError('auth.sessionsOf() is for tenants, and there are none. Use auth.sessions.');
}

function refuseTenant(): never {
  throw new ConfigurationError('auth.check(): tenant is for tenants, and there are none. Leave it out.');
}

function noTestTenants(): never {
  throw new ConfigurationError('logInAs(): tenant is given, and this connectAuth() has none.');
}

/** The application's own, which stays its own; `onError` is told that it came about. */
function describeTenantFault(cause: unknown): ConnectAuthError {
  if (cause instanceof ConnectAuthError) return cause;
  const message = 'The provider of a tenant could not be found again; what is known of it is used on.';
  return new ConnectAuthError(message, { code: 'tenant_unavailable', status: 503, cause });
}
