import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { ConfigurationError, CrossOriginError } from '../errors.ts';
import { type BrowserSession, createBrowserSession } from '../session/browser-session.ts';
import { attachRequest } from './attach-request.ts';
import type { Cors } from './cors.ts';
import type { ForgeryCheck } from './forgery-check.ts';
import { type Handshake, type HandshakeRequest, isHandshake } from './handshake.ts';
import { getRequestState, type RequestServices } from './request-state.ts';
import type { Revalidate } from './revalidate.ts';

/** One of our routes, as requests see it. */
export interface RequestRoute {
  /** Whether it looks at the session of the browser; the provider's own calls have none. */
  readonly needsSession: boolean;
  run(req: Request, res: Response, browser: BrowserSession): Promise<void>;
}

/** What it is made of. */
export interface RequestHandlerOptions {
  readonly services: RequestServices;
  readonly findRoute: (path: string) => RequestRoute | undefined;
  readonly isForged: ForgeryCheck;
  readonly cors: Cors | undefined;
  /** Path part of `baseUrl`. */
  readonly basePath: string;
  /** For requests that are none of Express's. */
  readonly handshake: Handshake;
  /** Absent: no provider is asked again about a login. */
  readonly revalidate?: Revalidate | undefined;
}

/** Handles one request: reads its session, gives it `req.user` and its company, and runs our route if it is one. */
export function createRequestHandler(options: RequestHandlerOptions) {
  const { services, findRoute, isForged, cors, basePath, handshake, revalidate } = options;
  const { sessions } = services;

  return (req: Request, res: Response, next: NextFunction): void => {
    if (isHandshake(req)) {
      handshake(req as IncomingMessage as HandshakeRequest, res, next);
      return;
    }
    const known = getRequestState(req);
    if (known) {
      const twice = new ConfigurationError(
        'Two connectAuth() handle one request. Use one, with providers for several of them, or mount each at a path of its own.',
      );
      next(known.services === services ? undefined : twice);
      return;
    }
    const misuse = findMisuse(req, basePath) ?? findUnstripped(req, basePath, findRoute);
    if (misuse) {
      next(misuse);
      return;
    }
    if (cors?.(req, res)) return;
    const route = findRoute(req.path);
    const mountPath = req.baseUrl;
    const run = (browser: BrowserSession) => {
      if (route) route.run(req, res, browser).catch(next);
      else next();
    };
    const goOn = (browser: BrowserSession) => {
      // First, for onLogout of a session that is over: it is told the request.
      attachRequest({ services, req, res, next, browser, mountPath });
      // Our own routes have rules of their own. What is refused keeps no session alive.
      if (!route && isForged(req, browser)) {
        services.fail(getRequestState(req)!, new CrossOriginError(), 'guard').catch(next);
        return undefined;
      }
      // The cookie of one that is over stays: when this answer comes, the browser may have that of a new login.
      if (!sessions.touch(browser)) return sessions.keepUp(browser, req).then(() => run(browser));
      const asked = route ? undefined : revalidate?.(browser);
      return asked ? asked.then(() => run(browser)) : run(browser);
    };
    const found = route?.needsSession === false ? createBrowserSession() : sessions.read(req);
    // Nobody waits who brings no cookie, and hardly anybody for more than the read.
    if (found instanceof Promise) found.then(goOn).catch(next);
    else goOn(found);
  };
}

/** Below a path that is hidden neither by a proxy nor by the mount, our routes would be nowhere. */
function findUnstripped(
  req: Request,
  basePath: string,
  findRoute: RequestHandlerOptions['findRoute'],
): ConfigurationError | undefined {
  if (basePath === '' || req.baseUrl !== '' || !req.path.startsWith(`${basePath}/`)) return undefined;
  if (!findRoute(req.path.slice(basePath.length))) return undefined;
  return new ConfigurationError(
    `connectAuth is mounted at /, baseUrl has the path "${basePath}", and a request came with it: mount it there, app.use("${basePath}", connectAuth({ … })), or let the proxy take it off.`,
  );
}

/** Names a fault of assembly that would show itself only as logins that do not hold. */
function findMisuse(req: Request, basePath: string): ConfigurationError | undefined {
  const { baseUrl, path } = req as Partial<Request>;
  if (baseUrl === undefined || path === undefined)
    return new ConfigurationError('connectAuth handles requests of Express: app.use(connectAuth({ … })).');
  // Express matches mount paths in any case of letters.
  if (baseUrl !== '' && baseUrl.toLowerCase() !== basePath.toLowerCase()) {
    return new ConfigurationError(
      `connectAuth is mounted at ${baseUrl}, but baseUrl has the path "${basePath || '/'}". They must be the same.`,
    );
  }
  if ((req as { session?: unknown }).session === undefined) return undefined;
  return new ConfigurationError(
    'connectAuth brings req.session itself: remove the other session middleware.',
  );
}
