import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { ProviderDefinition } from '../provider-definition.ts';
import { isJwt } from './is-jwt.ts';
import { invalidResponse } from './provider-faults.ts';
import { MAX_SENT_TOKEN_LENGTH, type SentTokenVerification, verifySentToken } from './sent-token.ts';

/** What the token of a request for a global token revocation says, after every check. */
export interface RevocationClaims {
  readonly jti: string;
  /** Seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
}

/**
 * A provider signs ID tokens and access tokens for anybody who logs in, by the same keys. The type keeps one of those from
 * ending the sessions of others (RFC 8725, section 3.11).
 */
const TYPE = 'global-token-revocation+jwt';

/**
 * Verifies the token that a request for a global token revocation is authenticated by. As with logout tokens, everything
 * that costs nothing comes first.
 *
 * @param audience - the address of our endpoint. Never the client id, which every ID token names.
 * @throws ProviderError `provider_invalid_response` for a token to refuse, `provider_unavailable` without keys.
 * @see [Global Token Revocation](https://datatracker.ietf.org/doc/html/draft-parecki-oauth-global-token-revocation)
 */
export async function verifyRevocationToken(
  token: string,
  audience: string,
  verification: SentTokenVerification,
): Promise<RevocationClaims> {
  const { definition, name, now } = verification;
  const what = 'the revocation token';
  const problem = findProblem(token, { definition, audience, nowSeconds: now() / 1000 });
  if (problem) throw invalidResponse(name, what, problem);
  const { jti, iat } = await verifySentToken(token, { what, audience }, verification);
  return { jti: jti!, issuedAt: iat! };
}

interface Expected {
  readonly definition: ProviderDefinition;
  readonly audience: string;
  readonly nowSeconds: number;
}

function findProblem(token: string, expected: Expected): string | undefined {
  if (token.length > MAX_SENT_TOKEN_LENGTH || !isJwt(token)) return 'it has not the form of one';
  try {
    const { alg, typ } = decodeProtectedHeader(token);
    if (alg === 'none' || alg !== expected.definition.identity.algorithm)
      return 'alg is not the configured one';
    if (
      String(typ)
        .toLowerCase()
        .replace(/^application\//, '') !== TYPE
    )
      return `typ is not ${TYPE}`;
    return findClaimProblem(decodeJwt(token), expected);
  } catch {
    return 'it has not the form of one';
  }
}

function findClaimProblem(
  { iss, aud, iat, exp, jti }: JWTPayload,
  { definition, audience, nowSeconds }: Expected,
): string | undefined {
  const { issuer, clockToleranceSeconds: tolerance, logoutTokenMaxAgeSeconds } = definition;
  if (iss !== issuer) return 'iss is not the configured issuer';
  const audiences = [aud ?? []].flat();
  if (audiences.length !== 1 || audiences[0] !== audience) return 'aud is not this endpoint alone';
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'iat is missing';
  if (iat > nowSeconds + tolerance) return 'iat lies in the future';
  if (iat < nowSeconds - tolerance - logoutTokenMaxAgeSeconds) return 'it is too old';
  if (!(typeof exp === 'number' && exp > nowSeconds - tolerance)) return 'it has expired, or has no exp';
  return typeof jti === 'string' && jti !== '' ? undefined : 'jti is missing';
}
