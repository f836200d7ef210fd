import type { Request, Response } from 'express';
import type { ErrorEvent } from '../events.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Answers } from './answers.ts';
import type { Urls } from './urls.ts';

/** What one of our routes does. It may throw: the route answers that. */
export type RouteHandler = (req: Request, res: Response, browser: BrowserSession) => Promise<void>;

/** One of our routes. Answers the request, whatever happens. */
export interface Route {
  /** Whether it looks at the session of the browser; the provider's own calls have none. */
  readonly needsSession: boolean;
  run(req: Request, res: Response, browser: BrowserSession): Promise<void>;
}

/** What all our routes do. */
export interface RouteHandlers {
  readonly login: RouteHandler;
  readonly logout: RouteHandler;
  readonly callback: (
    req: Request,
    res: Response,
    browser: BrowserSession,
    provider: string,
  ) => Promise<void>;
  readonly backchannelLogout: RouteHandler;
  readonly frontchannelLogout: RouteHandler;
  readonly globalTokenRevocation: RouteHandler;
  readonly initiateLogin: RouteHandler;
  readonly signedOut: RouteHandler;
  readonly session: RouteHandler;
  readonly keptForm: RouteHandler;
  readonly jwks: RouteHandler;
  readonly metrics: RouteHandler;
}

/**
 * Finds the route of a request by one look-up; most requests have none. Where there is a GET there is a HEAD: it is
 * answered by 200 without a body, and begins, ends and reads nothing.
 */
export function createRouteTable(
  { routes, providers }: Pick<ResolvedOptions, 'routes' | 'providers'>,
  handlers: RouteHandlers,
  { urls, answers }: { urls: Urls; answers: Answers },
): (path: string) => Route | undefined {
  const answer = (
    name: ErrorEvent['during'],
    methods: readonly string[],
    handler: RouteHandler,
    { needsSession = true, provider }: { needsSession?: boolean; provider?: string } = {},
  ): Route => ({
    needsSession,
    run: async (req, res, browser) => {
      // It asks whether there is something, and what the GET would do is done by that GET alone.
      if (req.method === 'HEAD' && methods.includes('GET')) {
        answers.empty(res.type('html'), 200);
        return;
      }
      if (!methods.includes(req.method)) {
        answers.empty(res.set('Allow', methods.join(', ').replace('GET', 'GET, HEAD')), 405);
        return;
      }
      try {
        await handler(req, res, browser);
      } catch (error) {
        await answers.fail(req, res, error, { during: name, provider });
      }
    },
  });
  const callbacks = [...providers.keys()].map((provider): [string | undefined, Route] => [
    urls.callbackPath(provider),
    answer(
      'callback',
      ['GET', 'POST'],
      (req, res, browser) => handlers.callback(req, res, browser, provider),
      { provider },
    ),
  ]);
  const table = new Map<string | false | undefined, Route>([
    [routes.login, answer('login', ['GET'], handlers.login)],
    [routes.logout, answer('logout', ['GET', 'POST'], handlers.logout)],
    [routes.backchannelLogout, answer('logout', ['POST'], handlers.backchannelLogout, WITHOUT_SESSION)],
    [routes.frontchannelLogout, answer('logout', ['GET'], handlers.frontchannelLogout, WITHOUT_SESSION)],
    [
      routes.globalTokenRevocation,
      answer('logout', ['POST'], handlers.globalTokenRevocation, WITHOUT_SESSION),
    ],
    [routes.initiateLogin, answer('login', ['GET', 'POST'], handlers.initiateLogin)],
    [routes.signedOut, answer('logout', ['GET'], handlers.signedOut)],
    // It reads the session by itself, so as not to keep it alive.
    [routes.session, answer('session', ['GET'], handlers.session, WITHOUT_SESSION)],
    [routes.keptForm, answer('login', ['GET'], handlers.keptForm)],
    [routes.jwks, answer('session', ['GET'], handlers.jwks, WITHOUT_SESSION)],
    [routes.metrics, answer('session', ['GET'], handlers.metrics, WITHOUT_SESSION)],
    ...callbacks,
  ]);
  return (path) => table.get(path);
}

const WITHOUT_SESSION = { needsSession: false };
