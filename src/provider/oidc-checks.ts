import { ConfigurationError } from '../errors.ts';
import type { Resolved } from '../options/option-table.ts';
import type { OIDC_OPTIONS } from './oidc.ts';

type ReadOptions = Resolved<typeof OIDC_OPTIONS>;

/**
 * An answer is never signed by the secret, which would say nothing of who made it.
 *
 * @throws ConfigurationError
 */
export function checkAnswers(call: string, given: ReadOptions): void {
  const isSigned = given.responseMode.endsWith('jwt');
  if (isSigned && !given.responseSigningAlgorithm && given.idTokenSigningAlgorithm.startsWith('HS'))
    throw new ConfigurationError(
      `${call}: responseSigningAlgorithm is needed for responseMode "${given.responseMode}" beside an ID token that the secret signs.`,
    );
  for (const option of ['responseSigningAlgorithm', 'responseEncryption'] as const) {
    if (!isSigned && given[option])
      throw new ConfigurationError(
        `${call}: ${option} is for a responseMode with a JWT: "jwt", "query.jwt" or "form_post.jwt".`,
      );
  }
}

/**
 * Requests that the provider reads elsewhere than in the address have the standard form, and a key to sign them.
 *
 * @throws ConfigurationError
 */
export function checkRequests(call: string, given: ReadOptions): void {
  const { pushedAuthorizationRequests: isPushed, signedAuthorizationRequests: isSigned } = given;
  if (isSigned && given.clientKey === undefined)
    throw new ConfigurationError(`${call}: clientKey is needed for signedAuthorizationRequests.`);
  if (!isPushed && !isSigned) return;
  const name = isPushed ? 'pushedAuthorizationRequests' : 'signedAuthorizationRequests';
  if (given.quirks.authorizationRequest === 'bare' || given.quirks.dangerouslyUseImplicitFlow)
    throw new ConfigurationError(
      `${call}: ${name} are requests of the standard code flow. Leave the quirk out.`,
    );
}
