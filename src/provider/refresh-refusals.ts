import * as client from 'openid-client';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import { type RefusalAdvice, toProviderError } from './provider-faults.ts';

/**
 * Refusals of a refresh that only the person can mend. `invalid_grant` is the standard's; the others are what providers say
 * when a policy wants to see the person, or the grant is gone.
 *
 * @see [OpenID Connect Core, section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError),
 * [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1),
 * [RFC 8628, section 3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5) and
 * [RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)
 */
const ASK_THE_PERSON: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
  'mfa_required',
  'access_denied',
  'invalid_token',
  'expired_token',
  // GitHub's and Slack's words for invalid_grant.
  'bad_refresh_token',
  'invalid_refresh_token',
  'insufficient_user_authentication',
  'unmet_authentication_requirements',
]);

/**
 * What a refresh that failed means; `needsLogin` where asking again would be of no use, ever.
 *
 * @param advise - what may help where it is the client that was refused.
 */
export async function toRefreshFault(
  error: unknown,
  provider: string,
  advise: RefusalAdvice,
): Promise<ConnectAuthError> {
  const doing = 'the token refresh';
  const fault = toProviderError(error, provider, doing, advise);
  if (!(fault instanceof ProviderError)) return fault;
  const { message, code, oauthError, oauthErrorDescription } = fault;
  if (code === 'provider_refused' && oauthError !== undefined && ASK_THE_PERSON.has(oauthError))
    return new ProviderError(message, {
      ...{ code, provider, oauthError, oauthErrorDescription, fault: fault.fault },
      needsLogin: true,
      cause: error,
    });
  const status = await findEmptyRefusal(error);
  if (status === undefined) return fault;
  return new ProviderError(
    `Provider "${provider}": ${doing} was refused with the status ${status} and no body, which is taken for the end of the login.`,
    { code: 'provider_refused', provider, needsLogin: true, cause: error },
  );
}

/**
 * Some providers refuse by the status alone. A page in the body is somebody else's: a proxy's, say. With 401 it is the
 * client that was refused.
 */
async function findEmptyRefusal(error: unknown): Promise<number | undefined> {
  const response = findResponse(error);
  if (!response || response.bodyUsed || ![400, 403].includes(response.status)) return undefined;
  return (await response.text()).trim() === '' ? response.status : undefined;
}

function findResponse(error: unknown): Response | undefined {
  if (error instanceof client.WWWAuthenticateChallengeError) return error.response;
  let link = error;
  for (let depth = 0; link && depth < 4; link = (link as { cause?: unknown }).cause, depth += 1) {
    if (link instanceof Response) return link;
  }
  return undefined;
}
