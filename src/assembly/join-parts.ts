import { createDiagnostics } from '../diagnostics.ts';
import { createApiCalls } from '../fetch-with-token.ts';
import { createApplicationKeys } from '../keys.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createAppSessionStarter } from '../session/app-session.ts';
import type { Store } from '../store/store.ts';
import { createAuthSessions } from '../user/auth-sessions.ts';
import { createCors } from '../user/cors.ts';
import { createForgeryCheck } from '../user/forgery-check.ts';
import { createHandshake } from '../user/handshake.ts';
import { createRequestHandler } from '../user/request-handler.ts';
import { createRequestServices } from '../user/request-services.ts';
import { createUpgradeAuth } from '../user/upgrade-auth.ts';
import { createSealer } from '../vault/sealer.ts';
import { createTokenVault } from '../vault/token-vault.ts';
import { createAnswerParts } from './answer-parts.ts';
import { isProduction } from './is-production.ts';
import { createProviders } from './provider-parts.ts';
import { createRouteParts } from './route-parts.ts';
import { createSessionParts } from './session-parts.ts';
import { createTestLogins } from './test-door.ts';

/** What an application needs beside its options. */
export interface Surroundings {
  readonly store: Store;
  /** Where there is a route for them. */
  readonly metrics: Metrics | undefined;
  /** Of this process, at random. */
  readonly processId: string;
  readonly tenant: string | undefined;
}

/** Builds every part of one application once, and joins them. */
export function joinParts(options: ResolvedOptions, { store, metrics, processId, tenant }: Surroundings) {
  const { mapUser, apiOrigins, fetch, rolesFrom } = options;
  const { now, monotonic } = options.clocks;
  const { cookiePath } = options.session;
  const diagnostics = createDiagnostics({ monotonic, tenant });
  const providers = createProviders(
    options,
    (fault) => void answers.reportError(undefined, undefined, fault, 'session'),
    diagnostics,
  );
  const keys = createApplicationKeys(options.application);
  const sealer = createSealer(options.secrets, keys);
  const vault = createTokenVault({ store, sealer, keys });
  const answerParts = createAnswerParts(options, { providers, diagnostics });
  const { urls, answers, hostNames, ownOrigins, loginUrlFrom } = answerParts;
  const common = { store, keys, vault, providers, diagnostics };
  const sessionParts = createSessionParts(options, { ...common, reportError: answers.reportError });
  const { sessions, userSessions, readIdentity, tokenSource, tokenDemand, describeLogin } = sessionParts;
  const { cookie, maxAgeSeconds, revalidate, watch, release, settle, stop } = sessionParts;
  const { findRoute, login, logout, establish, keepForm } = createRouteParts(options, {
    ...{ ...common, ...answerParts, metrics, processId, sealer, sessionParts },
  });

  const startAppSession = createAppSessionStarter({
    sessions,
    cookie,
    maxAgeSeconds,
    endSession: logout.destroy,
    reportError: answers.reportError,
  });
  const services = createRequestServices({
    sessions,
    startAppSession,
    watch,
    tenant,
    application: options.application,
    now,
    loginUrlFrom,
    providers,
    ownOrigins,
    cookiePath,
    tokenSource,
    tokenDemand,
    monotonic,
    apiOrigins,
    callApi: createApiCalls({ fetch, now: options.clocks.now }),
    readIdentity,
    mapUser,
    describeLogin,
    rolesFrom,
    answers: {
      ...{ ...answers, startLogin: login.start, startLogout: logout.start, publicPath: urls.publicPath },
      trySilentLogin: login.trySilently,
      keepForm,
    },
  });

  const authenticateUpgrade = createUpgradeAuth(services, revalidate);
  const handshake = createHandshake(authenticateUpgrade);
  const handle = createRequestHandler({
    ...{ services, findRoute, basePath: options.basePath, handshake, revalidate },
    isForged: createForgeryCheck({ ownOrigins, exceptions: options.crossOriginRoutes }),
    cors: createCors(options.corsOrigins),
  });
  const handleOrRedirect: typeof handle = (req, res, next) => {
    if (!hostNames.redirect(req, res)) handle(req, res, next);
  };

  return {
    handle: options.redirectHosts.size > 0 ? handleOrRedirect : handle,
    sessions: createAuthSessions(userSessions, {
      ...services,
      issuers: new Set([...providers.values()].map(({ issuer }) => issuer)),
    }),
    isIdle: watch.isIdle,
    testLogins: isProduction()
      ? undefined
      : createTestLogins({ options, providers, vault, sessionParts, services, establish }),
    authenticateUpgrade,
    tell: services.tell,
    ...{ release, settle, stop },
  };
}
