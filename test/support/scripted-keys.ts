import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { takeRsaKey } from './rsa-keys.ts';

export type Claims = Record<string, unknown>;

/** A key pair of a provider, under the name it is published by. */
export interface ScriptedKey {
  readonly alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'ES256K';
  readonly kid: string | undefined;
  readonly privateKey: KeyObject;
  /** Its public half as it stands in a JWKS. */
  readonly jwk: JsonWebKey & { kid: string | undefined };
}

/** Makes a key. Without `kid` it has no name. */
export function createScriptedKey(alg: ScriptedKey['alg'], kid?: string): ScriptedKey {
  const privateKey = createPrivateKeyFor(alg);
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg, use: 'sig' };
  return { alg, kid, privateKey, jwk };
}

function createPrivateKeyFor(alg: ScriptedKey['alg']): KeyObject {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return takeRsaKey();
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ES256K':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

/** Keys that stand in a JWKS beside the honest ones, and that nobody may stumble over (C-09, C-42). */
export function createJunkKeys(): object[] {
  // Keys are dear to make, and these are the same for all providers of a test file.
  junkKeys ??= [
    createScriptedKey('RS256', 'another RSA key').jwk,
    createScriptedKey('ES256', 'another EC key').jwk,
    createScriptedKey('EdDSA', 'an Ed25519 key').jwk,
    createScriptedKey('ES256K', 'a secp256k1 key').jwk,
    { ...createScriptedKey('ES256', 'an encryption key').jwk, use: 'enc', alg: 'ECDH-ES' },
    { kty: 'AKP', kid: 'a key of tomorrow', alg: 'ML-DSA-44', pub: 'bogus' },
    { kty: 'made-up', kid: 'a key of nobody' },
  ];
  return junkKeys;
}

let junkKeys: object[] | undefined;

/** Signs well, whatever the header and the claims say. A string is the secret of an HMAC. */
export function signToken(header: Claims, claims: Claims | string, key: ScriptedKey | string): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const input = `${base64url(JSON.stringify(header))}.${base64url(payload)}`;
  return `${input}.${signatureOf(input, key).toString('base64url')}`;
}

function signatureOf(input: string, key: ScriptedKey | string): Buffer {
  if (typeof key === 'string') return createHmac('sha256', key).update(input).digest();
  const { privateKey } = key;
  if (key.alg === 'EdDSA') return sign(null, Buffer.from(input), privateKey);
  if (key.alg === 'PS256') {
    return sign('sha256', Buffer.from(input), { key: privateKey, padding: 6, saltLength: 32 });
  }
  return sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

/** The same token with another signature of the same length. */
export function breakSignature(jwt: string): string {
  const [header, payload, signature = ''] = jwt.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[bytes.length >> 1]! ^= 0x5a;
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}

/** @see [OpenID Connect Core, section 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken) */
export function hashForClaim(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
