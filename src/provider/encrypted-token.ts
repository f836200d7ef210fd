import { createHash, type KeyObject } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import type { AnswerEncryption, ContentEncryption, DecryptionKey } from '../provider-definition.ts';
import { isJwt } from './is-jwt.ts';
import { faultError, show } from './provider-fault.ts';
import type { SecretReader } from './secret-reader.ts';

/** What opens the encrypted answers of a provider. */
export interface Decryption {
  /** The provider's name in the options. */
  readonly name: string;
  readonly keys: readonly DecryptionKey[];
  /** Of the client secret, for `dir`. */
  readonly readSecret: SecretReader | undefined;
}

/** What is opened, for messages and for the option that says how. */
export interface Encrypted {
  /** As in "the ID token". */
  readonly what: string;
  readonly option: string;
  readonly encryption: AnswerEncryption;
}

/** Far above any honest token. In characters. */
const MAX_LENGTH = 128 * 1024;

/**
 * Opens an encrypted answer, and gives the signed JWT that must be in it: anybody can encrypt for a public key, so that
 * encryption alone proves nothing. Only the configured algorithms count; what is compressed is refused, for it may be of
 * any size, and its length tells of its content.
 *
 * @throws ProviderError `provider_invalid_response`
 * @see [RFC 7516, section 5.2](https://www.rfc-editor.org/rfc/rfc7516#section-5.2)
 * @see [RFC 8725, section 3.6](https://www.rfc-editor.org/rfc/rfc8725#section-3.6)
 */
export async function openEncrypted(
  token: string,
  { what, option, encryption }: Encrypted,
  { name, keys, readSecret }: Decryption,
): Promise<string> {
  const refuse = (fault: { member?: string; expected: string; got: string }, cause?: unknown) =>
    faultError(name, { asked: what, option, ...fault }, { cause });
  if (token.length > MAX_LENGTH)
    throw refuse({ expected: `at most ${MAX_LENGTH} characters`, got: `${token.length}` });
  const header = readHeader(token);
  if (!header)
    throw refuse({ expected: 'an encrypted JWT', got: isJwt(token) ? 'a signed one' : 'something else' });
  const problem = findHeaderProblem(header, encryption);
  if (problem) throw refuse(problem);
  const fitting = await findKeys(header, { encryption, keys, readSecret });
  const inner = await tryKeys(token, fitting, encryption);
  if (inner === undefined) {
    const expected = 'one that is encrypted for a key of ours';
    throw refuse({ expected, got: 'one that no key of ours opens' });
  }
  if (!isJwt(inner))
    throw refuse({ expected: 'a signed JWT within the encrypted one', got: 'something else' });
  return inner;
}

function readHeader(token: string): ProtectedHeaderParameters | undefined {
  if (token.split('.').length !== 5) return undefined;
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

function findHeaderProblem({ alg, enc, zip, cty }: ProtectedHeaderParameters, encryption: AnswerEncryption) {
  if (alg !== encryption.alg) return { member: 'alg', expected: encryption.alg, got: show(alg) };
  if (enc !== encryption.enc) return { member: 'enc', expected: encryption.enc, got: show(enc) };
  if (zip !== undefined) return { member: 'zip', expected: 'no compression', got: show(zip) };
  if (cty !== undefined && String(cty).toUpperCase() !== 'JWT')
    return { member: 'cty', expected: '"JWT"', got: show(cty) };
  return undefined;
}

/** The key that it names; where it names none, or one by a name of the provider's, each that can have been meant. */
async function findKeys(
  { kid }: ProtectedHeaderParameters,
  { encryption, keys, readSecret }: Pick<Decryption, 'keys' | 'readSecret'> & Pick<Encrypted, 'encryption'>,
): Promise<readonly (KeyObject | Uint8Array)[]> {
  const { alg, enc } = encryption;
  if (alg === 'dir') return [deriveKey(await readSecret!(), enc)];
  const able = keys.filter(({ algorithms }) => algorithms.includes(alg));
  const named = able.filter(({ id }) => id === kid);
  return (named.length > 0 ? named : able).map(({ key }) => key);
}

const KEY_BYTES: Readonly<Record<ContentEncryption, number>> = {
  'A128CBC-HS256': 32,
  'A256CBC-HS512': 64,
  A128GCM: 16,
  A256GCM: 32,
};

/** @see [OpenID Connect Core, section 10.2](https://openid.net/specs/openid-connect-core-1_0.html#Encryption) */
function deriveKey(secret: string, enc: ContentEncryption): Uint8Array {
  const bytes = KEY_BYTES[enc];
  const hash = createHash(bytes > 32 ? 'sha512' : 'sha256');
  return hash.update(secret, 'utf8').digest().subarray(0, bytes);
}

async function tryKeys(
  token: string,
  keys: readonly (KeyObject | Uint8Array)[],
  { alg, enc }: AnswerEncryption,
): Promise<string | undefined> {
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(token, key, {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
      });
      return new TextDecoder().decode(plaintext);
    } catch {
      // The reason would tell a sender how far they came.
    }
  }
  return undefined;
}
