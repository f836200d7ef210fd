import type { SecretReader } from './secret-reader.ts';
import { createKeyVerifier, type KeyVerifier } from './signing-keys.ts';

/** Verifies what is signed by the client secret (HS*), as that is at the moment. */
export function createSecretVerifier(readSecret: SecretReader): KeyVerifier {
  return async (jwt, how) => {
    const secret = new TextEncoder().encode(await readSecret());
    return createKeyVerifier([secret])(jwt, how);
  };
}
