import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import type { DecryptionKey, DecryptionKeyInput, PublicEncryptionKey } from '../provider-definition.ts';

/**
 * Reads the private keys that answers are encrypted for: PEM, a JWK, or a list of some.
 *
 * @throws ConfigurationError that says what a key must be. What came is in no message.
 */
export function checkDecryptionKeys(where: string, value: unknown): readonly DecryptionKey[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new ConfigurationError(`${where} must hold at least one key.`);
  const keys = list.map((given) => readKey(where, given as DecryptionKeyInput));
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new ConfigurationError(`${where} must hold each key once, and each under a kid of its own.`);
  return Object.freeze(keys);
}

function readKey(where: string, given: DecryptionKeyInput): DecryptionKey {
  const key = createKey(given);
  const algorithms = key && findAlgorithms(key);
  if (!key || !algorithms) {
    throw new ConfigurationError(
      `${where} must be a private key in PEM without a passphrase, or a JWK: an RSA key of at least 2048 bits, or an EC key on P-256, P-384 or P-521.`,
    );
  }
  const { kid } = typeof given === 'string' ? {} : (given as { kid?: unknown });
  const published = createPublicKey(key).export({ format: 'jwk' }) as Record<string, string>;
  const id = typeof kid === 'string' && kid !== '' ? kid : thumbprintOf(published);
  const half: PublicEncryptionKey = { ...published, kty: published.kty!, kid: id, use: 'enc' };
  return Object.freeze({ key, id, algorithms, published: Object.freeze(half) });
}

function createKey(given: DecryptionKeyInput): KeyObject | undefined {
  try {
    return typeof given === 'string'
      ? createPrivateKey(given)
      : createPrivateKey({ key: given as never, format: 'jwk' });
  } catch {
    // Its own message may quote the key.
    return undefined;
  }
}

function findAlgorithms(key: KeyObject): DecryptionKey['algorithms'] | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return ['RSA-OAEP', 'RSA-OAEP-256'];
  const isKnown = ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve);
  return key.asymmetricKeyType === 'ec' && isKnown
    ? ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']
    : undefined;
}

/** @see [RFC 7638, section 3](https://www.rfc-editor.org/rfc/rfc7638#section-3) */
function thumbprintOf(jwk: Readonly<Record<string, string>>): string {
  const members = jwk.kty === 'RSA' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y'];
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

/** The public halves, for a provider that encrypts: of all keys, so that the next one is known before the last one goes. */
export function publicKeysOf(keys: readonly DecryptionKey[]): readonly PublicEncryptionKey[] {
  return keys.map(({ published }) => published);
}
