import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { deriveKey } from '../keys.ts';
import type { Secret } from '../secret.ts';

/** Where a sealed value belongs. All of it is bound into the seal. */
export interface SealContext {
  /** What the value is for; a value sealed for one purpose opens for no other. */
  readonly purpose: 'tokens' | 'login';
  /** The record that holds it: a value copied to another record does not open. */
  readonly record: string;
  /** What only the browser holds, such as the session id. Without it the configured secret opens nothing. */
  readonly salt: string;
}

/** Seals JSON values for storage, and opens them. */
export interface Sealer {
  seal(value: unknown, context: SealContext): Promise<string>;
  /** `undefined`: altered, moved, from another purpose, or sealed with a secret that is gone. */
  open(sealed: string, context: SealContext): Promise<unknown>;
}

/** Written into each seal; another version is not opened. */
const FORMAT = 'connect-auth+1';

/**
 * JWE with a key of its own for each record: `dir` with `A256GCM`, derived by HKDF from the configured secret and
 * the salt. The first secret seals, all of them open; `kid` says which.
 *
 * @see [RFC 7516](https://www.rfc-editor.org/rfc/rfc7516)
 */
export function createSealer(secrets: readonly Secret[]): Sealer {
  const rings = secrets.map((secret) => ({ secret, kid: keyId(secret) }));
  const sealing = rings[0]!;

  return {
    seal: async (value, { purpose, record, salt }) =>
      new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: FORMAT, kid: sealing.kid, purpose, record })
        .encrypt(deriveKey(sealing.secret.reveal(), purpose, salt)),

    open: async (sealed, { purpose, record, salt }) => {
      try {
        const header = decodeProtectedHeader(sealed);
        const ring = rings.find(({ kid }) => kid === header.kid);
        if (!ring || header.typ !== FORMAT || header.purpose !== purpose || header.record !== record)
          return undefined;
        const key = deriveKey(ring.secret.reveal(), purpose, salt);
        const { plaintext } = await compactDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return JSON.parse(new TextDecoder().decode(plaintext));
      } catch {
        // Whatever is wrong with it, it is not ours or not whole; the caller says what that means.
        return undefined;
      }
    },
  };
}

/** Names a secret without telling anything about it. */
function keyId(secret: Secret): string {
  return Buffer.from(deriveKey(secret.reveal(), 'key id')).toString('base64url').slice(0, 8);
}
