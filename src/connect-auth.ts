import { randomUUID } from 'node:crypto';
import { IncomingMessage, type ServerResponse } from 'node:http';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { ConfigurationError } from './errors.ts';
import { hookFault } from './hook-fault.ts';
import { createApplicationKeys } from './keys.ts';
import { createMappedLogins } from './mapped-login.ts';
import type { ConnectAuthOptions, ResolvedOptions } from './options/options.ts';
import { resolveOptions } from './options/resolve-options.ts';
import { createProvider, type Provider } from './provider/provider.ts';
import type { UpgradeAuth } from './request-types.ts';
import { createAnswers } from './routes/answers.ts';
import { createBackchannelLogout } from './routes/backchannel-logout.ts';
import { createCallback } from './routes/callback.ts';
import { createFrontchannelLogout } from './routes/frontchannel-logout.ts';
import { createHostNames } from './routes/host-names.ts';
import { createLogin } from './routes/login.ts';
import { createLogout } from './routes/logout.ts';
import { createLogoutReturns } from './routes/logout-returns.ts';
import { createPageSender } from './routes/pages.ts';
import { createPendingLogins } from './routes/pending-logins.ts';
import { createReturnAddressReader } from './routes/return-address.ts';
import { createRevocation } from './routes/revocation.ts';
import { createRouteTable } from './routes/route-table.ts';
import { createUrls } from './routes/urls.ts';
import { createAppSessionStarter } from './session/app-session.ts';
import type { BrowserSession } from './session/browser-session.ts';
import { createClientFinder, createIdentityReader } from './session/identity.ts';
import { createIdentityUpdate } from './session/identity-update.ts';
import { createRefusedEnd } from './session/refused-end.ts';
import { createRememberedProvider } from './session/remembered-provider.ts';
import { createSessionCookie } from './session/session-cookie.ts';
import { createSessionEnding } from './session/session-ending.ts';
import { createSessionIndexes } from './session/session-indexes.ts';
import { createSessionLimit } from './session/session-limit.ts';
import { createSessionRecords } from './session/session-records.ts';
import { createSessionRotation } from './session/session-rotation.ts';
import { createSessionWatch } from './session/session-watch.ts';
import { createSessions } from './session/sessions.ts';
import { createTokenDemand } from './session/token-demand.ts';
import { createUserSessions } from './session/user-sessions.ts';
import { createFinishLater } from './store/finish-later.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createRedisStore } from './store/redis-store.ts';
import { createSessionLock } from './store/session-lock.ts';
import type { Store, StoreHealth } from './store/store.ts';
import { tellUnawaited } from './tell-unawaited.ts';
import { type ConnectAuthSessions, createAuthSessions } from './user/auth-sessions.ts';
import { createHandshake } from './user/handshake.ts';
import { createRequestHandler } from './user/request-handler.ts';
import { createRequestServices } from './user/request-services.ts';
import { createRevalidate } from './user/revalidate.ts';
import { createUpgradeAuth } from './user/upgrade-auth.ts';
import { createRevalidation } from './vault/revalidation.ts';
import { createSealer } from './vault/sealer.ts';
import { createTokenSource } from './vault/token-source.ts';
import { createTokenVault } from './vault/token-vault.ts';

/** The middleware, and what belongs to it beside requests. */
export interface ConnectAuth extends RequestHandler {
  /**
   * The same for requests that are none of Express's, such as the handshakes of socket.io: `io.engine.use(auth)` gives
   * `socket.request` `user` and `auth`, as `authenticateUpgrade()` finds them, or neither when nobody is logged in.
   */
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  /** The sessions of a user: to list them and to end them without their browsers. */
  readonly sessions: ConnectAuthSessions;
  /**
   * Finds out who opens a WebSocket, in the `upgrade` event of the server: it passes no middleware, and any page may
   * open one, so that its origin is checked as for unsafe requests.
   *
   * @throws CrossOriginError (403) for another origin, LoginRequiredError (401) when nobody is logged in, StoreError
   * (503) when Redis is away. Answer with the error's `status`.
   */
  authenticateUpgrade(req: IncomingMessage): Promise<UpgradeAuth>;
  /** Asks the store how it is. `ok: false` means that logins and guarded pages answer 503. */
  health(): Promise<{ ok: boolean; store: StoreHealth }>;
  /**
   * Ends what waits: `onEnd()` calls back for every answer and socket that is open, nobody waits for a lock or tries a
   * write again, and the connection to Redis ends, unless the client is the application's own.
   */
  close(): Promise<void>;
}

/**
 * Gives an Express application login sessions: mounts `/login`, `/oauth/callback` and `/logout`, and gives every
 * request `req.user`, `req.auth` and `req.session`.
 *
 * @throws ConfigurationError when an option is unknown or wrong, naming it and the remedy.
 */
export function connectAuth(options: ConnectAuthOptions): ConnectAuth {
  refuseRequest(options);
  const resolved = resolveOptions(options);
  const store = createStore(resolved);
  const { handle, sessions, authenticateUpgrade, tell, stop } = joinParts(resolved, store);

  function connectAuthMiddleware(
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    handle(req as Request, res as Response, next);
  }

  const askHealth = async () => {
    const health = await store.health();
    return { ok: health.ok, store: health };
  };
  const close = async () => {
    stop();
    await store.close();
  };

  return Object.assign(connectAuthMiddleware, {
    sessions,
    authenticateUpgrade,
    health: () => tellUnawaited(askHealth(), 'auth.health()', tell),
    close: () => tellUnawaited(close(), 'auth.close()', tell),
  });
}

/** `app.use(connectAuth)` makes Express call us with a request. */
function refuseRequest(options: unknown): void {
  if (options instanceof IncomingMessage) {
    throw new ConfigurationError('connectAuth is missing its call: app.use(connectAuth({ … })).');
  }
}

function createStore(options: ResolvedOptions): Store {
  const redis = options.redis();
  if (redis !== undefined && redis !== 'memory') {
    const { redisPrefix: prefix, storeTimeoutMs: timeoutMs, clocks } = options;
    const { monotonic, store: now } = clocks;
    return createRedisStore({ redis, prefix, timeoutMs, monotonic, now });
  }
  if (redis === undefined) {
    // Express's own idea of the environment, which is NODE_ENV unless the application says otherwise.
    if (express().get('env') === 'production') {
      throw new ConfigurationError(
        "redis is missing: in production sessions must outlive this process. To keep them in memory all the same, write redis: 'memory'.",
      );
    }
    process.emitWarning('Sessions are kept in the memory of this process, for development only. Set redis.', {
      type: 'ConnectAuthWarning',
      code: 'CONNECT_AUTH_MEMORY_STORE',
    });
  }
  return createMemoryStore({ now: options.clocks.store ?? options.clocks.now });
}

/** Builds every part once and joins them. The only place where they meet. */
function joinParts(options: ResolvedOptions, store: Store) {
  const { hooks, secrets, https, origin, storeTimeoutMs, mapUser, apiOrigins } = options;
  const { now, monotonic } = options.clocks;
  const { cookieName, cookiePath, persistent, carryOver, describe } = options.session;
  const idleTimeoutMs = options.session.idleTimeoutSeconds * 1000;
  const absoluteTimeoutMs = options.session.absoluteTimeoutSeconds * 1000;
  const maxAgeSeconds = persistent ? options.session.absoluteTimeoutSeconds : undefined;
  const storePatienceMs = 2 * storeTimeoutMs;

  const providers = createProviders(options, (fault) => void reportError(fault));
  const clients = new Map(
    [...providers.values()].map(({ name, issuer, definition }) => [
      name,
      { issuer, clientId: definition.clientId },
    ]),
  );
  const keys = createApplicationKeys(options.application);
  const vault = createTokenVault({ store, sealer: createSealer(secrets, keys), keys });

  const urls = createUrls(options);
  const ownOrigins = new Set([origin, ...options.trustedOrigins]);
  const readReturnAddress = createReturnAddressReader(origin, urls.own, options.returnOrigins);
  // A provider's logout, which a form of ours leads to, may lead on to any of them.
  const sendPage = createPageSender(() => [...findFormTargets(providers), ...options.returnOrigins]);
  const hostNames = createHostNames({
    origin,
    redirectHosts: options.redirectHosts,
    publicPath: (req) => urls.publicPath(req, req.baseUrl),
    cookieName,
    cookiePath,
    https,
  });
  const answers = createAnswers({
    sendPage,
    hooks,
    loginPath: urls.login,
    homePath: urls.home,
    homeUrl: urls.homeUrl,
    noteLostLogin: hostNames.noteLostLogin,
  });
  /** Of faults that no request is to be answered with. */
  const reportError = (error: unknown) => answers.reportError(undefined, undefined, error, 'session');

  const finishLater = createFinishLater(reportError);
  const lockTimes = {
    leaseMs: Math.max(MIN_LEASE_MS, storePatienceMs),
    patienceMs: findLockPatience(options),
  };
  const closing = new AbortController();
  const lock = createSessionLock({ store, ...lockTimes, closing: closing.signal });
  const indexes = createSessionIndexes(keys);
  const readIdentity = createIdentityReader(clients);
  const records = createSessionRecords({ store, indexes, idleTimeoutMs, absoluteTimeoutMs, now, monotonic });
  const { onLogout } = hooks;
  const ending = createSessionEnding({
    store,
    records,
    finishLater,
    onLogout,
    idleTimeoutMs,
    reportError: (error, req) => answers.reportError(req, undefined, error, 'logout'),
  });
  const cookieOptions = { path: cookiePath, secure: https, secrets, keys };
  const cookie = createSessionCookie({
    ...cookieOptions,
    name: cookieName,
    purpose: 'cookie signature',
    maxAgeSeconds,
  });
  const endingCookie = createSessionCookie({
    ...cookieOptions,
    name: `${cookieName}-ending`,
    purpose: 'ending cookie signature',
    maxAgeSeconds: ENDING_COOKIE_SECONDS,
  });
  const rememberedProvider = createRememberedProvider({
    ...cookieOptions,
    providers: new Set(providers.keys()),
    cookieName,
    sessionSeconds: maxAgeSeconds,
  });
  const common = { store, keys, readIdentity, records, ending };
  const rotation = createSessionRotation({
    ...common,
    lock,
    finishLater,
    resealTokens: vault.reseal,
    patienceMs: storePatienceMs,
    closing: closing.signal,
  });
  const { maxPerUser, whenTooMany } = options.session;
  const tokenDemand = createTokenDemand();
  const sessions = createSessions({
    ...common,
    tokenDemand,
    rotation,
    limit:
      maxPerUser === undefined
        ? undefined
        : createSessionLimit({ ...common, indexes, lock, maxPerUser, whenTooMany }),
    cookie,
    endingCookie,
    carryOver,
    idleTimeoutMs,
    monotonic,
    reportError,
  });
  const userSessions = createUserSessions({
    ...common,
    indexes,
    now,
    clientsOf: createClientFinder(clients),
  });
  const describeLogin = createMappedLogins(options);
  const { findLiveKey, hasLiveSession } = sessions;
  const watch = createSessionWatch({
    keys,
    findLiveKey,
    intervalMs: WATCH_INTERVAL_MS,
    reportError: (thrown) => reportError(hookFault('A callback of onEnd()', thrown)),
  });
  const endRefused = createRefusedEnd({ ending, keys, reportError });
  const tokenSource = createTokenSource({
    store,
    keys,
    vault,
    lock,
    providers,
    now,
    storePatienceMs,
    hasLiveSession,
    updateIdentity: createIdentityUpdate({ mapUser, describeLogin, reportError }),
    endRefused,
    closing: closing.signal,
  });

  const { revalidateSeconds } = options.session;
  const revalidate =
    revalidateSeconds === undefined
      ? undefined
      : createRevalidate(
          createRevalidation({
            ...{ store, keys, tokenSource, providers, endRefused, now, monotonic, reportError },
            intervalMs: revalidateSeconds * 1000,
          }),
          readIdentity,
        );

  const pendingLogins = createPendingLogins({
    store,
    secrets,
    // A login that began in the memory of one process cannot be finished by another, and must not go round.
    keys: createApplicationKeys(options.application + (isInMemory(options) ? randomUUID() : '')),
    cookieName,
    cookiePath,
    https,
    now,
  });
  const { redirect } = answers;
  const logoutReturns = createLogoutReturns({
    urls,
    readReturnAddress,
    sendPage,
    redirect,
    cookieName,
    cookiePath,
    https,
  });
  const revocation = createRevocation(providers, vault, answers);
  const parts = {
    providers,
    pendingLogins,
    sessions,
    vault,
    readReturnAddress,
    urls,
    answers,
    revocation,
    rememberedProvider,
    ownOrigins,
  };
  const { loginParameters, clearSiteData } = options;
  /** Only a hint: a login begins whatever the store does. */
  const readIdToken = async ({ id }: BrowserSession) => {
    const tokens = id === undefined ? undefined : await vault.read(id).catch(() => undefined);
    return tokens?.idToken;
  };
  const login = createLogin({ ...parts, readIdToken, hostNames, loginParameters, origin, now });
  const logout = createLogout({ ...parts, logoutReturns, origin, clearSiteData });
  const findRoute = createRouteTable(
    options,
    {
      login: login.route,
      logout: logout.route,
      callback: createCallback({
        ...parts,
        startLogin: login.start,
        hooks,
        mapUser,
        describeLogin,
        describe,
        now,
        monotonic,
      }),
      backchannelLogout: createBackchannelLogout({ ...parts, userSessions, store, keys, now, monotonic }),
      frontchannelLogout: createFrontchannelLogout({ providers, userSessions, sendPage, now }),
      signedOut: logoutReturns.route,
    },
    { urls, answers },
  );

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
    now,
    loginUrl: urls.login(),
    providers,
    ownOrigins,
    cookiePath,
    tokenSource,
    tokenDemand,
    monotonic,
    apiOrigins,
    fetch: options.fetch,
    readIdentity,
    answers: { ...answers, startLogin: login.start, startLogout: logout.start, publicPath: urls.publicPath },
  });

  const authenticateUpgrade = createUpgradeAuth(services, revalidate);
  const handshake = createHandshake(authenticateUpgrade);
  const handle = createRequestHandler({
    ...{ services, findRoute, basePath: options.basePath, handshake, revalidate },
  });
  const handleOrRedirect: typeof handle = (req, res, next) => {
    if (!hostNames.redirect(req, res)) handle(req, res, next);
  };

  return {
    handle: options.redirectHosts.size > 0 ? handleOrRedirect : handle,
    sessions: createAuthSessions(userSessions, services.tell),
    authenticateUpgrade,
    tell: services.tell,
    /** Ends what waits. */
    stop: () => {
      closing.abort();
      watch.close();
      finishLater.close();
    },
  };
}

/** How long a logout that failed with the store may be tried again in the browser. */
const ENDING_COOKIE_SECONDS = 3600;

/** An answer that waits may outlive its session by five seconds: this, and the time to look. */
const WATCH_INTERVAL_MS = 4_000;

/** A process that died with the lock of a session holds up its refresh for so long; one that lives renews it in time. */
const MIN_LEASE_MS = 3_000;

/**
 * Longer than a refresh takes at the slowest provider: discovery, the refresh itself and the keys, twice where they
 * rotate, each bounded; and the store's own waits around them.
 */
function findLockPatience({ providers, storeTimeoutMs }: ResolvedOptions): number {
  const slowest = Math.max(...[...providers.values()].map(({ timeoutMs }) => timeoutMs));
  return 4 * slowest + 6 * storeTimeoutMs;
}

function createProviders(
  { providers, fetch, clocks: { now, monotonic } }: ResolvedOptions,
  reportFault: (fault: unknown) => void,
): ReadonlyMap<string, Provider> {
  const entries = [...providers].map(
    ([name, definition]) =>
      [name, createProvider(definition, { name, now, monotonic, reportFault, fetch })] as const,
  );
  return new Map(entries);
}

/** Where the form of a page may lead. The issuer as well: a process that has served no login yet knows no other. */
function findFormTargets(providers: ReadonlyMap<string, Provider>): readonly string[] {
  return [...providers.values()].flatMap(({ issuer, knownOrigins }) => [
    new URL(issuer).origin,
    ...knownOrigins(),
  ]);
}

function isInMemory({ redis }: ResolvedOptions): boolean {
  return redis() === undefined || redis() === 'memory';
}
