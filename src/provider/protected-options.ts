import { ConfigurationError } from '../errors.ts';
import { oneOf } from '../options/option-checks.ts';
import { readOptions, required, type Table, withDefault } from '../options/option-table.ts';
import type {
  AnswerEncryption,
  AnswerProtection,
  ContentEncryption,
  DecryptionKey,
  KeyManagement,
  PublicKeyAlgorithm,
} from '../provider-definition.ts';
import { publicKeysOf } from './decryption-keys.ts';

/** How the answers of one kind are encrypted. */
export interface EncryptionOptions {
  /** How the key of the content is wrapped, as registered at the provider. */
  alg: KeyManagement;
  /** How the content is encrypted. @default 'A128CBC-HS256' */
  enc?: ContentEncryption;
}

/** The options of each `…Encryption`. */
export const ENCRYPTION_OPTIONS = {
  alg: required(oneOf('RSA-OAEP-256', 'RSA-OAEP', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW', 'dir')),
  enc: withDefault(oneOf('A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'), 'A128CBC-HS256'),
} satisfies Table<EncryptionOptions>;

/** Checks how answers of one kind are encrypted. */
export function checkEncryption(where: string, value: unknown): AnswerEncryption {
  return Object.freeze(readOptions(where, value, ENCRYPTION_OPTIONS));
}

/** What the options say of protected answers. */
export interface ProtectionOptions {
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined;
  readonly idTokenEncryption?: AnswerEncryption | undefined;
  readonly userinfoEncryption?: AnswerEncryption | undefined;
  readonly introspectionEncryption?: AnswerEncryption | undefined;
  readonly responseEncryption?: AnswerEncryption | undefined;
  readonly userinfoSigningAlgorithm?: PublicKeyAlgorithm | undefined;
  readonly introspectionSigningAlgorithm?: PublicKeyAlgorithm | undefined;
  readonly clientSecret?: unknown;
}

/**
 * Completes what protects the answers of a provider.
 *
 * @throws ConfigurationError where a key is missing, or one has nothing to open.
 */
export function completeProtection(call: string, given: ProtectionOptions): Partial<AnswerProtection> {
  const { decryptionKeys: keys = [], introspectionSigningAlgorithm } = given;
  const { idTokenEncryption, userinfoEncryption, introspectionEncryption, responseEncryption } = given;
  const encryptions = { idTokenEncryption, userinfoEncryption, introspectionEncryption, responseEncryption };
  const used = Object.entries(encryptions).filter(([, encryption]) => encryption !== undefined);
  for (const [option, encryption] of used) {
    const { alg } = encryption!;
    if (alg === 'dir' && given.clientSecret === undefined)
      throw new ConfigurationError(
        `${call}: ${option} with alg "dir" needs a clientSecret, which is the key.`,
      );
    if (alg !== 'dir' && !keys.some(({ algorithms }) => algorithms.includes(alg)))
      throw new ConfigurationError(
        `${call}: ${option} with alg "${alg}" needs a key for it in decryptionKeys.`,
      );
  }
  if (keys.length > 0 && used.length === 0)
    throw new ConfigurationError(
      `${call}: decryptionKeys open nothing. Say what is encrypted: idTokenEncryption, userinfoEncryption, introspectionEncryption or responseEncryption.`,
    );
  if (introspectionEncryption && !introspectionSigningAlgorithm)
    throw new ConfigurationError(
      `${call}: introspectionEncryption needs introspectionSigningAlgorithm: what is encrypted alone may be from anybody.`,
    );
  return {
    ...encryptions,
    decryptionKeys: keys,
    encryptionKeys: Object.freeze(publicKeysOf(keys)),
    userinfoSigningAlgorithm: given.userinfoSigningAlgorithm,
    introspectionSigningAlgorithm,
  };
}
