import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FORMATS, isRead } from '../formats.ts';
import { type ApplicationKeys, deriveBlock } from '../keys.ts';
import type { Secret } from '../secret.ts';

/** Where a sealed value belongs. All of it is bound into the seal. */
export interface SealContext {
  /** What the value is for; a value sealed for one purpose opens for no other. */
  readonly purpose: 'tokens' | 'form' | 'person';
  /** The record that holds it: a value copied to another record does not open. */
  readonly record: string;
  /** What only the browser holds, such as the session id. Without it the configured secret opens nothing. */
  readonly salt: string;
}

/** Seals JSON values for storage, and opens them. */
export interface Sealer {
  seal(value: unknown, context: SealContext): Buffer;
  /** `undefined`: altered, moved, of another purpose or application, or sealed with a secret that is gone. */
  open(sealed: Buffer, context: SealContext): unknown;
}

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + IV_BYTES;
const CIPHER = 'aes-256-gcm';
/** Far above any honest set of tokens. */
const MAX_PLAIN_BYTES = 4 * 1024 * 1024;

/**
 * JSON under AES-256-GCM, with a key of its own for each record: `format ‖ key id ‖ IV ‖ ciphertext ‖ tag`, as bytes. What
 * is long is deflated before. The first secret seals, all of them open.
 *
 * The key follows from the salt and the key of the purpose, which is derived from the configured secret once.
 *
 * @see [NIST SP 800-38D](https://doi.org/10.6028/NIST.SP.800-38D)
 */
export function createSealer(secrets: readonly Secret[], keys: ApplicationKeys): Sealer {
  const ring = secrets.map((secret) => ({
    id: keys.derive(secret, 'key id').subarray(0, KEY_ID_BYTES),
    purposes: {
      tokens: keys.derive(secret, 'tokens'),
      form: keys.derive(secret, 'form'),
      person: keys.derive(secret, 'person'),
    },
  }));
  const [sealing] = ring as [(typeof ring)[number]];
  const keyFor = ({ purposes }: (typeof ring)[number], { purpose, salt }: SealContext) =>
    deriveBlock(purposes[purpose], Buffer.from(salt)).subarray(0, KEY_BYTES);

  return {
    seal: (value, context) => {
      const head = Buffer.concat([Buffer.of(FORMATS.seal.written), sealing.id, randomBytes(IV_BYTES)]);
      const iv = head.subarray(HEAD_BYTES - IV_BYTES);
      const cipher = createCipheriv(CIPHER, keyFor(sealing, context), iv);
      cipher.setAAD(aadOf(head, context));
      const json = JSON.stringify(value);
      const plain = isDeflated(context) ? deflateRawSync(json) : Buffer.from(json);
      return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },

    open: (sealed, context) => {
      if (sealed.length < HEAD_BYTES + TAG_BYTES || !isRead(FORMATS.seal, sealed[0])) return undefined;
      const head = sealed.subarray(0, HEAD_BYTES);
      const entry = ring.find(({ id }) => id.equals(head.subarray(1, 1 + KEY_ID_BYTES)));
      if (!entry) return undefined;
      try {
        const iv = head.subarray(HEAD_BYTES - IV_BYTES);
        const decipher = createDecipheriv(CIPHER, keyFor(entry, context), iv);
        decipher.setAAD(aadOf(head, context));
        decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
        const plain = decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES));
        // Nothing is looked at before the tag has been found right.
        const whole = Buffer.concat([plain, decipher.final()]);
        const json = isDeflated(context)
          ? inflateRawSync(whole, { maxOutputLength: MAX_PLAIN_BYTES })
          : whole;
        return JSON.parse(json.toString('utf8'));
      } catch {
        // Whatever is wrong with it, it is not ours or not whole; the caller says what that means.
        return undefined;
      }
    },
  };
}

/** A name is no shorter by it, and to deflate it costs as much as to deflate tokens. */
function isDeflated({ purpose }: SealContext): boolean {
  return purpose !== 'person';
}

function aadOf(head: Buffer, { purpose, record }: SealContext): Buffer {
  return Buffer.concat([head, Buffer.from(JSON.stringify([purpose, record]))]);
}
