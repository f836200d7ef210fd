import type { NextFunction, Request, Response } from 'express';
import { LoginError, LoginRequiredError } from '../errors.ts';
import { type StepUpLogin, StepUpRequiredError } from '../step-up-errors.ts';
import { writeChallenge } from './bearer-header.ts';
import { challenge } from './challenge.ts';
import { getRequestState } from './request-state.ts';

/**
 * An error handler, for after the routes: `app.use(loginOnError)`. An error that asks for a login becomes that login, as
 * with `requireAuth`: a page is sent to the provider and comes back to where it was, a form gets 401 and a page that says
 * so, anything else 401 and `{ error, loginUrl }`. Those errors are `StepUpRequiredError`, an API's wish for a fresher or
 * stronger login, and `LoginRequiredError`, a session that has ended meanwhile. A request with a bearer token is answered
 * by the challenge that the API sent. A `LoginError` `login_insufficient`, where that login was had a moment ago and the
 * API is not content, gets 403 and a page or JSON that says so. Every other error goes on.
 */
export function loginOnError(error: unknown, req: Request, res: Response, next: NextFunction): void {
  const state = getRequestState(req);
  const asked = state && !res.headersSent ? findAsked(error) : undefined;
  if (state && !res.headersSent && isUnhelped(error)) {
    state.services.fail(state, error, 'guard').catch(next);
    return;
  }
  if (!state || !asked) {
    next(error);
    return;
  }
  if (req.auth.kind === 'bearer') {
    answerProgram(res, asked);
    return;
  }
  const identity = error instanceof LoginRequiredError ? undefined : state.browser.identity;
  const rules = {
    anonymous: 'login',
    bearer: undefined,
    maxAgeSeconds: undefined,
    acrValues: undefined,
  } as const;
  challenge(req, res, { state, rules: { ...rules, ...asked }, identity })
    .catch((fault: unknown) => state.services.fail(state, fault, 'guard'))
    .catch(next);
}

function findAsked(error: unknown): StepUpLogin | undefined {
  if (error instanceof StepUpRequiredError) return error.login;
  return error instanceof LoginRequiredError ? {} : undefined;
}

function isUnhelped(error: unknown): boolean {
  return error instanceof LoginError && error.code === 'login_insufficient';
}

/** Only its client can get a token of another login. */
function answerProgram(res: Response, { acrValues, maxAgeSeconds }: StepUpLogin): void {
  const error = 'insufficient_user_authentication';
  const parameters = { error, acr_values: acrValues?.join(' '), max_age: maxAgeSeconds?.toString() };
  res.setHeader('WWW-Authenticate', writeChallenge(parameters));
  res.status(401).json({ error });
}
