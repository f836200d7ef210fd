import { ConfigurationError } from '../errors.ts';
import type { Hooks } from '../events.ts';
import { CONNECT_AUTH_OPTIONS } from './connect-auth-options.ts';
import { FOREIGN_OPTIONS } from './foreign-names.ts';
import { resolveMapUser } from './map-user.ts';
import { isLoopback } from './option-checks.ts';
import { readOptions } from './option-table.ts';
import type { ConnectAuthOptions, ResolvedOptions } from './options.ts';
import { completePages } from './page-options.ts';
import { completeRoutes } from './route-options.ts';
import { completeSession, warnOfCookiePath } from './session-options.ts';
import { warnOfPublicClients } from './warn-of-public-clients.ts';
import { warnOnce } from './warn-once.ts';

/**
 * Checks and completes the options.
 *
 * @param written - what the application gave, where these were made of it: advice is given once for each.
 * @throws ConfigurationError naming the option, what it must be and what it is; of unknown ones all at once.
 */
export function resolveOptions(options: ConnectAuthOptions, written: object = options): ResolvedOptions {
  const where = 'connectAuth()';
  const given = readOptions(where, options, CONNECT_AUTH_OPTIONS, FOREIGN_OPTIONS);
  const { baseUrl, application, secret, provider, providers, mapUser, onLogin, onLogout, onError } = given;
  const basePath = baseUrl.pathname.replace(/\/$/, '');
  const names = [...(providers?.keys() ?? [])];
  const routes = completeRoutes(`${where}: routes`, given.routes, names);
  if ((provider === undefined) === (providers === undefined)) {
    throw new ConfigurationError(`${where} needs either provider or providers.`);
  }
  if (routes.callback === false && application === undefined) {
    throw new ConfigurationError(
      `${where}: application must be given where routes.callback is false: it says whose logins these are. Give what the processes give that finish them, or their baseUrl.`,
    );
  }
  const profiled = [...(providers?.values() ?? [provider!])].some(({ profile }) => profile === 'ipsie-sl1');
  if (profiled && routes.initiateLogin === false && routes.callback !== false) {
    throw new ConfigurationError(
      `${where}: routes.initiateLogin must be given, such as "/initiate-login": profile "ipsie-sl1" wants that the provider can begin a login.`,
    );
  }
  refusePlainHttp(`${where}: apiOrigins`, given.apiOrigins, given.dangerouslyAllowHttp);
  const session = completeSession(`${where}: session`, given.session, {
    ...{ baseUrl, basePath, application, routes },
  });
  warnOfCookiePath(`${where}: session.cookiePath`, written, session.cookiePath);
  const named = providers ?? new Map([['default', provider!]]);
  warnOfPublicClients(written, named);
  return Object.freeze({
    baseUrl: baseUrl.origin + basePath,
    application: application ?? baseUrl.origin + basePath,
    origin: baseUrl.origin,
    basePath,
    https: baseUrl.protocol === 'https:',
    secrets: secret,
    redis: given.redis,
    redisPrefix: given.redisPrefix,
    providers: named,
    severalProviders: providers !== undefined,
    routes,
    session,
    pages: completePages(
      `${where}: pages`,
      given.pages,
      hasTenants(written) ? undefined : providers ? names : ['default'],
    ),
    trustedOrigins: given.trustedOrigins,
    returnOrigins: given.returnOrigins,
    redirectHosts: given.redirectHosts,
    corsOrigins: given.corsOrigins,
    crossOriginRoutes: given.crossOriginRoutes,
    apiOrigins: given.apiOrigins,
    fetch: given.fetch,
    loginParameters: given.loginParameters,
    mapUser: resolveMapUser(mapUser),
    rolesFrom: given.rolesFrom,
    hooks: resolveHooks({ onLogin, onLogout, onError }),
    clearSiteData: given.clearSiteData,
    storeTimeoutMs: given.storeTimeoutMs,
    clocks: given.now,
  });
}

/** Their providers are known one tenant at a time. */
function hasTenants(written: Partial<ConnectAuthOptions>): boolean {
  return typeof written.provider === 'function' || typeof written.providers === 'function';
}

function refusePlainHttp(where: string, origins: ReadonlySet<string>, plainHttp: ReadonlySet<string>): void {
  for (const origin of origins) {
    const url = new URL(origin);
    if (url.protocol === 'https:' || isLoopback(url) || plainHttp.has(origin)) continue;
    throw new ConfigurationError(
      `${where}: ${origin} must begin with https:// (http:// is accepted for localhost, and for what dangerouslyAllowHttp lists as well).`,
    );
  }
  const unused = [...plainHttp].find((origin) => !origins.has(origin));
  if (unused !== undefined) {
    throw new ConfigurationError(
      `${where} does not list ${unused}, which dangerouslyAllowHttp does. Give it in both, or in neither; for a provider's endpoints its preset has an option of the same name.`,
    );
  }
}

/** What the parts call: the application's hooks, or silence; for faults a warning. */
function resolveHooks({ onLogin, onLogout, onError }: Pick<ConnectAuthOptions, keyof Hooks>): Hooks {
  return Object.freeze({
    onLogin: onLogin ?? (() => undefined),
    onLogout: onLogout ?? (() => undefined),
    onError: neverFailing(onError ?? warnOnce()),
  });
}

/** Whoever reports a fault has a request to answer, or a logout to finish: a log that is away must not keep it. */
export function neverFailing(onError: Hooks['onError']): Hooks['onError'] {
  return async (event) => {
    try {
      await onError(event);
    } catch {
      process.emitWarning('onError threw or rejected, and the fault it was told of may be lost.', {
        type: 'ConnectAuthWarning',
        code: 'CONNECT_AUTH_ON_ERROR',
      });
    }
  };
}
