import { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { pickUserClaims } from './claims.ts';
import { ConfigurationError } from './errors.ts';
import { findSource, isNavigation } from './fetch-metadata.ts';
import { hash } from './keys.ts';
import { type ConnectAuthOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import type { Proof } from './provider/identity-proof.ts';
import { createProvider } from './provider/provider.ts';
import { createAnswers } from './routes/answers.ts';
import { createCallback } from './routes/callback.ts';
import { createLogin } from './routes/login.ts';
import { createLogout } from './routes/logout.ts';
import { createPageSender } from './routes/pages.ts';
import { createPendingLogins } from './routes/pending-logins.ts';
import { createReturnAddressReader } from './routes/return-address.ts';
import { createTokenRevocation } from './routes/revocation.ts';
import { createRouteTable } from './routes/route-table.ts';
import { createUrls } from './routes/urls.ts';
import { createAppSessionStarter } from './session/app-session.ts';
import type { BrowserSession } from './session/browser-session.ts';
import { decodeIdentity, encodeIdentity } from './session/identity.ts';
import { createSessionCookie } from './session/session-cookie.ts';
import { createSessions } from './session/sessions.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createRedisStore } from './store/redis-store.ts';
import type { Store, StoreHealth } from './store/store.ts';
import { createApiAccess } from './user/api-access.ts';
import { attachRequest } from './user/attach-request.ts';
import { markPersonal } from './user/personal.ts';
import { getRequestState, type RequestState } from './user/request-state.ts';
import { createSealer } from './vault/sealer.ts';
import { createTokenSource } from './vault/token-source.ts';
import { createTokenVault } from './vault/token-vault.ts';

/** The middleware, and what belongs to it beside requests. */
export interface ConnectAuth extends RequestHandler {
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
  const handle = createHandler(resolved, store);

  function connectAuthMiddleware(req: Request, res: Response, next: NextFunction): void {
    handle(connectAuthMiddleware, req, res, next).catch(next);
  }

  return Object.assign(connectAuthMiddleware, {
    health: async () => {
      const health = await store.health();
      return { ok: health.ok, store: health };
    },
    close: () => store.close(),
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
  return createMemoryStore({ now: options.now });
}

type Handler = (owner: unknown, req: Request, res: Response, next: NextFunction) => Promise<void>;

/** Builds every part once and joins them. */
function createHandler(options: ResolvedOptions, store: Store): Handler {
  const {
    hooks,
    now,
    secrets,
    https,
    origin,
    baseUrl,
    mapUser,
    apiOrigins,
    loginParameters,
    storeTimeoutMs,
  } = options;
  const { cookieName, cookiePath, persistent, carryOver } = options.session;
  const idleTimeoutMs = options.session.idleTimeoutSeconds * 1000;
  const absoluteTimeoutMs = options.session.absoluteTimeoutSeconds * 1000;
  const maxAgeSeconds = persistent ? options.session.absoluteTimeoutSeconds : undefined;

  const sealer = createSealer(secrets);
  const vault = createTokenVault({ store, sealer });
  const cookie = createSessionCookie({
    name: cookieName,
    path: cookiePath,
    secure: https,
    maxAgeSeconds,
    secrets,
  });
  const sessions = createSessions({
    store,
    cookie,
    idleTimeoutMs,
    carryOver,
    now,
    resealTokens: vault.reseal,
  });
  const providers = new Map(
    [...options.providers].map(([name, definition]) => [name, createProvider(definition, { name, now })]),
  );

  const urls = createUrls(options);
  const ownOrigins = new Set([origin, ...options.trustedOrigins]);
  const readReturnAddress = createReturnAddressReader(origin, urls.own);
  const sendPage = createPageSender(() =>
    [...providers.values()].flatMap((provider) => provider.knownOrigins()),
  );
  const answers = createAnswers({ sendPage, hooks, loginPath: urls.login, homePath: urls.home });
  const pendingLogins = createPendingLogins({ store, sealer, cookieName, cookiePath, https, now });
  const revokeTokens = createTokenRevocation(providers, answers);

  const login = createLogin({
    ...{
      providers,
      pendingLogins,
      readReturnAddress,
      urls,
      answers,
      loginParameters,
      origin,
      ownOrigins,
      now,
    },
  });
  const logout = createLogout({
    ...{ providers, sessions, vault, pendingLogins, readReturnAddress, urls, answers, hooks, revokeTokens },
    ...{ ownOrigins, baseUrl },
  });
  const callback = createCallback({
    ...{ providers, pendingLogins, sessions, vault, urls, answers, hooks, revokeTokens, ownOrigins, now },
    ...{ mapUser, absoluteTimeoutMs },
    reportReplaced: (req, res, identity) => logout.report(req, res, identity, 'replaced'),
  });
  const tokenSource = createTokenSource({
    ...{ store, vault, providers, now, storeTimeoutMs },
    applyProof: (auth, proof) => applyProof(auth, proof, { mapUser, now }),
    onRefused: async ({ sessionId }, auth) => {
      const identity = await sessions.forgetEnded(hash(sessionId), auth);
      if (identity) await logout.report(undefined, undefined, identity, 'refresh_refused');
    },
  });
  const startAppSession = createAppSessionStarter({
    ...{ sessions, cookie, maxAgeSeconds },
    endSession: async (req, res, browser) => {
      const identity = await sessions.logOut(browser, res);
      if (identity) await logout.report(req, res, identity, 'destroyed');
    },
    reportError: (req, res, error) => {
      answers.report(req, res, error, 'session').catch(() => undefined);
    },
  });
  const handlers = { login: login.route, logout: logout.route, callback };
  const findRoute = createRouteTable(options, handlers, { urls, answers });

  const attach = (
    owner: unknown,
    req: Request,
    res: Response,
    next: NextFunction,
    browser: BrowserSession,
  ) => {
    // Routers further in change it.
    const mountPath = req.baseUrl;
    const state: RequestState = {
      owner,
      browser,
      now,
      meetsAcr: ({ provider, acr }, asked) => providers.get(provider)?.meetsAcr(acr, asked) ?? false,
      loginUrl: urls.login(),
      isForeign: () => findSource(req, ownOrigins) === 'foreign',
      login: (parameters) => {
        const here = isNavigation(req) ? urls.publicPath(req, mountPath) : undefined;
        return login.start(req, res, { ...parameters, returnTo: parameters.returnTo ?? here });
      },
      fail: (error, during) => answers.fail(req, res, error, during),
      markPersonal: (choice = { keepNowhere: browser.id !== undefined }) => markPersonal(res, choice),
    };
    attachRequest(req, res, next, {
      ...{ state, sessions, startAppSession },
      writeCookie: cookie.write,
      logout: (choice) => logout.start(req, res, browser, choice),
      createApiAccess: () =>
        createApiAccess({
          ...{ browser, tokenSource, providers, apiOrigins, now },
          clearCookie: () => {
            if (!res.headersSent) cookie.clear(res);
          },
        }),
    });
  };

  return async (owner, req, res, next) => {
    const known = getRequestState(req);
    if (known) {
      next(
        known.owner === owner ? undefined : new ConfigurationError('Two connectAuth() handle one request.'),
      );
      return;
    }
    checkMount(req, options.basePath);
    const browser = await sessions.read(req);
    attach(owner, req, res, next, browser);
    const route = findRoute(req.path);
    if (route) await route(req, res, browser);
    else next();
  };
}

/** Writes the claims that a refresh brought into an identity's record. */
async function applyProof(
  auth: string,
  { claims: fresh }: Proof,
  { mapUser, now }: Pick<ResolvedOptions, 'mapUser' | 'now'>,
): Promise<string> {
  const identity = decodeIdentity(auth, now());
  if (!identity) return auth;
  const { provider, issuer } = identity;
  const claims = pickUserClaims({ ...identity.claims, ...fresh });
  try {
    const user = await mapUser(claims, { provider, issuer });
    return encodeIdentity({ ...identity, claims, user: user === (claims as Express.User) ? undefined : user });
  } catch {
    // The old refresh token is spent by now: the new tokens must be kept, whatever becomes of the claims.
    return auth;
  }
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
