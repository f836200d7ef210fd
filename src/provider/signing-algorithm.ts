import type { IdentitySource, SigningAlgorithm } from '../provider-definition.ts';

/** The one algorithm that a provider's tokens may be signed with; `undefined`: it signs none. */
export function findSigningAlgorithm(identity: IdentitySource): SigningAlgorithm | undefined {
  return identity.from === 'user_api' ? undefined : identity.algorithm;
}

/** The same as jose wants it: no token passes an empty list. */
export function listAlgorithms(identity: IdentitySource): SigningAlgorithm[] {
  const algorithm = findSigningAlgorithm(identity);
  return algorithm === undefined ? [] : [algorithm];
}
