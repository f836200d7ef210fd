import { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { ConfigurationError } from './errors.ts';
import { findSource, isNavigation } from './fetch-metadata.ts';
import { type ConnectAuthOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { createProvider } from './provider/provider.ts';
import { createAnswers } from './routes/answers.ts';
import { createCallback } from './routes/callback.ts';
import { createLogin } from './routes/login.ts';
import { createLogout } from './routes/logout.ts';
import { createPageSender } from './routes/pages.ts';
import { createPendingLogins } from './routes/pending-logins.ts';
import { createReturnAddressReader } from './routes/return-address.ts';
import { createUrls } from './routes/urls.ts';
import { createAppSessionStarter } from './session/app-session.ts';
import type { BrowserSession } from './session/browser-session.ts';
import { createSessionCookie } from './session/session-cookie.ts';
import { createSessions } from './session/sessions.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { createRedisStore } from './store/redis-store.ts';
import type { Store, StoreHealth } from './store/store.ts';
import { attachRequest } from './user/attach-request.ts';
import { getRequestState, type RequestState } from './user/request-state.ts';
import { createSealer } from './vault/sealer.ts';
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
type Route = (req: Request, res: Response, browser: BrowserSession) => Promise<void>;

/** Builds every part once and joins them. */
function createHandler(options: ResolvedOptions, store: Store): Handler {
  const { hooks, now, secrets, https } = options;
  const { cookieName, cookiePath, persistent, absoluteTimeoutSeconds, idleTimeoutSeconds, carryOver } =
    options.session;
  const maxAgeSeconds = persistent ? absoluteTimeoutSeconds : undefined;

  const sealer = createSealer(secrets);
  const vault = createTokenVault({ store, sealer });
  const cookie = createSessionCookie({
    name: cookieName,
    path: cookiePath,
    secure: https,
    maxAgeSeconds,
    secrets,
  });
  const idleTimeoutMs = idleTimeoutSeconds * 1000;
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
  const ownOrigins = new Set([options.origin, ...options.trustedOrigins]);
  const readReturnAddress = createReturnAddressReader(options.origin, urls.own);
  const sendPage = createPageSender(() =>
    [...providers.values()].flatMap((provider) => provider.knownOrigins()),
  );
  const answers = createAnswers({ sendPage, hooks, loginPath: urls.login, homePath: urls.home });
  const pendingLogins = createPendingLogins({ store, sealer, cookieName, cookiePath, https, now });

  const login = createLogin({ providers, pendingLogins, readReturnAddress, urls, answers, now });
  const logout = createLogout({
    ...{ providers, sessions, vault, pendingLogins, readReturnAddress, urls, answers, hooks, ownOrigins },
    baseUrl: options.baseUrl,
  });
  const callback = createCallback({
    ...{ providers, pendingLogins, sessions, vault, urls, answers, hooks, now },
    mapUser: options.mapUser,
    absoluteTimeoutMs: absoluteTimeoutSeconds * 1000,
    reportReplaced: (req, res, identity) => logout.report(req, res, identity, 'replaced'),
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

  const findRoute = createRouteTable(options, { login: login.route, logout: logout.route, callback }, urls);

  return async (owner, req, res, next) => {
    const known = getRequestState(req);
    if (known) {
      next(
        known.owner === owner ? undefined : new ConfigurationError('Two connectAuth() handle one request.'),
      );
      return;
    }
    checkMount(req, options.basePath);
    // Routers further in change it.
    const mountPath = req.baseUrl;
    const browser = await sessions.read(req);
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
      markPersonal: ({ keepNowhere } = { keepNowhere: browser.id !== undefined }) =>
        markPersonal(res, keepNowhere),
    };
    attachRequest(req, res, next, {
      ...{ state, sessions, startAppSession },
      writeCookie: cookie.write,
      logout: (choice) => logout.start(req, res, browser, choice),
    });
    const route = findRoute(req);
    if (!route) {
      next();
      return;
    }
    if (!route.methods.includes(req.method)) {
      res.status(405).set('Allow', route.methods.join(', ')).end();
      return;
    }
    try {
      await route.run(req, res, browser);
    } catch (error) {
      await answers.fail(req, res, error, route.name);
    }
  };
}

interface RouteEntry {
  readonly name: 'login' | 'callback' | 'logout';
  readonly methods: readonly string[];
  readonly run: Route;
}

interface RouteHandlers {
  readonly login: Route;
  readonly logout: Route;
  readonly callback: (
    req: Request,
    res: Response,
    browser: BrowserSession,
    provider: string,
  ) => Promise<void>;
}

/** One look-up by path for every request, ours or not. */
function createRouteTable(
  { routes }: ResolvedOptions,
  handlers: RouteHandlers,
  urls: { callbackProvider(path: string): string | undefined },
): (req: Request) => RouteEntry | undefined {
  const table = new Map<string | false, RouteEntry>([
    [routes.login, { name: 'login', methods: ['GET'], run: handlers.login }],
    [routes.logout, { name: 'logout', methods: ['GET', 'POST'], run: handlers.logout }],
  ]);
  return (req) => {
    const { path } = req;
    const provider = urls.callbackProvider(path);
    if (provider === undefined) return table.get(path);
    return {
      name: 'callback',
      methods: ['GET', 'POST'],
      run: (request, res, browser) => handlers.callback(request, res, browser, provider),
    };
  };
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

/** A response that depends on who asks must not be kept for somebody else. The handler may still say otherwise. */
function markPersonal(res: Response, keepNowhere: boolean): void {
  if (res.headersSent) return;
  const vary = String(res.getHeader('Vary') ?? '');
  if (!/(^|[ ,])(cookie|\*)($|[ ,])/i.test(vary)) res.setHeader('Vary', vary ? `${vary}, Cookie` : 'Cookie');
  if (keepNowhere && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
}
