import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ConfigurationError, CrossOriginError, LoginError } from '../errors.ts';
import { isFormPost, isNavigation, isUnsafe } from '../fetch-metadata.ts';
import { wasJustAnswered } from '../freshness.ts';
import { AUTH_RULES } from '../options/login-options.ts';
import { refuse } from '../options/option-checks.ts';
import { type Resolved, readOptions } from '../options/option-table.ts';
import type { AuthRules } from '../request-types.ts';
import type { Identity } from '../session/identity.ts';
import { getRequestState, type RequestState, setPrivate } from './request-state.ts';

/** A middleware as it stands, or a factory of one that is given rules. */
export interface RequireAuth {
  (req: Request, res: Response, next: NextFunction): void;
  // biome-ignore lint/suspicious/noExplicitAny: Express declares its handler's parameters so
  <P = any, ResBody = any, ReqBody = any, ReqQuery = any, Locals extends Record<string, any> = any>(
    rules?: AuthRules,
  ): RequestHandler<P, ResBody, ReqBody, ReqQuery, Locals>;
}

/**
 * Guards a route: `app.get('/me', requireAuth, handler)`, or with rules `requireAuth({ maxAgeSeconds: 300 })`.
 *
 * Without a login a page is sent to the provider and comes back to where it was; a form that a person sends gets 401 and
 * a page that says so; anything else (fetch, another method, an API client) 401 and `{ error, loginUrl }`. An unsafe
 * request from another origin gets 403. With the store away the answer is 503 with `Retry-After`.
 *
 * @throws ConfigurationError at start, for rules that are unknown or wrong.
 */
export const requireAuth: RequireAuth = ((...args: [Request, Response, NextFunction] | [AuthRules?]) => {
  if (args.length === 3) {
    guard(args[0], args[1], args[2], NO_RULES);
    return undefined;
  }
  const given: unknown = args[0] ?? {};
  if (typeof given !== 'object') {
    refuse('requireAuth()', 'given rules such as { maxAgeSeconds: 300 } (it knows no roles)', given);
  }
  const rules = readOptions('requireAuth()', given, AUTH_RULES);
  return function requireAuthWithRules(req: Request, res: Response, next: NextFunction) {
    guard(req, res, next, rules);
  };
}) as RequireAuth;

type ResolvedRules = Resolved<typeof AUTH_RULES>;

const NO_RULES: ResolvedRules = { maxAgeSeconds: undefined, acrValues: undefined };

function guard(req: Request, res: Response, next: NextFunction, rules: ResolvedRules): void {
  const state = getRequestState(req);
  if (!state) {
    next(new ConfigurationError('requireAuth needs app.use(connectAuth({ … })) before this route.'));
    return;
  }
  setPrivate(state, { mayStore: false });
  const { fault, identity } = state.browser;
  if (isUnsafe(req) && state.services.isForeign(req)) {
    state.services.fail(state, new CrossOriginError(), 'guard').catch(next);
  } else if (fault) {
    state.services.fail(state, fault, 'guard').catch(next);
  } else if (identity && state.services.meets(identity, rules)) {
    next();
  } else {
    challenge(req, res, state, rules, identity)
      .catch((error) => state.services.fail(state, error, 'guard'))
      .catch(next);
  }
}

async function challenge(
  req: Request,
  res: Response,
  state: RequestState,
  rules: ResolvedRules,
  identity: Identity | undefined,
): Promise<void> {
  if (isNavigation(req)) {
    if (identity && wasJustAnswered(identity, rules, state.services.now())) {
      throw new LoginError('The login that was just asked for this does not prove it.', {
        code: 'login_insufficient',
      });
    }
    // The page would never hear of the login, and would ask for another, without end.
    if (!state.services.getsCookie(state)) {
      throw new ConfigurationError(
        'requireAuth guards a page that browsers send no cookie of session.cookiePath to. Leave session.cookiePath out, or guard pages below it alone.',
      );
    }
    const provider = identity ? { provider: identity.provider } : {};
    await state.services.login(state, { ...provider, ...definedRules(rules) });
    return;
  }
  if (isFormPost(req)) {
    // Somebody pressed a button on a page that is older than the end of their session.
    await state.services.sendLoginPage(state, definedRules(rules));
    return;
  }
  res.status(401).json({
    error: identity ? 'insufficient_user_authentication' : 'login_required',
    loginUrl: state.services.loginUrlFrom(req),
  });
}

function definedRules({ maxAgeSeconds, acrValues }: ResolvedRules) {
  return { ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }), ...(acrValues ? { acrValues } : {}) };
}
