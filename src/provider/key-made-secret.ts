import { importPKCS8, type JWTPayload, SignJWT } from 'jose';
import { systemClocks } from '../clock.ts';
import type { SecretFunction } from '../provider-definition.ts';
import type { Secret } from '../secret.ts';

/** What a secret is made from. */
export interface KeyMadeSecretOptions {
  /** A private key on P-256: PKCS#8, in PEM. */
  readonly pem: Secret;
  /** The `kid` it is registered by. */
  readonly keyId: string;
  /** Who is meant: `iss`, `sub` and `aud`. */
  readonly claims: JWTPayload;
  readonly lifeSeconds: number;
}

/** A secret is made anew so long before it ends: clocks differ, and a request takes its time. */
const MARGIN_SECONDS = 300;

/** Makes a client secret that is a JWT of the client's own, signed by ES256; it says for how long it is good. */
export function createKeyMadeSecret({
  pem,
  keyId,
  claims,
  lifeSeconds,
}: KeyMadeSecretOptions): SecretFunction {
  return async () => {
    const key = await importPKCS8(pem.reveal(), 'ES256');
    const issuedAt = Math.floor(systemClocks.now() / 1000);
    const value = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifeSeconds)
      .sign(key);
    return { value, validForSeconds: lifeSeconds - MARGIN_SECONDS };
  };
}
