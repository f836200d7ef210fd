import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { invalidResponse, toProviderError } from './provider-faults.ts';
import { readUserClaims } from './read-user-claims.ts';
import { findMissingScopes } from './scopes.ts';
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
 * @throws ProviderError
 * @see [OpenID Connect Core, section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)
 */
export async function fetchUserInfo(
  configuration: client.Configuration,
  { name, accessToken, sub }: UserInfoRequest,
): Promise<UserClaims> {
  const claims = await client.fetchUserInfo(configuration, accessToken, sub).catch((error: unknown) => {
    if (isOfAnother(error)) {
      const fault = { member: 'sub', expected: 'that of the login', got: 'another' };
      throw invalidResponse(name, 'the userinfo answer', fault);
    }
    if (!isTokenRefused(error)) throw toProviderError(error, name, 'the userinfo request');
    throw new ProviderError(`Provider "${name}": the userinfo endpoint does not take the access token.`, {
      code: 'provider_invalid_response',
      provider: name,
      oauthError: 'invalid_token',
      cause: error,
    });
  });
  return readUserClaims(name, claims);
}

function isOfAnother(error: unknown): boolean {
  return error instanceof client.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';
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

/** A login whose ID token has been verified, and what else came with it. */
export interface KnownLogin extends RequestedTokens {
  /** The provider's name in the options. */
  readonly name: string;
  readonly sub: string;
  /** What was granted. */
  readonly scope: string;
  /** What the proof of identity says of the person. */
  readonly claims: UserClaims;
}

/**
 * What unsigned sources say of a person at a login, where the definition asks them. The ID token's claims win.
 *
 * @param reportFault - told when the userinfo endpoint was asked on our own account, and failed: the login goes on.
 */
export async function findMoreClaims(
  configuration: client.Configuration,
  { identity, userinfoAtLogin, quirks }: ProviderDefinition,
  { name, sub, scope, claims, tokens, answer }: KnownLogin,
  reportFault: (fault: ConnectAuthError) => void,
): Promise<Partial<UserClaims>> {
  if (quirks.userinfo === 'in_token_answer' && answer.userinfo !== undefined) {
    const userinfo = answer.userinfo as { sub?: unknown } | null;
    if (userinfo?.sub !== sub)
      throw invalidResponse(name, 'the answer', 'its userinfo speaks of another sub than the ID token');
    return readUserClaims(name, userinfo);
  }
  if (userinfoAtLogin === false) return {};
  if (!tokens.accessToken) {
    if (userinfoAtLogin !== true) return {};
    const expected = 'one to ask the userinfo endpoint with';
    const fault = { member: 'access_token', expected, got: 'nothing', option: 'userinfoAtLogin' };
    throw invalidResponse(name, 'the answer', fault);
  }
  const request = { name, accessToken: tokens.accessToken, sub };
  if (userinfoAtLogin === true) return fetchUserInfo(configuration, request);
  const isKnown = configuration.serverMetadata().userinfo_endpoint !== undefined;
  if (identity.from !== 'id_token' || !isKnown || !lacksClaims(claims, scope)) return {};
  try {
    return await fetchUserInfo(configuration, request);
  } catch (error) {
    reportFault(toProviderError(error, name, 'the userinfo request'));
    return {};
  }
}

/** What each scope stands for; one claim of it shows that the provider puts them into the ID token. */
const CLAIMS_OF_SCOPES: Readonly<Record<string, readonly string[]>> = {
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'nickname'],
  email: ['email'],
};

/**
 * Whether the ID token leaves out what was granted: in the code flow many providers keep it for the userinfo endpoint.
 *
 * @see [OpenID Connect Core, section 5.4](https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims)
 */
function lacksClaims(claims: UserClaims, scope: string): boolean {
  const missing = findMissingScopes(Object.keys(CLAIMS_OF_SCOPES).join(' '), scope);
  return Object.entries(CLAIMS_OF_SCOPES).some(
    ([name, names]) => !missing.includes(name) && names.every((claim) => claims[claim] === undefined),
  );
}
