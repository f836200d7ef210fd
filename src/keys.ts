import { hash as digest, hkdfSync } from 'node:crypto';
import { remember } from './remember.ts';
import type { Secret } from './secret.ts';

/** Names and keys of one application: none of them is the same for another, whatever else the two share. */
export interface ApplicationKeys {
  /** Names something in the store: the hash of the application and these parts. */
  name(...parts: readonly string[]): string;
  /** Names a session in the store by its id, which is stored nowhere. */
  sessionKey(id: string): string;
  /**
   * Derives a key of 32 bytes from a configured secret, by HKDF with SHA-256. Costs more than what is done with the key:
   * once for a process, never for each request.
   *
   * @param purpose - separates the keys: each use has a purpose of its own.
   * @see [RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)
   */
  derive(secret: Secret, purpose: string): Buffer;
}

const KEY_BYTES = 32;

/** @param application - its name; see `ConnectAuthOptions.application`. */
export function createApplicationKeys(application: string): ApplicationKeys {
  const nameSession = remember((id) => hash([application, 'session', id]));

  return {
    name: (...parts) => hash([application, ...parts]),
    sessionKey: (id) => nameSession(id)!,
    derive: (secret, purpose) => {
      // As JSON, so that no application and purpose together look like another pair.
      const info = JSON.stringify(['express-connect-auth', application, purpose]);
      return Buffer.from(hkdfSync('sha256', secret.reveal(), '', info, KEY_BYTES));
    },
  };
}

/**
 * Derives 64 bytes from a key, and from what makes them those of one login or one session: the one-step key derivation of
 * NIST, with SHA3-512. For what every login does: one call of Node, where an HMAC is several and HKDF a job.
 *
 * @param key - of {@link ApplicationKeys.derive}.
 * @param count - which 64 bytes, from 1.
 * @see [NIST SP 800-56C, section 4.1](https://doi.org/10.6028/NIST.SP.800-56Cr2)
 */
export function deriveBlock(key: Buffer, info: Buffer, count = 1): Buffer {
  return digest('sha3-512', Buffer.concat([Buffer.of(0, 0, 0, count), key, info]), 'buffer');
}

/** SHA-256 as base64url. Tuples are hashed as JSON arrays, so that no two of them collide. */
export function hash(value: string | readonly string[]): string {
  return digest('sha256', typeof value === 'string' ? value : JSON.stringify(value), 'base64url');
}
