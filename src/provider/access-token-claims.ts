import type { JWTPayload } from 'jose';
import type { IdTokenVerification } from './id-token.ts';
import { isJwt } from './is-jwt.ts';
import { invalidResponse } from './provider-faults.ts';

/**
 * Reads claims that a provider puts into its access token rather than into the ID token beside it: roles, say. None
 * where the definition asks for none, and where the access token is no JWT.
 *
 * It is not believed for having come with the ID token: it must be signed by the provider's keys, and speak of the same
 * person and of us as the client (`azp`). For whom it is (`aud`) is the business of APIs.
 *
 * @throws ProviderError `provider_invalid_response`, or JOSEError.
 */
export async function readAccessTokenClaims(
  accessToken: string | undefined,
  sub: string,
  { definition, name, verify, now }: IdTokenVerification,
): Promise<Partial<JWTPayload>> {
  const { accessTokenClaims, clientId, identity, issuer, clockToleranceSeconds } = definition;
  if (!accessTokenClaims || !accessToken || !isJwt(accessToken) || identity.from !== 'id_token') return {};
  const { payload } = await verify(accessToken, {
    trustedChannel: true,
    options: {
      algorithms: [identity.algorithm],
      issuer,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['exp'],
    },
  });
  const isOurs = payload.azp === clientId && (payload.sub === undefined || payload.sub === sub);
  if (!isOurs)
    throw invalidResponse(name, 'the access token', 'azp or sub is another than that of the ID token');
  return Object.fromEntries(
    accessTokenClaims
      .filter((claim) => Object.hasOwn(payload, claim))
      .map((claim) => [claim, payload[claim]]),
  );
}
