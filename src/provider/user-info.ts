import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { invalidResponse } from './provider-faults.ts';
import { readUserClaims } from './read-user-claims.ts';
import type { RequestedTokens } from './token-requests.ts';

/** Whom to ask about, and with what. */
export interface UserInfoRequest {
  /** The provider's name in the options. */
  readonly name: string;
  readonly accessToken: string;
  /** The answer must speak of this person. */
  readonly sub: string;
}

/**
 * Asks the userinfo endpoint about a person.
 *
 * @throws ProviderError, or what openid-client throws.
 * @see [OpenID Connect Core, section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)
 */
export async function fetchUserInfo(
  configuration: client.Configuration,
  { name, accessToken, sub }: UserInfoRequest,
): Promise<UserClaims> {
  const claims = await client.fetchUserInfo(configuration, accessToken, sub).catch((error: unknown) => {
    if (!isTokenRefused(error)) throw error;
    throw new ProviderError(`Provider "${name}": the userinfo endpoint does not take the access token.`, {
      code: 'provider_invalid_response',
      provider: name,
      oauthError: 'invalid_token',
      cause: error,
    });
  });
  return readUserClaims(name, claims);
}

/**
 * The plain "no": the token has ended, or was revoked.
 *
 * @see [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)
 */
function isTokenRefused(error: unknown): boolean {
  if (!(error instanceof client.WWWAuthenticateChallengeError) || error.status !== 401) return false;
  return error.cause.some(({ parameters }) => parameters.error === 'invalid_token');
}

/** What unsigned sources say of a person at a login, where the definition asks them. The ID token's claims win. */
export async function findMoreClaims(
  configuration: client.Configuration,
  { userinfoAtLogin, quirks }: ProviderDefinition,
  { name, sub, tokens, answer }: RequestedTokens & { readonly name: string; readonly sub: string },
): Promise<Partial<UserClaims>> {
  if (quirks.userinfo === 'in_token_answer' && answer.userinfo !== undefined) {
    const userinfo = answer.userinfo as { sub?: unknown } | null;
    if (userinfo?.sub !== sub)
      throw invalidResponse(name, 'the answer', 'its userinfo speaks of another sub than the ID token');
    return readUserClaims(name, userinfo);
  }
  if (!userinfoAtLogin || !tokens.accessToken) return {};
  return fetchUserInfo(configuration, { name, accessToken: tokens.accessToken, sub });
}
