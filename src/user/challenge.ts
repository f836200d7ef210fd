import type { Request, Response } from 'express';
import { ConfigurationError, LoginRequiredError } from '../errors.ts';
import { isFormPost, isNavigation } from '../fetch-metadata.ts';
import { refuseRound, wasJust } from '../freshness.ts';
import type { ResolvedGuardRules } from '../options/guard-options.ts';
import type { Identity } from '../session/identity.ts';
import { writeChallenge } from './bearer-header.ts';
import type { RequestState } from './request-state.ts';

/** What of a guard's rules a login can answer. */
export interface ChallengeRules
  extends Pick<ResolvedGuardRules, 'maxAgeSeconds' | 'acrValues' | 'anonymous' | 'bearer'> {
  /** Where the person must prove it now, however lately they did. */
  readonly prompt?: 'login' | undefined;
}

/** What is asked, and of whom. */
export interface Challenge {
  readonly state: RequestState;
  readonly rules: ChallengeRules;
  /** Somebody whose login proves too little; `undefined`: nobody. */
  readonly identity: Identity | undefined;
}

/**
 * Asks somebody to log in: a page is sent to the provider, whatever cannot be gets 401.
 *
 * @throws LoginError `login_insufficient` where asking again would go round and round.
 */
export async function challenge(
  req: Request,
  res: Response,
  { state, rules, identity }: Challenge,
): Promise<void> {
  if (rules.bearer) res.setHeader('WWW-Authenticate', writeChallenge({ realm: rules.bearer.audience[0] }));
  if (isNavigation(req)) {
    if (!identity && rules.anonymous === 'unauthorized') throw new LoginRequiredError();
    // A provider that refuses to refresh what it has just given would log the person in again and again.
    const { lost } = state.browser;
    if (!identity && lost && wasJust(lost, state.services.now())) throw new LoginRequiredError();
    if (identity) refuseRound(identity, rules, state.services.now());
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

function definedRules({ maxAgeSeconds, acrValues, prompt }: ChallengeRules) {
  return {
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(acrValues ? { acrValues } : {}),
    ...(prompt ? { prompt } : {}),
  };
}
