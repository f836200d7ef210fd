import { createPrivateKey } from 'node:crypto';
import { compactDecrypt, type JWTPayload, UnsecuredJWT } from 'jose';
import type { Clock } from '../clock.ts';
import type { IdentitySource, ProviderDefinition } from '../provider-definition.ts';
import { invalidResponse } from './provider-faults.ts';
import type { KeyVerifier } from './signing-keys.ts';
import { namingFaults } from './token-faults.ts';

/** An access token that says who logged in. */
export type AccessTokenSource = IdentitySource & { readonly from: 'access_token' };

/** An access token after every check. */
export interface VerifiedAccessToken extends JWTPayload {
  readonly sub: string;
  readonly iat: number;
}

/** What the verification of an access token needs. */
export interface AccessTokenVerification {
  readonly definition: ProviderDefinition;
  readonly name: string;
  readonly verify: KeyVerifier;
  readonly now: Clock;
}

/**
 * Verifies an access token as proof of identity: one algorithm, a subject and an end are demanded, `iat` is not.
 *
 * @throws ProviderError `provider_invalid_response`, or JOSEError.
 */
export async function verifyAccessToken(
  accessToken: string | undefined,
  source: AccessTokenSource,
  { definition, name, verify, now }: AccessTokenVerification,
): Promise<VerifiedAccessToken> {
  if (!accessToken) {
    throw invalidResponse(name, 'the token answer', {
      member: 'access_token',
      expected: 'a text',
      got: 'nothing',
    });
  }
  const signed = source.encryption ? await decrypt(accessToken, source.encryption.key.reveal()) : accessToken;
  const claimChecks = {
    ...(source.issuer === undefined ? {} : { issuer: source.issuer }),
    ...(source.audiences === undefined ? {} : { audience: [...source.audiences] }),
    clockTolerance: definition.clockToleranceSeconds,
    currentDate: new Date(now()),
    requiredClaims: ['sub', 'exp'],
  };
  const { payload } =
    source.encryption?.content === 'bare'
      ? UnsecuredJWT.decode(wrapClaims(signed), claimChecks)
      : await namingFaults(verify, { name, what: 'the access token' })(signed, {
          trustedChannel: true,
          options: { ...claimChecks, algorithms: [source.algorithm] },
        });
  if (typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.length > 255) {
    throw invalidResponse(name, 'the access token', 'sub must be a string of 1 to 255 characters');
  }
  return { ...payload, sub: payload.sub, iat: payload.iat ?? Math.floor(now() / 1000) };
}

async function decrypt(jwe: string, pem: string): Promise<string> {
  const { plaintext } = await compactDecrypt(jwe, createPrivateKey(pem), {
    keyManagementAlgorithms: ['RSA-OAEP', 'RSA-OAEP-256'],
    contentEncryptionAlgorithms: ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'],
  });
  return new TextDecoder().decode(plaintext);
}

/**
 * Decrypted claims pass jose's claim checks in the form of a token. Anybody can encrypt for a public key: what vouches
 * for them is the connection to the token endpoint.
 */
function wrapClaims(json: string): string {
  return new UnsecuredJWT(JSON.parse(json) as JWTPayload).encode();
}
