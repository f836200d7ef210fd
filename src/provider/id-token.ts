import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { KeyVerifier } from './signing-keys.ts';

/** What a login asked for, which the ID token must answer. */
export interface IdTokenExpectations {
  readonly nonce: string | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly acrValues: readonly string[] | undefined;
  /** For `at_hash`. */
  readonly accessToken: string | undefined;
}

/** An ID token after every check. */
export interface VerifiedIdToken extends JWTPayload {
  readonly sub: string;
  readonly iat: number;
}

/** An ID token that is older was not made for this login. */
const MAX_AGE_SECONDS = 3600;

/** @see [OpenID Connect Core, section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken) */
const MAX_SUB_LENGTH = 255;

/**
 * Verifies an ID token: signature, algorithm, type, issuer, audience, times, nonce, subject.
 *
 * openid-client checks the claims as well but verifies no signature in the code flow, where it may be left to TLS.
 * We do not leave it: a proxy that intercepts TLS, or a confused issuer, must not be able to name a user.
 *
 * @throws ProviderError `provider_invalid_response`, naming the claim.
 * @see [OpenID Connect Core, section 3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)
 */
export async function verifyIdToken(
  idToken: string,
  expected: IdTokenExpectations,
  { definition, name, verify, now }: IdTokenVerification,
): Promise<VerifiedIdToken> {
  const { payload, protectedHeader } = await verify(idToken, {
    trustedChannel: true,
    options: {
      algorithms: [definition.idTokenSigningAlgorithm],
      issuer: definition.issuer,
      audience: definition.clientId,
      clockTolerance: definition.clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['sub', 'iat', 'exp'],
    },
  });
  const nowSeconds = now() / 1000;
  const { clockToleranceSeconds: tolerance } = definition;
  const problem =
    checkType(protectedHeader.typ, payload) ??
    checkAudience(payload, definition) ??
    checkSubject(payload.sub) ??
    checkTimes(payload, nowSeconds, tolerance) ??
    checkAnswers(payload, expected, nowSeconds, tolerance) ??
    checkAccessTokenHash(payload, expected.accessToken, definition.idTokenSigningAlgorithm);
  if (problem) {
    throw new ProviderError(`Provider "${name}": the ID token was refused: ${problem}.`, {
      code: 'provider_invalid_response',
      provider: name,
    });
  }
  return payload as VerifiedIdToken;
}

export interface IdTokenVerification {
  readonly definition: ProviderDefinition;
  readonly name: string;
  readonly verify: KeyVerifier;
  readonly now: Clock;
}

/** Logout tokens, access tokens and DPoP proofs are JWTs by the same keys (RFC 8725, section 3.11). */
function checkType(typ: unknown, payload: JWTPayload): string | undefined {
  if (typ !== undefined && String(typ).toUpperCase() !== 'JWT')
    return 'its typ is that of another kind of token';
  return 'events' in payload ? 'it has the events of a logout token' : undefined;
}

function checkAudience({ aud, azp }: JWTPayload, definition: ProviderDefinition): string | undefined {
  const known = [definition.clientId, ...definition.trustedAudiences];
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.every((audience) => known.includes(audience as string)))
    return 'aud names an unknown audience';
  return azp !== undefined && azp !== definition.clientId ? 'azp names another client' : undefined;
}

function checkSubject(sub: unknown): string | undefined {
  const valid = typeof sub === 'string' && sub.length > 0 && sub.length <= MAX_SUB_LENGTH;
  return valid ? undefined : `sub must be a string of 1 to ${MAX_SUB_LENGTH} characters`;
}

function checkTimes({ iat }: JWTPayload, nowSeconds: number, tolerance: number): string | undefined {
  if (iat! > nowSeconds + tolerance) return 'iat lies in the future';
  return iat! < nowSeconds - tolerance - MAX_AGE_SECONDS ? 'iat lies too far in the past' : undefined;
}

function checkAnswers(
  { nonce, acr, auth_time }: JWTPayload,
  expected: IdTokenExpectations,
  nowSeconds: number,
  tolerance: number,
): string | undefined {
  if (nonce !== expected.nonce) return 'nonce is not the one sent';
  if (expected.maxAgeSeconds !== undefined) {
    if (typeof auth_time !== 'number') return 'auth_time is missing though max_age was asked';
    if (auth_time + expected.maxAgeSeconds + tolerance < nowSeconds) return 'auth_time is older than max_age';
  }
  if (expected.acrValues && !expected.acrValues.includes(acr as string))
    return 'acr is none of those asked for';
  return undefined;
}

/** @see [OpenID Connect Core, section 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken) */
function checkAccessTokenHash(
  { at_hash }: JWTPayload,
  accessToken: string | undefined,
  algorithm: string,
): string | undefined {
  if (at_hash === undefined || accessToken === undefined || algorithm === 'EdDSA') return undefined;
  const digest = createHash(`sha${algorithm.slice(2)}`)
    .update(accessToken)
    .digest();
  const expected = digest.subarray(0, digest.length / 2).toString('base64url');
  return at_hash === expected ? undefined : 'at_hash does not fit the access token';
}
