import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { isFaultOfKeys, type KeyVerifier } from './signing-keys.ts';

/** Far above any honest token that a provider sends by itself. */
export const MAX_SENT_TOKEN_LENGTH = 16 * 1024;

/** What the verification of a token needs that somebody sent to an endpoint of ours. */
export interface SentTokenVerification {
  readonly definition: ProviderDefinition;
  readonly name: string;
  /** The keys are looked up only for a token that passes everything else. */
  readonly findVerifier: () => Promise<KeyVerifier>;
  readonly now: Clock;
}

/**
 * Verifies the signature of a token that a provider sent by itself, and for whom it is.
 *
 * @param what - the token, as in "the logout token".
 * @throws ProviderError `provider_unavailable` without keys: nothing is known of the token then. JOSEError for one to refuse.
 */
export async function verifySentToken(
  token: string,
  { what, audience }: { what: string; audience: string },
  { definition, name, findVerifier, now }: SentTokenVerification,
): Promise<JWTPayload> {
  const { clockToleranceSeconds: clockTolerance, issuer, identity } = definition;
  const unavailable = (cause: unknown) =>
    new ProviderError(`Provider "${name}": its keys to verify ${what} with cannot be had.`, {
      code: 'provider_unavailable',
      provider: name,
      retryAfterSeconds: cause instanceof ProviderError ? cause.retryAfterSeconds : undefined,
      cause,
    });
  // Whatever is wrong with the provider's addresses is no fault of the token, which is to come again.
  const verify = await findVerifier().catch((error: unknown) => {
    throw unavailable(error);
  });
  const { payload } = await verify(token, {
    trustedChannel: false,
    options: {
      algorithms: [identity.algorithm],
      issuer,
      audience,
      clockTolerance,
      currentDate: new Date(now()),
    },
  }).catch((error: unknown) => {
    throw isFaultOfKeys(error) ? unavailable(error) : error;
  });
  return payload;
}
