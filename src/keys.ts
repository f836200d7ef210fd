import { hash as digest, hkdfSync } from 'node:crypto';

/**
 * Derives a 256-bit key from a configured secret, by HKDF with SHA-256.
 *
 * @param purpose - separates the keys: each use has a purpose of its own.
 * @param salt - what the holder of the secret alone does not know, such as the session id.
 * @see [RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)
 */
export function deriveKey(secret: string, purpose: string, salt = ''): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, `express-connect-auth ${purpose}`, 32));
}

/** SHA-256 as base64url. Tuples are hashed as JSON arrays, so that no two of them collide. */
export function hash(value: string | readonly string[]): string {
  return digest('sha256', typeof value === 'string' ? value : JSON.stringify(value), 'base64url');
}
