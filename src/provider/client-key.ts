import { createPrivateKey, type KeyObject } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { ConfigurationError } from '../errors.ts';
import type { ClientAuthentication, ClientKey, SecretFunction } from '../provider-definition.ts';
import { createSecret } from '../secret.ts';
import { foundFault } from './provider-fault.ts';
import type { SecretReader } from './secret-reader.ts';

interface AuthenticationOptions {
  clientAuthentication?: ClientAuthentication | undefined;
  clientSecret?: string | SecretFunction | undefined;
  clientKey?: string | SecretFunction | undefined;
  clientKeyId?: string | undefined;
  /** Says what the secret is for, should it be for something else than the token endpoint. */
  idTokenSigningAlgorithm?: string | undefined;
}

/**
 * Checks how a client authenticates that may have a key. A key is the best proof there is: with one it is used.
 * `undefined`: what the provider announces decides.
 */
export function checkKeyAuthentication(
  where: string,
  options: AuthenticationOptions,
): { clientAuthentication: ClientAuthentication | undefined; clientKey: ClientKey | undefined } {
  const { clientAuthentication: asked, clientKey, clientKeyId } = options;
  if (clientKey === undefined) {
    if (asked === 'private_key_jwt' || clientKeyId !== undefined)
      throw new ConfigurationError(`${where}: clientKey is needed for private_key_jwt.`);
    return { clientAuthentication: checkAuthentication(where, options), clientKey: undefined };
  }
  if (asked !== undefined && asked !== 'private_key_jwt') {
    throw new ConfigurationError(`${where}: clientKey is for clientAuthentication "private_key_jwt" only.`);
  }
  if (options.clientSecret !== undefined && !isForIdTokens(options)) {
    throw new ConfigurationError(`${where}: with clientKey no clientSecret is sent. Leave one of them out.`);
  }
  return {
    clientAuthentication: 'private_key_jwt',
    clientKey: Object.freeze({ pem: checkKey(`${where}: clientKey`, clientKey), id: clientKeyId }),
  };
}

/**
 * The way a client with or without a secret authenticates, as far as the options say it; with a secret and no word, what
 * the provider announces decides.
 */
function checkAuthentication(
  where: string,
  {
    clientAuthentication: asked,
    clientSecret,
    idTokenSigningAlgorithm,
  }: {
    clientAuthentication?: ClientAuthentication | undefined;
    clientSecret?: unknown;
    idTokenSigningAlgorithm?: string | undefined;
  },
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
  return asked;
}

/** Whether a secret that is not sent verifies ID tokens. */
function isForIdTokens({
  idTokenSigningAlgorithm = 'RS256',
}: Pick<AuthenticationOptions, 'idTokenSigningAlgorithm'>): boolean {
  return idTokenSigningAlgorithm.startsWith('HS');
}

/** A key that comes from a function is looked at when it comes. */
function checkKey(where: string, given: string | SecretFunction): ClientKey['pem'] {
  if (typeof given === 'function') return given;
  const key = readKey(where, given);
  findAlgorithm(where, key);
  return createSecret(key.export({ type: 'pkcs8', format: 'pem' }).toString());
}

function readKey(where: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Its own message may quote the key.
    throw new ConfigurationError(`${where} must be a private key in PEM, without a passphrase.`);
  }
}

function findAlgorithm(where: string, key: KeyObject): 'RS256' | 'ES256' {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new ConfigurationError(`${where} must be an RSA key of at least 2048 bits, or an EC key on P-256.`);
}

/** A key that was no key when it came costs nobody a session whose token still lives. */
function readGivenKey(pem: string): { pkcs8: string; algorithm: 'RS256' | 'ES256' } {
  try {
    const key = readKey('clientKey()', pem);
    const pkcs8 = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { pkcs8, algorithm: findAlgorithm('clientKey()', key) };
  } catch {
    const expected = 'a private key in PEM, RSA of at least 2048 bits or EC on P-256';
    const fault = { asked: 'clientKey()', expected, got: 'something else', option: 'clientKey' };
    throw foundFault(fault, { code: 'provider_credentials' });
  }
}

/** Where an assertion's key comes from, and whom it speaks to. */
export interface KeyAuthenticationOptions {
  readonly readKey: SecretReader;
  /** @default 'issuer' */
  readonly audience: 'issuer' | 'token_endpoint' | undefined;
}

/**
 * Proves the client by an assertion for the issuer, or for its token endpoint, that is good once and for a minute.
 *
 * @see [OpenID Connect Core, section 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)
 */
export function createKeyAuthentication(
  { id }: ClientKey,
  { readKey: readPem, audience }: KeyAuthenticationOptions,
): client.ClientAuth {
  const prepare = async (pem: string) => {
    const { pkcs8, algorithm } = readGivenKey(pem);
    const signingKey = await importPKCS8(pkcs8, algorithm);
    return (server: client.ServerMetadata) =>
      client.PrivateKeyJwt(id === undefined ? signingKey : { key: signingKey, kid: id }, {
        [client.modifyAssertion]: (_header, payload) => {
          if (audience === 'token_endpoint') payload.aud = server.token_endpoint!;
        },
      });
  };
  let current: { pem: string; proof: ReturnType<typeof prepare> } | undefined;

  return async (server, ...request) => {
    const pem = await readPem();
    if (current?.pem !== pem) current = { pem, proof: prepare(pem) };
    const proof = await current.proof;
    await proof(server as client.ServerMetadata)(server, ...request);
  };
}
