import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { invalidResponse } from './provider-faults.ts';
import type { KeyVerifier } from './signing-keys.ts';

/** What an ID token is expected to answer. */
export interface IdTokenExpectations {
  /** Whether it came over our own connection to the provider. */
  readonly trustedChannel: boolean;
  /** {@link ANY_NONCE}: after a refresh a nonce may come again; it is compared elsewhere. */
  readonly nonce: string | undefined | typeof ANY_NONCE;
  /** For `at_hash`. */
  readonly accessToken: string | undefined;
  /** Where they are not the client id and the configured issuer. */
  readonly audiences?: readonly string[];
  readonly issuer?: string | undefined;
}

/** Says that an ID token may have a nonce or none. */
export const ANY_NONCE = Symbol('any nonce');

/** An ID token after every check. */
export interface VerifiedIdToken extends JWTPayload {
  readonly sub: string;
  readonly iat: number;
}

/** An ID token that is older was not made for this login. */
const MAX_AGE_SECONDS = 3600;

/** @see [OpenID Connect Core, section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken) */
const MAX_SUB_LENGTH = 255;

/** What the verification of an ID token needs. */
export interface IdTokenVerification {
  readonly definition: ProviderDefinition;
  readonly name: string;
  readonly verify: KeyVerifier;
  readonly now: Clock;
}

/**
 * Verifies an ID token: signature, algorithm, type, issuer, audience, times, nonce, subject.
 *
 * openid-client never sees it: in the code flow it verifies no signature, which may be left to TLS there, and it knows
 * no clock but its own. We leave nothing to TLS: a proxy that intercepts it, or a confused issuer, must not be able to
 * name a user.
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
    checkAudience(payload, definition, expected.audiences) ??
    checkSubject(payload.sub) ??
    checkIssuedAt(payload, nowSeconds, tolerance) ??
    checkNonce(payload.nonce, expected.nonce) ??
    checkAccessTokenHash(payload, expected.accessToken, identity.algorithm);
  if (problem) throw invalidResponse(name, 'the ID token', problem);
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
  own: readonly string[] | undefined,
): string | undefined {
  const audiences = [aud ?? []].flat();
  const known = [...(own ?? [clientId]), ...trustedAudiences];
  if (!audiences.every((audience) => known.includes(audience))) return 'aud names an unknown audience';
  // Where the audience is not the client, no azp says who is.
  if (azp === undefined && own === undefined && audiences.length > 1)
    return 'azp is missing beside several audiences';
  return azp === undefined || azp === clientId ? undefined : 'azp names another client';
}

function checkSubject(sub: unknown): string | undefined {
  const valid = typeof sub === 'string' && /^[ -~]+$/.test(sub) && sub.length <= MAX_SUB_LENGTH;
  return valid ? undefined : `sub must be a string of 1 to ${MAX_SUB_LENGTH} printable ASCII characters`;
}

function checkIssuedAt({ iat }: JWTPayload, nowSeconds: number, tolerance: number): string | undefined {
  if (iat! > nowSeconds + tolerance) return 'iat lies in the future';
  return iat! < nowSeconds - tolerance - MAX_AGE_SECONDS ? 'iat lies too far in the past' : undefined;
}

function checkNonce(nonce: unknown, expected: IdTokenExpectations['nonce']): string | undefined {
  return expected === ANY_NONCE || nonce === expected ? undefined : 'nonce is not the one sent';
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
