import { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { pickUserClaims } from './claims.ts';
import type { Clocks } from './clock.ts';
import { ConfigurationError } from './errors.ts';
import type { LogoutReason } from './events.ts';
import { findSource, isNavigation } from './fetch-metadata.ts';
import { hash } from './keys.ts';
import type { ConnectAuthOptions, ResolvedOptions } from './options.ts';
import type { VerifiedIdentity } from './provider/identity-verifier.ts';
import { createProvider } from './provider/provider.ts';
import type { UpgradeAuth } from './request-types.ts';
import { resolveOptions } from './resolve-options.ts';
import { createAnswers } from './routes/answers.ts';
import { createBackchannelLogout } from './routes/backchannel-logout.ts';
import { createCallback } from './routes/callback.ts';
import { createFrontchannelLogout } from './routes/frontchannel-logout.ts';
import { createLogin } from './routes/login.ts';
import { createLogout } from './routes/logout.ts';
import { createLogoutReturns } from './routes/logout-returns.ts';
import { createPageSender } from './routes/pages.ts';
import { createPendingLogins } from './routes/pending-logins.ts';
import { createPutAway } from './routes/put-away.ts';
import { createReturnAddressReader } from './routes/return-address.ts';
import { createSealedRevocation, createTokenRevocation } from './routes/revocation.ts';
import { createRouteTable } from './routes/route-table.ts';
import { createUrls } from './routes/urls.ts';
import { createAppSessionStarter } from './session/app-session.ts';
import { createBrowserSession } from './session/browser-session.ts';
import { decodeIdentity, encodeIdentity, type Identity } from './session/identity.ts';
import { createSessionCookie } from './session/session-cookie.ts';
import { createSessionRecords } from './session/session-records.ts';
import { createSessionWatch } from './session/session-watch.ts';
import { createSessions } from './session/sessions.ts';
import { createUserSessions } from './session/user-sessions.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createRedisStore } from './store/redis-store.ts';
import type { Store, StoreHealth } from './store/store.ts';
import { createApiAccess } from './user/api-access.ts';
import { attachRequest } from './user/attach-request.ts';
import { type ConnectAuthSessions, createAuthSessions } from './user/auth-sessions.ts';
import { getRequestState, type RequestServices } from './user/request-state.ts';
import { createUpgradeAuth } from './user/upgrade-auth.ts';
import { createSealer } from './vault/sealer.ts';
import { createTokenSource } from './vault/token-source.ts';
import { createTokenVault } from './vault/token-vault.ts';

/** The middleware, and what belongs to it beside requests. */
export interface ConnectAuth extends RequestHandler {
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
  /** Ends the connection to Redis, unless the client is the application's own. */
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
  const { handle, sessions, authenticateUpgrade, watch } = joinParts(resolved, store);

  function connectAuthMiddleware(req: Request, res: Response, next: NextFunction): void {
    handle(req, res, next).catch(next);
  }

  return Object.assign(connectAuthMiddleware, {
    sessions,
    authenticateUpgrade,
    health: async () => {
      const health = await store.health();
      return { ok: health.ok, store: health };
    },
    close: async () => {
      watch.close();
      await store.close();
    },
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
    return createRedisStore({ redis, prefix: options.redisPrefix, timeoutMs: options.storeTimeoutMs });
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

type Handler = (req: Request, res: Response, next: NextFunction) => Promise<void>;

/** Builds every part once and joins them. The only place where they meet. */
function joinParts(options: ResolvedOptions, store: Store) {
  const { hooks, secrets, https, origin, storeTimeoutMs, mapUser, apiOrigins } = options;
  const { now, monotonic } = options.clocks;
  const { cookieName, cookiePath, persistent, carryOver, describe } = options.session;
  const idleTimeoutMs = options.session.idleTimeoutSeconds * 1000;
  const absoluteTimeoutMs = options.session.absoluteTimeoutSeconds * 1000;
  const maxAgeSeconds = persistent ? options.session.absoluteTimeoutSeconds : undefined;

  const providers = new Map(
    [...options.providers].map(([name, definition]) => [
      name,
      createProvider(definition, { name, now, monotonic, reportFault: (fault) => void reportError(fault) }),
    ]),
  );
  const sealer = createSealer(secrets);
  const vault = createTokenVault({ store, sealer });
  const cookieOptions = { path: cookiePath, secure: https, secrets };
  const cookie = createSessionCookie({
    ...{ ...cookieOptions, name: cookieName, purpose: 'cookie signature', maxAgeSeconds },
  });
  const endingCookie = createSessionCookie({
    ...{ ...cookieOptions, name: `${cookieName}-ending`, purpose: 'ending cookie signature' },
    maxAgeSeconds: ENDING_COOKIE_SECONDS,
  });
  const records = createSessionRecords({ store, idleTimeoutMs, now });
  const lockLeaseMs = findLockLease(options);
  const resealTokens = vault.reseal;
  /** Of faults that no request is to be answered with. */
  const reportError = (error: unknown) => answers.report(undefined, undefined, error, 'session');
  const sessions = createSessions({
    ...{ store, records, cookie, endingCookie, carryOver, now, resealTokens, lockLeaseMs, reportError },
  });
  const userSessions = createUserSessions({ store, records, now, onEnded: (...ended) => report(...ended) });
  const watch = createSessionWatch({
    ...{ findLiving: sessions.findLiving, intervalMs: WATCH_INTERVAL_MS, reportError },
  });

  const urls = createUrls(options);
  const ownOrigins = new Set([origin, ...options.trustedOrigins]);
  const readReturnAddress = createReturnAddressReader(origin, urls.own);
  // The issuer's own, because a process that has served no login yet knows no other.
  const sendPage = createPageSender(() =>
    [...providers.values()].flatMap(({ issuer, knownOrigins }) => [
      new URL(issuer).origin,
      ...knownOrigins(),
    ]),
  );
  const answers = createAnswers({ sendPage, hooks, loginPath: urls.login, homePath: urls.home });
  const { redirect } = answers;
  const pendingLogins = createPendingLogins({ store, sealer, cookieName, cookiePath, https, now });
  const logoutReturns = createLogoutReturns({
    ...{ urls, readReturnAddress, sendPage, redirect, cookieName, cookiePath, https },
  });
  const revokeTokens = createTokenRevocation(providers, answers);
  const revokeSealed = createSealedRevocation(vault, revokeTokens);

  const common = { providers, pendingLogins, sessions, vault, readReturnAddress, urls, answers, hooks, now };
  const { loginParameters, clearSiteData } = options;
  const login = createLogin({ ...common, loginParameters, origin, ownOrigins });
  const logout = createLogout({ ...common, revokeTokens, logoutReturns, origin, clearSiteData, ownOrigins });
  const report = (identity: Identity, reason: LogoutReason) =>
    logout.report(undefined, undefined, identity, reason);
  const putAway = createPutAway({ records, report: logout.report });
  const callback = createCallback({
    ...{ ...common, revokeTokens, revokeSealed, ownOrigins, mapUser, describe, absoluteTimeoutMs },
    ...{ putAway, endUnended: logout.endUnended },
    reportReplaced: (req, res, identity) => logout.report(req, res, identity, 'replaced'),
  });
  const findRoute = createRouteTable(
    options,
    {
      login: login.route,
      logout: logout.route,
      callback,
      backchannelLogout: createBackchannelLogout({ providers, userSessions, store, answers, now }),
      frontchannelLogout: createFrontchannelLogout({ providers, userSessions, sendPage, now }),
      signedOut: logoutReturns.route,
    },
    { urls, answers },
  );

  const tokenSource = createTokenSource({
    ...{ store, vault, providers, now, storeTimeoutMs, leaseMs: lockLeaseMs },
    // A store that fails says nothing: then what was brought is revoked, as after any end.
    livesOn: (id) =>
      sessions.findLiving(hash(id)).then(
        (key) => key !== undefined,
        () => false,
      ),
    applyProof: async (auth, proof) => {
      try {
        return await applyProof(auth, proof, { mapUser, now });
      } catch (error) {
        await reportError(error);
        return auth;
      }
    },
    onRefused: async ({ sessionId }, auth, refusal) => {
      const identity = await sessions.forgetEnded(hash(sessionId), auth);
      if (identity) await report(identity, 'refresh_refused');
      // A plain "no" is said by that; that somebody else came back is not.
      if (refusal.code === 'provider_identity_changed') {
        await reportError(refusal);
      }
    },
  });
  const startAppSession = createAppSessionStarter({
    ...{ sessions, cookie, maxAgeSeconds },
    endSession: async (req, res, browser) => {
      const { id } = browser;
      const { identity, tokens } = await sessions.logOut(browser, res);
      await logout.endUnended(req, res);
      if (!identity) return;
      await logout.report(req, res, identity, 'destroyed');
      await revokeSealed(req, res, { provider: identity.provider, id: id!, tokens });
    },
    reportError: (req, res, error) => {
      answers.report(req, res, error, 'session').catch(() => undefined);
    },
  });

  const services: RequestServices = {
    ...{ sessions, startAppSession, cookie, watch, now },
    loginUrl: urls.login(),
    isForeign: (req) => findSource(req, ownOrigins) === 'foreign',
    meets: (identity, rules) => {
      const provider = providers.get(identity.provider);
      return provider !== undefined && provider.findUnmetRequirement(identity, rules) === undefined;
    },
    login: ({ req, res, browser, mountPath }, parameters) => {
      const here = isNavigation(req) ? urls.publicPath(req, mountPath) : undefined;
      return login.start(req, res, { ...parameters, returnTo: parameters.returnTo ?? here, browser });
    },
    logout: ({ req, res, browser }, choice) => logout.start(req, res, browser, choice),
    sendLoginPage: ({ req, res }) => answers.sendLoginPage(req, res),
    fail: ({ req, res }, error, during) => answers.fail(req, res, error, during),
    createApiAccess: ({ browser }) => createApiAccess({ browser, tokenSource, providers, apiOrigins, now }),
  };

  const handle: Handler = async (req, res, next) => {
    const known = getRequestState(req);
    if (known) {
      const twice = new ConfigurationError('Two connectAuth() handle one request.');
      next(known.services === services ? undefined : twice);
      return;
    }
    checkMount(req, options.basePath);
    const route = findRoute(req.path);
    const browser = route?.needsSession === false ? createBrowserSession() : await sessions.read(req);
    if (browser.expiry) {
      cookie.clear(res);
      await putAway(req, res, browser);
    }
    const mountPath = req.baseUrl;
    attachRequest({ services, req, res, next, browser, mountPath, appSession: undefined, auth: undefined });
    if (route) await route.run(req, res, browser);
    else next();
  };

  return {
    ...{ handle, watch },
    sessions: createAuthSessions(userSessions),
    authenticateUpgrade: createUpgradeAuth(services),
  };
}

/** How long a logout that failed with the store may be tried again in the browser. */
const ENDING_COOKIE_SECONDS = 3600;

/** An answer that waits may outlive its session by five seconds: this, and the time to look. */
const WATCH_INTERVAL_MS = 4_000;

/**
 * Longer than a refresh takes at the slowest provider: discovery, the refresh itself and the keys, twice where they
 * rotate, each bounded; and the store's own waits around them.
 */
function findLockLease({ providers, storeTimeoutMs }: ResolvedOptions): number {
  const slowest = Math.max(...[...providers.values()].map(({ timeoutMs }) => timeoutMs));
  return 4 * slowest + 6 * storeTimeoutMs;
}

/** Writes the claims that a refresh brought into an identity's record. */
async function applyProof(
  auth: string,
  { claims: fresh }: VerifiedIdentity,
  { mapUser, now }: Pick<ResolvedOptions, 'mapUser'> & Pick<Clocks, 'now'>,
): Promise<string> {
  const identity = decodeIdentity(auth, now());
  if (!identity) return auth;
  const { provider, issuer } = identity;
  const claims = pickUserClaims({ ...identity.claims, ...fresh });
  const user = await mapUser(claims, { provider, issuer });
  return encodeIdentity({
    ...identity,
    claims,
    user: user === (claims as Express.User) ? undefined : user,
  });
}

/** Faults of assembly that would show themselves only as logins that do not hold. */
function checkMount(req: Request, basePath: string): void {
  // Express matches mount paths in any case of letters.
  if (req.baseUrl !== '' && req.baseUrl.toLowerCase() !== basePath.toLowerCase()) {
    throw new ConfigurationError(
      `connectAuth is mounted at ${req.baseUrl}, but baseUrl has the path "${basePath || '/'}". They must be the same.`,
    );
  }
  if ((req as { session?: unknown }).session !== undefined) {
    throw new ConfigurationError(
      'connectAuth brings req.session itself: remove the other session middleware.',
    );
  }
}
