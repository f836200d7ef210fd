import type { PublicKeyAlgorithm } from '../../provider-definition.ts';

/**
 * What may sign under every profile, whoever does: FAPI 2.0 (section 5.4.1) and IPSIE (Common Requirements, "Cryptography and
 * Secrets") allow the same.
 */
export const PROFILE_ALGORITHMS: readonly PublicKeyAlgorithm[] = ['PS256', 'ES256', 'EdDSA'];

const OPTIONS = [
  'idTokenSigningAlgorithm',
  'responseSigningAlgorithm',
  'userinfoSigningAlgorithm',
  'introspectionSigningAlgorithm',
  'clientKeyAlgorithm',
] as const;

/** The options that name what something is signed by, as the application wrote them. */
export type SigningOptions = Partial<Record<(typeof OPTIONS)[number], unknown>>;

/** Whether one of them names something else. */
export function signsByOther(options: SigningOptions): boolean {
  const allowed: readonly unknown[] = [...PROFILE_ALGORITHMS, undefined];
  return OPTIONS.some((name) => !allowed.includes(options[name]));
}

/** What the options are to be, for messages. */
export const SIGNING_DEMAND = `${OPTIONS.join(', ')} are "PS256", "ES256" or "EdDSA"`;
