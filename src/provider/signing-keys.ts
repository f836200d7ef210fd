import type { KeyObject } from 'node:crypto';
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { Clock } from '../clock.ts';
import type { Fetch } from './bounded-fetch.ts';
import { verifyWithWeakRsa } from './quirks/weak-rsa.ts';

/** Old keys stop being accepted this long after the provider withdrew them. */
const KEYS_LIFE_MS = 300_000;
/** Between two fetches that an unknown key alone causes. */
const COOLDOWN_MS = 30_000;
/** The same for a token that came straight from the token endpoint, which no stranger can send. */
const TRUSTED_COOLDOWN_MS = 1_000;

export interface VerifyOptions {
  readonly options: JWTVerifyOptions;
  /** Whether the token came over our own connection to the provider, so that an unknown key is worth a fetch. */
  readonly trustedChannel: boolean;
}

/** Verifies a JWT with the keys a provider publishes, fetched when needed and kept for five minutes. */
export type KeyVerifier = (jwt: string, options: VerifyOptions) => Promise<JWTVerifyResult<JWTPayload>>;

/** One key for all tokens: the client secret for the HS* algorithms, or that of a certificate. */
export function createKeyVerifier(key: Uint8Array | KeyObject): KeyVerifier {
  return (jwt, { options }) => jwtVerify(jwt, key, options);
}

/** Keys from `jwks_uri`. Only the algorithm in `options` counts; `jku`, `x5u` and `jwk` of a header never do. */
export function createJwksVerifier(
  url: URL,
  { fetch, timeoutMs, minimumKeyBits, now }: JwksVerifierOptions,
): KeyVerifier {
  const keys = createRemoteJWKSet(url, {
    [customFetch]: fetch,
    timeoutDuration: timeoutMs,
    cacheMaxAge: KEYS_LIFE_MS,
    cooldownDuration: COOLDOWN_MS,
  });
  let lastForcedFetch = Number.NEGATIVE_INFINITY;
  const verifyOnce = async (jwt: string, options: JWTVerifyOptions) => {
    if (minimumKeyBits >= 2048) return verifyWithAny(jwt, keys, options);
    if (!keys.fresh) await keys.reload();
    return verifyWithWeakRsa(jwt, keys.jwks()?.keys ?? [], options);
  };

  return async (jwt, { options, trustedChannel }) => {
    try {
      return await verifyOnce(jwt, options);
    } catch (error) {
      // Keys rotated within the cool-down: by now the code is spent, so look again rather than lose the login.
      const mayFetch = trustedChannel && now() - lastForcedFetch >= TRUSTED_COOLDOWN_MS;
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayFetch) throw error;
      lastForcedFetch = now();
      await keys.reload();
      return await verifyOnce(jwt, options);
    }
  };
}

export interface JwksVerifierOptions {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  /** Below 2048 keys are taken that jose refuses. */
  readonly minimumKeyBits: number;
  readonly now: Clock;
}

/** A token without `kid` may fit several keys: each is tried. */
async function verifyWithAny(
  jwt: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult<JWTPayload>> {
  try {
    return await jwtVerify(jwt, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(jwt, key, options);
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
