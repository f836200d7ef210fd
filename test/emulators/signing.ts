import { createHmac, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { takeRsaKey } from '../support/rsa-keys.ts';

/** With what a JWT is signed. `none` leaves the signature empty. */
export type SigningKey =
  | { alg: 'HS256'; secret: string; kid?: string }
  | { alg: 'RS256'; privateKey: KeyObject; kid?: string }
  | { alg: 'none'; kid?: string };

export interface RsaKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  publicPem: string;
}

export type Claims = Record<string, unknown>;

// node:crypto throughout: jose refuses RSA keys under 2048 bits and offers no broken signatures.
export const createRsaKey = async (modulusLength = 2048): Promise<RsaKey> => {
  const privateKey = modulusLength === 2048 ? takeRsaKey() : await generateRsaKey(modulusLength);
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    publicKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};

const generateRsaKey = async (modulusLength: number): Promise<KeyObject> =>
  (await promisify(generateKeyPair)('rsa', { modulusLength })).privateKey;

/** The public half as it stands in a JWKS. */
export const publicJwk = (key: RsaKey, kid: string) => {
  const { kty, n, e } = key.publicKey.export({ format: 'jwk' });
  return { kty, n, e, kid, alg: 'RS256', use: 'sig' };
};

const encodePart = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A compact JWS over the claims. */
export const signJwt = (claims: Claims, key: SigningKey, header: Claims = {}): string => {
  const kid = key.kid === undefined ? {} : { kid: key.kid };
  const input = `${encodePart({ alg: key.alg, typ: 'JWT', ...kid, ...header })}.${encodePart(claims)}`;
  return `${input}.${signature(input, key).toString('base64url')}`;
};

const signature = (input: string, key: SigningKey): Buffer => {
  switch (key.alg) {
    case 'HS256':
      return createHmac('sha256', key.secret).update(input).digest();
    case 'RS256':
      return sign('sha256', Buffer.from(input), key.privateKey);
    case 'none':
      return Buffer.alloc(0);
  }
};
