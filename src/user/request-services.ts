import type { Request, Response } from 'express';
import type { ErrorEvent } from '../events.ts';
import { findSource, isNavigation } from '../fetch-metadata.ts';
import { isBelowCookiePath } from '../is-below-cookie-path.ts';
import type { SilentLoginOptions } from '../options/login-options.ts';
import type { Provider } from '../provider/provider.ts';
import type { LoginParameters } from '../request-types.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { type ApiAccessOptions, createApiAccess } from './api-access.ts';
import type { RequestServices } from './request-state.ts';

/** What requests need of the routes: ways to answer. */
export interface RequestAnswers {
  startLogin(
    req: Request,
    res: Response,
    parameters: LoginParameters & { browser: BrowserSession },
  ): Promise<void>;
  trySilentLogin(
    req: Request,
    res: Response,
    parameters: SilentLoginOptions & { browser: BrowserSession },
  ): Promise<boolean>;
  startLogout(
    req: Request,
    res: Response,
    browser: BrowserSession,
    options: { returnTo?: string },
  ): Promise<void>;
  sendLoginPage(req: Request, res: Response): void;
  fail(req: Request, res: Response, error: unknown, failure: Pick<ErrorEvent, 'during'>): Promise<void>;
  /** What the browser sees of this request: path and query. */
  publicPath(req: Request, mountPath: string): string;
}

/** What they are made of. */
export interface RequestServicesOptions
  extends Pick<RequestServices, 'sessions' | 'startAppSession' | 'watch' | 'tenant' | 'loginUrl' | 'now'>,
    Omit<ApiAccessOptions, 'browser'> {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly ownOrigins: ReadonlySet<string>;
  /** The pages that browsers send the session's cookie to. */
  readonly cookiePath: string;
  readonly answers: RequestAnswers;
}

/** Makes what all requests of one `connectAuth()` share. */
export function createRequestServices(options: RequestServicesOptions): RequestServices {
  const { sessions, startAppSession, watch, loginUrl, now, providers, ownOrigins, cookiePath, answers } =
    options;
  return {
    sessions,
    startAppSession,
    watch,
    tenant: options.tenant,
    loginUrl,
    now,
    isForeign: (req) => findSource(req, ownOrigins) === 'foreign',
    getsCookie: ({ req, mountPath }) => {
      const path = answers.publicPath(req, mountPath).replace(/\?.*/s, '');
      // No browser writes a whole URL into its request; who does, such as a proxy's client, keeps cookies by other rules.
      return !path.startsWith('/') || isBelowCookiePath(path, cookiePath);
    },
    meets: (identity, rules) => {
      const provider = providers.get(identity.provider);
      return provider !== undefined && provider.findUnmetRequirement(identity, rules) === undefined;
    },
    login: ({ req, res, browser, mountPath }, parameters) => {
      const here = isNavigation(req) ? answers.publicPath(req, mountPath) : undefined;
      return answers.startLogin(req, res, {
        ...parameters,
        returnTo: parameters.returnTo ?? here,
        browser,
      } as LoginParameters & { browser: BrowserSession });
    },
    trySilentLogin: ({ req, res, browser, mountPath }, parameters) => {
      const { returnTo = answers.publicPath(req, mountPath) } = parameters;
      return answers.trySilentLogin(req, res, { ...parameters, returnTo, browser });
    },
    logout: ({ req, res, browser }, choice) => answers.startLogout(req, res, browser, choice),
    sendLoginPage: ({ req, res }) => answers.sendLoginPage(req, res),
    fail: ({ req, res }, error, during) => answers.fail(req, res, error, { during }),
    createApiAccess: ({ browser }) => createApiAccess({ ...options, browser }),
  };
}
