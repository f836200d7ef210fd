import type { IdTokenVerification } from './id-token.ts';
import { invalidResponse } from './provider-faults.ts';
import { namingFaults } from './token-faults.ts';

/** The type of the JWT, and of the answer that is one. */
const TYPE = 'token-introspection+jwt';

/** What an introspection is asked for where its answer is to be signed. */
export const INTROSPECTION_TYPE = `application/${TYPE}`;

/**
 * Verifies what an introspection endpoint says as a signed JWT, and gives what it says of the token. It must be of the
 * issuer and for this client, so that the answer to somebody else is none.
 *
 * @throws ProviderError `provider_invalid_response`, or JOSEError.
 * @see [RFC 9701, section 5](https://www.rfc-editor.org/rfc/rfc9701#section-5)
 */
export async function verifyIntrospectionAnswer(
  jwt: string,
  { definition, name, verify, now }: IdTokenVerification,
): Promise<object> {
  const { issuer, clientId, clockToleranceSeconds, introspectionSigningAlgorithm } = definition;
  const what = 'the introspection answer';
  const algorithmOption = 'introspectionSigningAlgorithm';
  const { payload, protectedHeader } = await namingFaults(verify, { name, what, algorithmOption })(jwt, {
    trustedChannel: true,
    options: {
      algorithms: [introspectionSigningAlgorithm!],
      issuer,
      audience: clientId,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['iat'],
    },
  });
  const { typ } = protectedHeader;
  // The same keys sign ID tokens, whose claims would be taken for those of an access token.
  if (
    String(typ)
      .toLowerCase()
      .replace(/^application\//, '') !== TYPE
  )
    throw invalidResponse(name, what, `typ is not ${TYPE}`);
  const { token_introspection: said } = payload;
  if (typeof said !== 'object' || said === null || Array.isArray(said))
    throw invalidResponse(name, what, 'token_introspection is no object');
  return said;
}
