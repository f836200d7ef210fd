import type { SigningAlgorithm } from '../provider-definition.ts';

/** By keys of which one half is published. */
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const satisfies readonly SigningAlgorithm[];
