import type { JWTPayload } from 'jose';
import type { IdTokenVerification } from './id-token.ts';
import { invalidResponse } from './provider-faults.ts';
import { namingFaults } from './token-faults.ts';

/**
 * Verifies what a userinfo endpoint says as a signed JWT: by the algorithm and the keys of ID tokens, and, where it names
 * them, of our issuer and for us. Whom it speaks of is compared by whoever asked.
 *
 * @throws ProviderError `provider_invalid_response`, or JOSEError.
 * @see [OpenID Connect Core, section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse)
 */
export async function verifySignedUserInfo(
  jwt: string,
  { definition, name, verify, now }: IdTokenVerification,
): Promise<JWTPayload> {
  const { identity, issuer, clientId, clockToleranceSeconds, userinfoSigningAlgorithm } = definition;
  if (jwt.split('.').length === 5)
    throw invalidResponse(name, 'the userinfo answer', {
      expected: 'a signed JWT',
      got: 'an encrypted one',
      option: 'userinfoEncryption',
    });
  const algorithmOption = 'userinfoSigningAlgorithm';
  const verifyNamed = namingFaults(verify, { name, what: 'the userinfo answer', algorithmOption });
  const { payload, protectedHeader } = await verifyNamed(jwt, {
    trustedChannel: true,
    options: {
      algorithms: [userinfoSigningAlgorithm ?? identity.algorithm],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
    },
  });
  const problem = findKindProblem(protectedHeader.typ, payload);
  if (problem) throw invalidResponse(name, 'the userinfo answer', problem);
  const { iss = issuer, aud = clientId } = payload;
  if (iss !== issuer) throw invalidResponse(name, 'the userinfo answer', 'iss is not the configured issuer');
  if (![aud].flat().includes(clientId))
    throw invalidResponse(name, 'the userinfo answer', 'aud does not name this client');
  return payload;
}

/**
 * The same keys sign all that a provider says, mostly for this client (RFC 8725, section 3.12). An answer has no type of its own,
 * so that one of another kind is known by the type that it has, or by what is said in no such answer.
 */
function findKindProblem(typ: unknown, payload: JWTPayload): string | undefined {
  if (/\+jwt$/i.test(String(typ))) return 'its typ is that of another kind of token';
  const foreign = ['nonce', 'events'].find((claim) => claim in payload);
  return foreign && `it has ${foreign}, as another kind of token has`;
}
