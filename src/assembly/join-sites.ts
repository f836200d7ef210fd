import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { ConfigurationError, ConnectAuthError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { SitePlan } from '../options/site-options.ts';
import { type TellFault, tellUnawaited } from '../tell-unawaited.ts';
import { createSites } from '../tenants/sites.ts';
import { createDeferredSessions } from '../user/auth-sessions.ts';
import { outliveHangUp } from '../user/outlive-hang-up.ts';
import { createStore } from './create-store.ts';
import { joinParts } from './join-parts.ts';

/** One application, at one base URL. */
export function joinOne(options: ResolvedOptions) {
  const store = createStore(options);
  return {
    store,
    sessionsOf: noTenants,
    ...joinParts(options, { store, processId: randomUUID(), tenant: undefined }),
  };
}

/** One of them for each base URL, and for each tenant at each, over one store. */
export function joinSites(plan: SitePlan) {
  const { shared, tenants } = plan;
  const store = createStore(shared);
  const processId = randomUUID();
  const tellOf =
    (tenant?: string): TellFault =>
    (error) =>
      void shared.hooks.onError({ error, during: 'session', tenant });
  const tell = tellOf();
  const sites = createSites({
    plan,
    build: (options, tenant) => joinParts(options, { store, processId, tenant }),
    monotonic: shared.clocks.monotonic,
    onFault: (fault, tenant) => tellOf(tenant)(describeTenantFault(fault)),
  });
  const sessionsOf = (tenant?: string) =>
    createDeferredSessions(async () => (await sites.ofTenant(tenant)).sessions, tellOf(tenant));
  const refuse = async (): Promise<never> => {
    throw new ConfigurationError('With tenants, say whose sessions: auth.sessionsOf(tenant).');
  };
  return {
    store,
    sessionsOf: tenants ? sessionsOf : noTenants,
    sessions: tenants ? createDeferredSessions(refuse, tell) : sessionsOf(),
    release: () => {
      for (const parts of sites.all()) parts.release();
    },
    settle: () => Promise.all(sites.all().map((parts) => parts.settle())),
    stop: () => {
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
  };
}

function noTenants(): never {
  throw new ConfigurationError('auth.sessionsOf() is for tenants, and there are none. Use auth.sessions.');
}

/** The application's own, which stays its own; `onError` is told that it came about. */
function describeTenantFault(cause: unknown): ConnectAuthError {
  if (cause instanceof ConnectAuthError) return cause;
  const message = 'The provider of a tenant could not be found again; what is known of it is used on.';
  return new ConnectAuthError(message, { code: 'tenant_unavailable', status: 503, cause });
}
