import { ConfigurationError } from '../errors.ts';
import type {
  ClientAuthentication,
  ClientKey,
  ClientKeyInput,
  PublicKeyAlgorithm,
  SecretFunction,
} from '../provider-definition.ts';
import { createSecret } from '../secret.ts';
import { type KeyChoice, readGivenKeys } from './client-keys.ts';

interface AuthenticationOptions {
  clientAuthentication?: ClientAuthentication | undefined;
  clientSecret?: string | SecretFunction | undefined;
  clientKey?: ClientKeyInput | SecretFunction | undefined;
  clientKeyId?: string | undefined;
  clientKeyAlgorithm?: PublicKeyAlgorithm | undefined;
  /** What a key may sign by. @default any */
  allowedKeyAlgorithms?: readonly PublicKeyAlgorithm[] | undefined;
  /** Says what the secret is for, should it be for something else than the token endpoint. */
  idTokenSigningAlgorithm?: string | undefined;
}

/** The ways of a client that brings a certificate to the TLS handshake. */
export const CERTIFICATE_METHODS: readonly unknown[] = ['tls_client_auth', 'self_signed_tls_client_auth'];

/**
 * Checks how a client authenticates that may have a key. A key is the best proof there is: with one it is used, unless the
 * client brings a certificate, and signs its requests by the key. `undefined`: what the provider announces decides.
 */
export function checkKeyAuthentication(
  where: string,
  options: AuthenticationOptions,
): { clientAuthentication: ClientAuthentication | undefined; clientKey: ClientKey | undefined } {
  const { clientAuthentication: asked, clientKey, clientKeyId: id, clientKeyAlgorithm: algorithm } = options;
  const hasCertificate = CERTIFICATE_METHODS.includes(asked);
  if (hasCertificate) refuseSecret(where, options, `clientAuthentication "${asked}"`);
  if (clientKey === undefined) {
    if (asked === 'private_key_jwt' || id !== undefined || algorithm !== undefined)
      throw new ConfigurationError(`${where}: clientKey is needed for private_key_jwt.`);
    const clientAuthentication = hasCertificate ? asked : checkAuthentication(where, options);
    return { clientAuthentication, clientKey: undefined };
  }
  if (asked !== undefined && asked !== 'private_key_jwt' && !hasCertificate) {
    throw new ConfigurationError(`${where}: clientKey is for clientAuthentication "private_key_jwt" only.`);
  }
  refuseSecret(where, options, 'clientKey');
  const allowed = options.allowedKeyAlgorithms;
  const { keys, signsBy } = checkKeys(`${where}: clientKey`, clientKey, { id, algorithm, allowed });
  return {
    clientAuthentication: asked ?? 'private_key_jwt',
    clientKey: Object.freeze({ keys, id, algorithm, allowed, signsBy }),
  };
}

/** It would never be sent, and whoever gave it does not expect that. */
function refuseSecret(where: string, options: AuthenticationOptions, by: string): void {
  if (options.clientSecret !== undefined && !isForIdTokens(options))
    throw new ConfigurationError(`${where}: with ${by} no clientSecret is sent. Leave one of them out.`);
}

/**
 * The way a client with or without a secret authenticates, as far as the options say it; with a secret and no word, what
 * the provider announces decides.
 */
function checkAuthentication(
  where: string,
  { clientAuthentication: asked, clientSecret, idTokenSigningAlgorithm }: AuthenticationOptions,
): ClientAuthentication | undefined {
  if (clientSecret === undefined) {
    if (asked === undefined || asked === 'none') return 'none';
    throw new ConfigurationError(`${where}: clientSecret is needed for clientAuthentication "${asked}".`);
  }
  // It would never be sent, and whoever gave it does not expect that.
  if (asked === 'none' && !isForIdTokens({ idTokenSigningAlgorithm })) {
    throw new ConfigurationError(
      `${where}: clientAuthentication "none" sends no clientSecret. Leave one of them out, or name the way it is sent: "client_secret_basic", "client_secret_post".`,
    );
  }
  if (asked === 'client_secret_jwt' && typeof clientSecret === 'string') {
    if (Buffer.byteLength(clientSecret) < ASSERTION_SECRET_BYTES)
      throw new ConfigurationError(
        `${where}: clientSecret must have at least ${ASSERTION_SECRET_BYTES} bytes for clientAuthentication "client_secret_jwt": a shorter one can be guessed from an assertion.`,
      );
  }
  return asked;
}

/** As long as the hash of HS256 (RFC 7518, section 3.2). */
export const ASSERTION_SECRET_BYTES = 32;

/** Whether a secret that is not sent verifies ID tokens. */
function isForIdTokens({
  idTokenSigningAlgorithm = 'RS256',
}: Pick<AuthenticationOptions, 'idTokenSigningAlgorithm'>): boolean {
  return idTokenSigningAlgorithm.startsWith('HS');
}

/** Keys that come from a function are looked at when they come. */
function checkKeys(
  where: string,
  given: ClientKeyInput | SecretFunction,
  choice: KeyChoice,
): Pick<ClientKey, 'keys' | 'signsBy'> {
  if (typeof given === 'function') return { keys: given, signsBy: undefined };
  const keys = readGivenKeys(given, choice);
  if (typeof keys === 'string') throw new ConfigurationError(`${where} must be ${keys}.`);
  if (keys.length > 1 && choice.id !== undefined)
    throw new ConfigurationError(
      `${where} has several keys: name each by its own kid, and not by clientKeyId.`,
    );
  const jwks = keys.map(({ key, id, algorithm }) => ({
    ...key.export({ format: 'jwk' }),
    alg: algorithm,
    ...(id === undefined ? {} : { kid: id }),
  }));
  return { keys: createSecret(JSON.stringify({ keys: jwks })), signsBy: keys[0]!.algorithm };
}

/** A private key, or several, or a function that gives them. */
export function checkKeyInput(where: string, value: unknown): ClientKeyInput | SecretFunction {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return value as never;
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigurationError(`${where} must be a private key in PEM, a JWK, or a function that gives one.`);
}
