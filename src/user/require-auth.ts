import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ConfigurationError, CrossOriginError } from '../errors.ts';
import { isUnsafe } from '../fetch-metadata.ts';
import type { AuthRules } from '../guard-types.ts';
import { type ResolvedGuardRules, readGuardRules } from '../options/guard-options.ts';
import { refuse } from '../options/option-checks.ts';
import { guardBearer } from './bearer-guard.ts';
import { challenge } from './challenge.ts';
import { checkRights } from './check-rights.ts';
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
 * Guards a route, or all below a path: `app.get('/me', requireAuth, handler)`, or with rules
 * `app.use('/admin', requireAuth({ roles: 'admin' }), router)`.
 *
 * Without a login a page is sent to the provider and comes back to where it was; a form that a person sends gets 401 and
 * a page that says so; anything else (fetch, another method, an API client) 401 and `{ error, loginUrl }`. Who is logged
 * in and lacks what the rules ask gets 403: a page, or `{ error, missing }`. An unsafe request from another origin gets
 * 403. With the store away the answer is 503 with `Retry-After`. What the rules' functions throw is a fault of the
 * application (5xx). The handler behind it runs in none of these cases.
 *
 * @throws ConfigurationError at start, for rules that are unknown or wrong.
 */
export const requireAuth: RequireAuth = ((...args: [Request, Response, NextFunction] | [AuthRules?]) => {
  if (args.length === 3) {
    guard(args[0], args[1], args[2], NO_RULES);
    return undefined;
  }
  // Rules that were to be given and are not there must not become a guard without rules.
  const given: unknown = args.length === 0 ? {} : args[0];
  if (typeof given !== 'object' || given === null)
    refuse('requireAuth()', "given rules, such as { roles: 'admin' } or { maxAgeSeconds: 300 }", given);
  const rules = readGuardRules(given);
  return function requireAuthWithRules(req: Request, res: Response, next: NextFunction) {
    guard(req, res, next, rules);
  };
}) as RequireAuth;

const NO_RULES = readGuardRules({});

function guard(req: Request, res: Response, next: NextFunction, rules: ResolvedGuardRules): void {
  const state = getRequestState(req);
  if (!state) {
    next(new ConfigurationError('requireAuth needs app.use(connectAuth({ … })) before this route.'));
    return;
  }
  setPrivate(state, { mayStore: false });
  if (rules.bearer !== undefined && req.headers.authorization !== undefined) {
    guardBearer(req, state, { ...rules, bearer: rules.bearer })
      .then((outcome) => {
        if (outcome === 'passed') next();
        else if (outcome === 'none') guardSession(req, res, next, { state, rules });
      })
      .catch(next);
    return;
  }
  guardSession(req, res, next, { state, rules });
}

function guardSession(
  req: Request,
  res: Response,
  next: NextFunction,
  { state, rules }: { state: RequestState; rules: ResolvedGuardRules },
): void {
  const { fault, identity } = state.browser;
  const fail = (error: unknown) => state.services.fail(state, error, 'guard').catch(next);
  if (isUnsafe(req) && state.services.isForeign(req)) {
    fail(new CrossOriginError());
  } else if (fault) {
    fail(fault);
  } else if (!identity && rules.anonymous === 'pass') {
    next();
  } else if (!identity || !state.services.meets(identity, rules)) {
    challenge(req, res, { state, rules, identity }).catch(fail);
  } else if (rules.asksRights) {
    checkRights(req, state, rules).then(
      (isThere) =>
        isThere ? next() : challenge(req, res, { state, rules, identity: undefined }).catch(fail),
      fail,
    );
  } else {
    next();
  }
}
