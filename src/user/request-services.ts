import type { Request, Response } from 'express';
import { LoginError, LoginRequiredError } from '../errors.ts';
import type { ErrorEvent } from '../events.ts';
import { findSource, isNavigation } from '../fetch-metadata.ts';
import type { LoginDemands } from '../freshness.ts';
import { isBelowCookiePath } from '../is-below-cookie-path.ts';
import type {
  ResolvedLoginParameters,
  ResolvedLogoutParameters,
  SilentLoginOptions,
} from '../options/login-options.ts';
import type { Provider } from '../provider/provider.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { type ApiAccessOptions, createApiAccess } from './api-access.ts';
import { createBearerAuth } from './bearer-auth.ts';
import { type BearerLoginOptions, createBearerLogins } from './bearer-login.ts';
import type { RequestServices } from './request-state.ts';

/** What requests need of the routes: ways to answer. */
export interface RequestAnswers {
  startLogin(
    req: Request,
    res: Response,
    parameters: ResolvedLoginParameters & { browser: BrowserSession },
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
    choice: ResolvedLogoutParameters,
  ): Promise<void>;
  sendLoginPage(req: Request, res: Response): Promise<void>;
  /** Keeps a form, and says so; absent where there is no route for it. */
  keepForm?:
    | ((req: Request, res: Response, asked: { publicPath: string; demands: LoginDemands }) => Promise<void>)
    | undefined;
  fail(
    req: Request,
    res: Response,
    error: unknown,
    failure: Pick<ErrorEvent, 'during' | 'returnTo'> & {
      readonly asJson: boolean;
      /** Where somebody proved too little: they may do so as somebody else. */
      readonly provider?: string | undefined;
    },
  ): Promise<void>;
  reportError(
    req: Request | undefined,
    res: Response | undefined,
    error: unknown,
    during: ErrorEvent['during'],
  ): Promise<void>;
  /** What the browser sees of this request: path and query. */
  publicPath(req: Request, mountPath: string): string;
}

/** What they are made of. */
export interface RequestServicesOptions
  extends Pick<
      RequestServices,
      | 'sessions'
      | 'startAppSession'
      | 'watch'
      | 'tenant'
      | 'application'
      | 'loginUrlFrom'
      | 'now'
      | 'rolesFrom'
    >,
    ApiAccessOptions,
    BearerLoginOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly ownOrigins: ReadonlySet<string>;
  /** The pages that browsers send the session's cookie to. */
  readonly cookiePath: string;
  readonly answers: RequestAnswers;
}

/** Makes what all requests of one `connectAuth()` share. */
export function createRequestServices(options: RequestServicesOptions): RequestServices {
  const { sessions, startAppSession, watch, loginUrlFrom, now, rolesFrom } = options;
  const { providers, ownOrigins, cookiePath, answers } = options;
  const tell: RequestServices['tell'] = (fault, { req, res } = {}) =>
    void answers.reportError(req, res, fault, 'session');
  return {
    sessions,
    startAppSession,
    watch,
    tenant: options.tenant,
    application: options.application,
    loginUrlFrom,
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
    capabilitiesOf: ({ provider }) => {
      const capabilities = providers.get(provider)?.definition.capabilities;
      if (!capabilities) return undefined;
      return Object.freeze({ refresh: capabilities.refresh, logout: capabilities.logout !== false });
    },
    login: ({ req, res, browser, mountPath }, parameters) => {
      const here = isNavigation(req) ? answers.publicPath(req, mountPath) : undefined;
      return answers.startLogin(req, res, {
        ...parameters,
        returnTo: parameters.returnTo ?? here,
        browser,
      });
    },
    trySilentLogin: ({ req, res, browser, mountPath }, parameters) => {
      const { returnTo = answers.publicPath(req, mountPath) } = parameters;
      return answers.trySilentLogin(req, res, { ...parameters, returnTo, browser });
    },
    logout: ({ req, res, browser }, choice) => answers.startLogout(req, res, browser, choice),
    sendLoginPage: async ({ req, res, mountPath, keepsForm }, demands) => {
      if (!keepsForm || !answers.keepForm) await answers.sendLoginPage(req, res);
      else await answers.keepForm(req, res, { publicPath: answers.publicPath(req, mountPath), demands });
    },
    keepsForms: answers.keepForm !== undefined,
    rolesFrom,
    readBearer: createBearerLogins(options),
    createBearerAuth: (state, login) => createBearerAuth(state, login, options),
    fail: ({ req, res, mountPath, browser }, error, during, { asJson } = { asJson: false }) => {
      const isInsufficient = error instanceof LoginError && error.code === 'login_insufficient';
      // Whoever is to log in, perhaps as somebody else, comes back to where they were.
      const leadsBack = (error instanceof LoginRequiredError || isInsufficient) && isNavigation(req);
      const returnTo = leadsBack ? answers.publicPath(req, mountPath) : undefined;
      const provider = isInsufficient ? browser.identity?.provider : undefined;
      return answers.fail(req, res, error, { during, returnTo, asJson, provider });
    },
    tell,
    createApiAccess: ({ browser, req, res }) =>
      createApiAccess(options, browser, (fault) => tell(fault, { req, res })),
  };
}
