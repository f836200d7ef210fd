import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import type { ProviderFault } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { kindOf, show } from './provider-fault.ts';
import { invalidResponse } from './provider-faults.ts';
import type { KeyVerifier } from './signing-keys.ts';
import { findTenantProblem } from './tenants.ts';
import { namingFaults } from './token-faults.ts';

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
  const verifyNamed = namingFaults(verify, { name, what: 'the ID token' });
  const { payload, protectedHeader } = await verifyNamed(idToken, {
    trustedChannel: expected.trustedChannel,
    options: {
      algorithms: [identity.algorithm],
      ...(definition.tenants && !expected.issuer ? {} : { issuer: expected.issuer ?? definition.issuer }),
      audience: [...(expected.audiences ?? [clientId])],
      clockTolerance: tolerance,
      currentDate: new Date(now()),
      requiredClaims: ['sub', 'iat', 'exp'],
    },
  });
  const nowSeconds = now() / 1000;
  const problem =
    findTenantProblem(payload, definition) ??
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

/** What is wrong with a token, for a message. */
type Problem = string | Omit<ProviderFault, 'asked'>;

function checkAudience(
  { aud, azp }: JWTPayload,
  { clientId, trustedAudiences, trustsAudience, trustsAudiencesByAzp = false }: ProviderDefinition,
  own: readonly string[] | undefined,
): Problem | undefined {
  const audiences = [aud ?? []].flat();
  if (trustsAudiencesByAzp && azp === clientId) return undefined;
  const known = [...(own ?? [clientId]), ...trustedAudiences];
  const unknown = audiences.filter(
    (audience) =>
      !known.includes(audience) && !(typeof audience === 'string' && trustsAudience?.(audience) === true),
  );
  if (unknown.length > 0) {
    const expected = `none but ${known.map(show).join(' and ')}`;
    return { member: 'aud', expected, got: `${show(unknown)} beside it`, option: 'trustedAudiences' };
  }
  // Where the audience is not the client, no azp says who is.
  if (azp === undefined && own === undefined && audiences.length > 1)
    return { member: 'azp', expected: `${show(clientId)}, as aud names several`, got: 'nothing' };
  if (azp === undefined || azp === clientId) return undefined;
  return { member: 'azp', expected: show(clientId), got: show(azp), option: 'clientId' };
}

function checkSubject(sub: unknown): Problem | undefined {
  const valid = typeof sub === 'string' && /^[ -~]+$/.test(sub) && sub.length <= MAX_SUB_LENGTH;
  if (valid) return undefined;
  const got = typeof sub === 'string' && sub !== '' ? `a text of ${sub.length} characters` : kindOf(sub);
  return { member: 'sub', expected: `a text of 1 to ${MAX_SUB_LENGTH} printable ASCII characters`, got };
}

function checkIssuedAt({ iat }: JWTPayload, nowSeconds: number, tolerance: number): Problem | undefined {
  const age = Math.round(nowSeconds - iat!);
  if (iat! > nowSeconds + tolerance) {
    const got = `one ${-age} seconds ahead of this machine's clock`;
    return { member: 'iat', expected: 'a time in the past', got, option: 'clockToleranceSeconds' };
  }
  if (iat! >= nowSeconds - tolerance - MAX_AGE_SECONDS) return undefined;
  return { member: 'iat', expected: 'a time within the last hour', got: `one ${age} seconds ago` };
}

function checkNonce(nonce: unknown, expected: IdTokenExpectations['nonce']): Problem | undefined {
  if (expected === ANY_NONCE || nonce === expected) return undefined;
  if (nonce === undefined)
    return { member: 'nonce', expected: 'the one sent', got: 'nothing', option: 'quirks.nonce' };
  return { member: 'nonce', expected: expected === undefined ? 'none' : 'the one sent', got: 'another' };
}

/** @see [OpenID Connect Core, section 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken) */
function checkAccessTokenHash(
  { at_hash }: JWTPayload,
  accessToken: string | undefined,
  algorithm: string,
): Problem | undefined {
  if (at_hash === undefined || accessToken === undefined || algorithm === 'EdDSA') return undefined;
  const digest = createHash(`sha${algorithm.slice(2)}`)
    .update(accessToken)
    .digest();
  const expected = digest.subarray(0, digest.length / 2).toString('base64url');
  if (at_hash === expected) return undefined;
  return { member: 'at_hash', expected: 'the hash of the access token that came with it', got: 'another' };
}
