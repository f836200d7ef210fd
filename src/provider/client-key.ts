import { createPrivateKey, type KeyObject } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { ConfigurationError } from '../errors.ts';
import type { ClientAuthentication, ClientKey } from '../provider-definition.ts';
import { createSecret } from '../secret.ts';
import { checkAuthentication } from './preset-options.ts';

interface AuthenticationOptions {
  clientAuthentication?: ClientAuthentication | undefined;
  clientSecret?: string | undefined;
  clientKey?: string | undefined;
  clientKeyId?: string | undefined;
}

/** Checks how a client authenticates that may have a key. A key is the best proof there is: with one it is used. */
export function checkKeyAuthentication(
  where: string,
  options: AuthenticationOptions,
): { clientAuthentication: ClientAuthentication; clientKey: ClientKey | undefined } {
  const { clientAuthentication: asked, clientKey, clientKeyId } = options;
  if (clientKey === undefined) {
    if (asked === 'private_key_jwt' || clientKeyId !== undefined)
      throw new ConfigurationError(`${where}: clientKey is needed for private_key_jwt.`);
    return { clientAuthentication: checkAuthentication(where, options), clientKey: undefined };
  }
  if (asked !== undefined && asked !== 'private_key_jwt') {
    throw new ConfigurationError(`${where}: clientKey is for clientAuthentication "private_key_jwt" only.`);
  }
  const key = readKey(`${where}: clientKey`, clientKey);
  return {
    clientAuthentication: 'private_key_jwt',
    clientKey: Object.freeze({
      pem: createSecret(key.export({ type: 'pkcs8', format: 'pem' }).toString()),
      algorithm: findAlgorithm(`${where}: clientKey`, key),
      id: clientKeyId,
    }),
  };
}

function readKey(where: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // Its own message may quote the key.
    throw new ConfigurationError(`${where} must be a private key in PEM, without a passphrase.`);
  }
}

function findAlgorithm(where: string, key: KeyObject): ClientKey['algorithm'] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new ConfigurationError(`${where} must be an RSA key of at least 2048 bits, or an EC key on P-256.`);
}

/**
 * Proves the client by an assertion for the issuer that is good once and for a minute.
 *
 * @see [OpenID Connect Core, section 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication)
 */
export function createKeyAuthentication({ pem, algorithm, id }: ClientKey): client.ClientAuth {
  let proof: Promise<client.ClientAuth> | undefined;
  const prepare = async () => {
    const key = await importPKCS8(pem.reveal(), algorithm);
    return client.PrivateKeyJwt(id === undefined ? key : { key, kid: id });
  };
  return async (...request) => {
    proof ??= prepare();
    await (await proof)(...request);
  };
}
