import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { LoginError, ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { KeyVerifier } from './signing-keys.ts';

/** What a login asked for, which the ID token must answer. */
export interface IdTokenExpectations {
  /** Whether it came over our own connection to the provider. */
  readonly trustedChannel: boolean;
  readonly nonce: string | undefined;
  /** After a refresh a nonce may come again; it is compared elsewhere. */
  readonly nonceOptional?: boolean;
  readonly maxAgeSeconds: number | undefined;
  readonly acrValues: readonly string[] | undefined;
  /** For `at_hash`. */
  readonly accessToken: string | undefined;
  /** Where they are not the client id and the configured issuer. */
  readonly audiences?: readonly string[];
  readonly issuer?: string | undefined;
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

export interface IdTokenVerification {
  readonly definition: ProviderDefinition;
  readonly name: string;
  readonly verify: KeyVerifier;
  readonly now: Clock;
}

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
  const { identity, clientId, clockToleranceSeconds: tolerance } = definition;
  const { payload, protectedHeader } = await verify(idToken, {
    trustedChannel: expected.trustedChannel,
    options: {
      algorithms: [identity.algorithm],
      issuer: expected.issuer ?? definition.issuer,
      audience: [...(expected.audiences ?? [clientId])],
      clockTolerance: tolerance,
      currentDate: new Date(now()),
      requiredClaims: ['sub', 'iat', 'exp'],
    },
  });
  const nowSeconds = now() / 1000;
  const problem =
    checkType(protectedHeader.typ, payload) ??
    checkAudience(payload, definition, expected.audiences ?? [clientId]) ??
    checkSubject(payload.sub) ??
    checkTimes(payload, nowSeconds, tolerance) ??
    checkNonce(payload.nonce, expected) ??
    checkAuthTime(payload.auth_time, expected) ??
    checkAccessTokenHash(payload, expected.accessToken, identity.algorithm);
  if (problem) {
    throw new ProviderError(`Provider "${name}": the ID token was refused: ${problem}.`, {
      code: 'provider_invalid_response',
      provider: name,
    });
  }
  const lack = findLack(payload, expected, definition, nowSeconds);
  if (lack) {
    throw new LoginError(`Provider "${name}": the login does not prove what was asked: ${lack}.`, {
      code: 'login_insufficient',
    });
  }
  return payload as VerifiedIdToken;
}

/** Logout tokens, access tokens and DPoP proofs are JWTs by the same keys (RFC 8725, section 3.11). */
function checkType(typ: unknown, payload: JWTPayload): string | undefined {
  if (typ !== undefined && String(typ).toUpperCase() !== 'JWT')
    return 'its typ is that of another kind of token';
  return 'events' in payload ? 'it has the events of a logout token' : undefined;
}

function checkAudience(
  { aud, azp }: JWTPayload,
  { clientId, trustedAudiences }: ProviderDefinition,
  own: readonly string[],
): string | undefined {
  const audiences = [aud ?? []].flat();
  if (!audiences.every((audience) => own.includes(audience) || trustedAudiences.includes(audience))) {
    return 'aud names an unknown audience';
  }
  return azp !== undefined && azp !== clientId ? 'azp names another client' : undefined;
}

function checkSubject(sub: unknown): string | undefined {
  const valid = typeof sub === 'string' && /^[ -~]+$/.test(sub) && sub.length <= MAX_SUB_LENGTH;
  return valid ? undefined : `sub must be a string of 1 to ${MAX_SUB_LENGTH} printable ASCII characters`;
}

function checkTimes(
  { iat, auth_time }: JWTPayload,
  nowSeconds: number,
  tolerance: number,
): string | undefined {
  if (iat! > nowSeconds + tolerance) return 'iat lies in the future';
  // Else a provider that counts milliseconds would satisfy every `maxAge` for ever.
  if (typeof auth_time === 'number' && auth_time > nowSeconds + tolerance)
    return 'auth_time lies in the future';
  return iat! < nowSeconds - tolerance - MAX_AGE_SECONDS ? 'iat lies too far in the past' : undefined;
}

function checkNonce(nonce: unknown, expected: IdTokenExpectations): string | undefined {
  return nonce === expected.nonce || expected.nonceOptional ? undefined : 'nonce is not the one sent';
}

function checkAuthTime(authTime: unknown, { maxAgeSeconds }: IdTokenExpectations): string | undefined {
  return maxAgeSeconds !== undefined && typeof authTime !== 'number'
    ? 'auth_time is missing though max_age was asked'
    : undefined;
}

/** What an honest answer may fall short of: the person could not, or would not, prove more. */
function findLack(
  { acr, auth_time }: JWTPayload,
  { maxAgeSeconds = Number.POSITIVE_INFINITY, acrValues }: IdTokenExpectations,
  { quirks, clockToleranceSeconds }: ProviderDefinition,
  nowSeconds: number,
): string | undefined {
  const authTime = typeof auth_time === 'number' ? auth_time : nowSeconds;
  if (authTime + maxAgeSeconds + clockToleranceSeconds < nowSeconds) return 'auth_time is older than max_age';
  return acrValues && !meetsAcr(acr, acrValues, quirks.acr)
    ? 'acr does not answer those asked for'
    : undefined;
}

/** By list, or by number where a higher class includes the lower. */
export function meetsAcr(acr: unknown, asked: readonly string[], rule: 'listed' | 'minimum'): boolean {
  if (rule === 'listed') return typeof acr === 'string' && asked.includes(acr);
  return typeof acr === 'string' && /^\d+$/.test(acr) && asked.some((value) => Number(acr) >= Number(value));
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
