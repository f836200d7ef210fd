import type { Request } from 'express';
import { StoreError } from '../errors.ts';
import { AccessDeniedError, BearerError } from '../guard-errors.ts';
import type { ResolvedBearerRules, ResolvedGuardRules } from '../options/guard-options.ts';
import { attachBearer } from './bearer-auth.ts';
import { readBearerToken, writeChallenge } from './bearer-header.ts';
import type { BearerLogin } from './bearer-login.ts';
import { demandRights } from './check-rights.ts';
import type { RequestState } from './request-state.ts';

/** The rules of a guard that takes bearer tokens. */
export interface BearerGuardRules extends ResolvedGuardRules {
  readonly bearer: ResolvedBearerRules;
}

/**
 * Lets a request pass by its bearer token, and gives it `req.user` and `req.auth` of that. `none`: it brings no token.
 * `answered`: it was refused, as RFC 6750 has it. Where a page of another origin sends the token it knows it, so that
 * there is no origin to check.
 *
 * @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)
 */
export async function guardBearer(
  req: Request,
  state: RequestState,
  rules: BearerGuardRules,
): Promise<'passed' | 'none' | 'answered'> {
  const { services, res } = state;
  try {
    const token = readBearerToken(req);
    if (token === undefined) return 'none';
    refuseTwoLogins(state);
    const login = await services.readBearer(token, rules.bearer);
    demandStrength(login, state, rules);
    // `allow` is to see who asks.
    attachBearer(req, login.user, services.createBearerAuth(state, login));
    // The application's functions print what they are given.
    const { token: _token, ...rights } = login;
    if (rules.asksRights) await demandRights(req, rights, { rules, state });
    return 'passed';
  } catch (error) {
    const challenge = describeRefusal(error, rules);
    if (challenge) res.setHeader('WWW-Authenticate', writeChallenge(challenge));
    await services.fail(state, error, 'guard', { asJson: true });
    return 'answered';
  }
}

/** Who is meant, and whose rights count, is not for us to guess. */
function refuseTwoLogins({ browser: { fault, identity } }: RequestState): void {
  if (fault instanceof StoreError) throw fault;
  if (identity) {
    throw new BearerError(
      'The request has a bearer token and the cookie of a session. Send one of them.',
      'bearer_ambiguous',
    );
  }
}

/** @see [RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3) */
function demandStrength(
  { provider, acr, authTime }: BearerLogin,
  { services }: RequestState,
  rules: BearerGuardRules,
): void {
  const seconds = authTime && authTime.getTime() / 1000;
  if (services.meets({ provider, acr, authTime: seconds }, rules)) return;
  throw new BearerError('The login behind the token is not recent or strong enough.', 'bearer_insufficient');
}

function describeRefusal(
  error: unknown,
  rules: BearerGuardRules,
): Record<string, string | undefined> | undefined {
  const realm = rules.bearer.audience[0];
  if (error instanceof AccessDeniedError) {
    const scope = error.missing.scopes && rules.scopes?.join(' ');
    return { realm, error: 'insufficient_scope', error_description: error.message, scope };
  }
  if (!(error instanceof BearerError)) return undefined;
  const asked = error.code === 'bearer_insufficient';
  return {
    realm,
    error: error.oauthError,
    error_description: error.description,
    acr_values: asked ? rules.acrValues?.join(' ') : undefined,
    max_age: asked && rules.maxAgeSeconds !== undefined ? String(rules.maxAgeSeconds) : undefined,
  };
}
