import type { KeyObject } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { createKeySet, type KeySetOptions, type PublishedKeys } from './key-set.ts';
import { verifyWithWeakRsa } from './quirks/weak-rsa.ts';

/** After any fetch, a token that anybody can have sent causes no other for so long. */
const STRANGER_COOLDOWN_MS = 30_000;
/** The same after a fetch that failed, when there may be no keys at all. */
const FAILURE_COOLDOWN_MS = 5_000;
/** Between two looks for tokens that came straight from the token endpoint, which no stranger can send. */
const TRUSTED_COOLDOWN_MS = 1_000;

/** How one token is to be verified. */
export interface VerifyOptions {
  readonly options: JWTVerifyOptions;
  /**
   * Whether the token came over our own connection to the provider. Then a key that is unknown, or that does not fit
   * any more, is worth a fetch.
   */
  readonly trustedChannel: boolean;
  /** Whether a stranger's token is refused at once where there may be no other look at the keys. */
  readonly refuseUnfit?: boolean;
}

/**
 * Verifies a JWT.
 *
 * @throws JOSEError for a token to refuse; where {@link isFaultOfKeys} says so, nothing is known of the token.
 */
export type KeyVerifier = (jwt: string, options: VerifyOptions) => Promise<JWTVerifyResult<JWTPayload>>;

/** Keys that are known beforehand: the client secret for the HS* algorithms, or those of certificates. */
export function createKeyVerifier(keys: readonly (Uint8Array | KeyObject)[]): KeyVerifier {
  return (jwt, { options }) => tryEach(keys, (key) => jwtVerify(jwt, key, options));
}

/** What a verifier of published keys needs. */
export interface JwksVerifierOptions extends KeySetOptions {
  /** Below 2048 keys are taken that jose refuses. */
  readonly minimumKeyBits: number;
  /** Whether a published key may sign a token that says this. Asked before anything of it is verified. @default any key may */
  readonly maySign?: ((key: JWK, payload: JWTPayload) => boolean) | undefined;
}

/**
 * Keys from `jwks_uri`, fetched when needed and kept for five minutes. Only the algorithm in `options` counts; `jku`,
 * `x5u` and `jwk` of a header never do.
 *
 * A provider may replace its keys at any moment, under new names or under the old ones. So a token that the keys at
 * hand do not fit is refused only after another look at them; how often there is one is bounded. A stranger's token
 * that comes before the next look is allowed is not refused either: whoever sends it again will be answered.
 */
export function createJwksVerifier(url: URL, options: JwksVerifierOptions): KeyVerifier {
  const { monotonic, minimumKeyBits, maySign } = options;
  const keySet = createKeySet(url, options);
  const verifyWithAll = minimumKeyBits < 2048 ? verifyWeak : verifyWithAny;
  const verifyWith: typeof verifyWithAll = async (jwt, published, jwtOptions) =>
    verifyWithAll(jwt, maySign ? pickKeys(published, decodeJwt(jwt), maySign) : published, jwtOptions);

  let lastFailure = Number.NEGATIVE_INFINITY;
  let lastTrustedLook = Number.NEGATIVE_INFINITY;
  let lastFetch = Number.NEGATIVE_INFINITY;

  const fetchKeys = async () => {
    lastFetch = monotonic();
    try {
      return await keySet.fetchKeys();
    } catch (error) {
      lastFailure = monotonic();
      throw error;
    }
  };

  const isCoolingDown = () => monotonic() - lastFailure < FAILURE_COOLDOWN_MS;

  const fetchKeysFor = async (trustedChannel: boolean) => {
    if (!trustedChannel && isCoolingDown()) throw new errors.JWKSTimeout();
    return fetchKeys();
  };

  /** Whether a token that the keys at hand do not fit may cause a look at them. */
  const canFetch = (trustedChannel: boolean) =>
    trustedChannel
      ? monotonic() - lastTrustedLook >= TRUSTED_COOLDOWN_MS
      : monotonic() - lastFetch >= STRANGER_COOLDOWN_MS && !isCoolingDown();

  const findNewerKeys = async (tried: PublishedKeys, trustedChannel: boolean) => {
    const cached = keySet.cachedKeys();
    // Somebody else looked while this token was being verified.
    if (cached && cached !== tried) return cached;
    if (keySet.isFetching()) return keySet.fetchKeys();
    if (!canFetch(trustedChannel)) return undefined;
    if (trustedChannel) lastTrustedLook = monotonic();
    return fetchKeys();
  };

  return async (jwt, { options: jwtOptions, trustedChannel, refuseUnfit = trustedChannel }) => {
    const cached = keySet.cachedKeys();
    // Keys that were fetched for this token are the provider's last word on it.
    if (!cached) return verifyWith(jwt, await fetchKeysFor(trustedChannel), jwtOptions);
    try {
      return await verifyWith(jwt, cached, jwtOptions);
    } catch (error) {
      if (!isUnfit(error)) throw error;
      const newer = await findNewerKeys(cached, trustedChannel);
      if (newer) return verifyWith(jwt, newer, jwtOptions);
      throw refuseUnfit ? error : new errors.JWKSTimeout();
    }
  };
}

function pickKeys(
  { keys }: PublishedKeys,
  payload: JWTPayload,
  maySign: NonNullable<JwksVerifierOptions['maySign']>,
): PublishedKeys {
  const picked = keys.filter((key) => maySign(key, payload));
  return { keys: picked, find: createLocalJWKSet({ keys: picked }) };
}

/** Says whether a token was made by none of the keys it was verified with, all else about it being open. */
export function isUnfit(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/** Says whether a token could not be verified because the keys could not be had: nothing is known of it then. */
export function isFaultOfKeys(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || KEY_SET_FAULTS.has(error.code);
}

const KEY_SET_FAULTS = new Set<string>([errors.JWKSInvalid.code, errors.JWKSTimeout.code]);

function verifyWeak(jwt: string, published: PublishedKeys, options: JWTVerifyOptions) {
  if (!options.algorithms?.includes('RS256')) return verifyWithAny(jwt, published, options);
  return verifyWithWeakRsa(jwt, published.keys, options);
}

/** A token without `kid` may fit several keys: each is tried. */
async function verifyWithAny(jwt: string, { find }: PublishedKeys, options: JWTVerifyOptions) {
  try {
    return await jwtVerify(jwt, find, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return tryEach(error, (key) => jwtVerify(jwt, key, options));
  }
}

/** The first result of a key that fits the signature. */
async function tryEach<Key, Result>(
  keys: Iterable<Key> | AsyncIterable<Key>,
  verify: (key: Key) => Promise<Result>,
): Promise<Result> {
  for await (const key of keys) {
    try {
      return await verify(key);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}
