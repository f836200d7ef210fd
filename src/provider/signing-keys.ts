import type { KeyObject } from 'node:crypto';
import {
  createLocalJWKSet,
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
import { ProviderError } from '../errors.ts';
import type { Fetch } from './bounded-fetch.ts';
import { verifyWithWeakRsa } from './quirks/weak-rsa.ts';

/** Old keys stop being accepted this long after the provider withdrew them. */
const KEYS_LIFE_MS = 300_000;
/** Between two fetches that an unknown key alone causes. */
const COOLDOWN_MS = 30_000;
/** After a fetch that failed, a token that anybody can have sent causes no other for so long. */
const FAILURE_COOLDOWN_MS = 5_000;
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
  { name, fetch, timeoutMs, minimumKeyBits, now }: JwksVerifierOptions,
): KeyVerifier {
  const keys = createRemoteJWKSet(url, {
    [customFetch]: async (address, request) => {
      const response = await fetch(address, request);
      // jose has one error for a server that is down and for one that answers nonsense.
      if (response.status < 500 && response.status !== 429) return response;
      throw new ProviderError(
        `Provider "${name}": its keys got no usable answer (status ${response.status}).`,
        {
          code: 'provider_unavailable',
          provider: name,
        },
      );
    },
    timeoutDuration: timeoutMs,
    cacheMaxAge: KEYS_LIFE_MS,
    cooldownDuration: COOLDOWN_MS,
  });
  const readKeysAtHand = () => {
    const known = keys.fresh ? keys.jwks() : undefined;
    if (!known) throw new errors.JWKSTimeout();
    return known;
  };
  const keysAtHand: JWTVerifyGetKey = (header, token) => createLocalJWKSet(readKeysAtHand())(header, token);
  const verifyWeak = async (jwt: string, options: JWTVerifyOptions, mayFetch: boolean) => {
    if (mayFetch && !keys.fresh) await keys.reload();
    return verifyWithWeakRsa(jwt, readKeysAtHand().keys, options);
  };
  const isWeak = minimumKeyBits < 2048;
  const verifyOnce = (jwt: string, options: JWTVerifyOptions, mayFetch = true) =>
    isWeak ? verifyWeak(jwt, options, mayFetch) : verifyWithAny(jwt, mayFetch ? keys : keysAtHand, options);

  let lastForcedFetch = Number.NEGATIVE_INFINITY;
  let lastFailure = Number.NEGATIVE_INFINITY;
  /** For a key that is not among those at hand. jose itself looks again when its cool-down is over. */
  const mayForceFetch = (trustedChannel: boolean) =>
    trustedChannel ? now() - lastForcedFetch >= TRUSTED_COOLDOWN_MS : isWeak && !keys.coolingDown;

  const verifyLookingAgain = async (jwt: string, { options, trustedChannel }: VerifyOptions) => {
    try {
      return await verifyOnce(jwt, options);
    } catch (error) {
      // Keys rotated within the cool-down: by now the code is spent, so look again rather than lose the login.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayForceFetch(trustedChannel)) throw error;
      lastForcedFetch = now();
      await keys.reload();
      return await verifyOnce(jwt, options);
    }
  };

  return async (jwt, choice) => {
    const rests = !choice.trustedChannel && now() - lastFailure < FAILURE_COOLDOWN_MS;
    const mayLook = choice.trustedChannel || !(rests || keys.coolingDown);
    try {
      return await (rests ? verifyOnce(jwt, choice.options, false) : verifyLookingAgain(jwt, choice));
    } catch (error) {
      // A key that is new since the last look: whoever sends the token again, after the rest, will see it accepted.
      if (!mayLook && error instanceof errors.JWKSNoMatchingKey) throw new errors.JWKSTimeout();
      if (rests) throw error;
      if (isFaultOfKeys(error)) lastFailure = now();
      throw error;
    }
  };
}

/** Says whether a token could not be verified because the keys could not be had: nothing is known of it then. */
export function isFaultOfKeys(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || KEY_SET_FAULTS.has(error.code);
}

const KEY_SET_FAULTS = new Set<string>([
  ...[errors.JOSEError.code, errors.JWKSInvalid.code, errors.JWKSTimeout.code],
]);

export interface JwksVerifierOptions {
  /** Of the provider, for messages. */
  readonly name: string;
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
