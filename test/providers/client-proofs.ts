import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { decodeJwt, jwtVerify } from 'jose';
import { CLIENT, type Habits } from './habits.ts';

/** As strict as the provider is documented to be: the one way to prove a client, and no other beside it. */
export async function isOurClient(
  { clientAuthentication, pkce, endpoints }: Habits,
  { authorization }: IncomingMessage['headers'],
  params: URLSearchParams,
  clientKey: KeyObject | undefined,
): Promise<boolean> {
  if (pkce === 'refused' && params.has('code_verifier')) return false;
  const [id, secret] = [params.get('client_id'), params.get('client_secret')];
  switch (clientAuthentication) {
    case 'client_secret_basic': {
      const given = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
      const [name = '', word = ''] = given
        .split(':')
        .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
      return isSame(name, CLIENT.clientId) && isSame(word, CLIENT.clientSecret) && secret === null;
    }
    case 'client_secret_post':
      return (
        authorization === undefined && id === CLIENT.clientId && isSame(secret ?? '', CLIENT.clientSecret)
      );
    case 'private_key_jwt':
      return isSignedByUs(params.get('client_assertion') ?? '', clientKey, endpoints.token_endpoint);
    case 'apple':
      return id === CLIENT.clientId && isAppleSecret(secret ?? '', clientKey);
  }
}

function isSame(one: string, other: string): boolean {
  const digest = (value: string) => createHmac('sha256', 'test').update(value).digest('hex');
  return digest(one) === digest(other);
}

async function isSignedByUs(jwt: string, key: KeyObject | undefined, audience: string): Promise<boolean> {
  const options = { issuer: CLIENT.clientId, subject: CLIENT.clientId, audience };
  return key !== undefined && isVerified(jwt, key, { ...options, requiredClaims: ['exp', 'jti'] });
}

/** A team, a key, half a year at most. */
async function isAppleSecret(jwt: string, key: KeyObject | undefined): Promise<boolean> {
  const options = { issuer: 'TEAM123456', subject: CLIENT.clientId, audience: 'https://appleid.apple.com' };
  if (!key || !(await isVerified(jwt, key, { ...options, requiredClaims: ['exp', 'iat'] }))) return false;
  const { iat = 0, exp = Number.POSITIVE_INFINITY } = decodeJwt(jwt);
  return exp - iat <= 15_777_000;
}

async function isVerified(
  jwt: string,
  key: KeyObject,
  options: Parameters<typeof jwtVerify>[2],
): Promise<boolean> {
  const algorithms = [key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256'];
  return jwtVerify(jwt, createPublicKey(key.export({ type: 'spki', format: 'pem' })), {
    ...options,
    algorithms,
    clockTolerance: 60,
  }).then(
    () => true,
    () => false,
  );
}
