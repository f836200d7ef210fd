import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../clock.ts';
import type { Fetch } from './bounded-fetch.ts';
import { faultError, foundFault, nameRequest } from './provider-fault.ts';
import { describeAnswer, isPassing, readRetryAfter } from './provider-faults.ts';

/** Old keys stop being accepted this long after the provider withdrew them. */
const KEYS_LIFE_MS = 300_000;

/** The keys of one fetch. */
export interface PublishedKeys {
  readonly keys: JSONWebKeySet['keys'];
  /** jose's way to the key that fits a header. */
  readonly find: JWTVerifyGetKey;
}

/** The keys that a provider publishes. */
export interface KeySet {
  /** Those of the last fetch, for five minutes. */
  cachedKeys(): PublishedKeys | undefined;
  /** Whether a fetch is on its way, so that waiting for it costs the provider nothing. */
  isFetching(): boolean;
  /**
   * Fetches the keys. Whoever asks while a fetch is on its way shares it.
   *
   * @throws ProviderError `provider_unavailable`, or a FoundFault: the keys cannot be had.
   */
  fetchKeys(): Promise<PublishedKeys>;
}

/** What a set of keys needs. */
export interface KeySetOptions {
  /** Of the provider, for messages. */
  readonly name: string;
  /** Bounded in time and size. */
  readonly fetch: Fetch;
  readonly monotonic: Clock;
}

/**
 * Keeps the keys of `jwks_uri` by the monotonic clock: a wall clock that steps back would keep withdrawn keys, and
 * bar the way to new ones, until it has caught up.
 */
export function createKeySet(url: URL, { name, fetch, monotonic }: KeySetOptions): KeySet {
  let cached: { readonly keys: PublishedKeys; readonly until: number } | undefined;
  let underway: Promise<PublishedKeys> | undefined;

  const load = async () => {
    try {
      const keys = await readKeys(url, fetch, name);
      cached = { keys, until: monotonic() + KEYS_LIFE_MS };
      return keys;
    } finally {
      underway = undefined;
    }
  };

  return {
    cachedKeys: () => (cached && monotonic() < cached.until ? cached.keys : undefined),
    isFetching: () => underway !== undefined,
    fetchKeys: () => {
      underway ??= load();
      return underway;
    },
  };
}

async function readKeys(url: URL, fetch: Fetch, name: string): Promise<PublishedKeys> {
  const response = await fetch(url.href, {
    method: 'GET',
    headers: { accept: 'application/json, application/jwk-set+json' },
  });
  const fault = { asked: nameRequest('GET', url.href), expected: 'its keys, with status 200' };
  if (response.status !== 200) {
    const notes = { retryAfterSeconds: readRetryAfter(response) };
    throw isPassing(response.status)
      ? faultError(
          name,
          { ...fault, got: describeAnswer(response) },
          { ...notes, code: 'provider_unavailable' },
        )
      : foundFault({ ...fault, got: describeAnswer(response) });
  }
  const published = (await response.json().catch(() => undefined)) as JSONWebKeySet;
  try {
    return { find: createLocalJWKSet(published), keys: published.keys };
  } catch (cause) {
    throw foundFault({ ...fault, expected: 'a JSON Web Key Set', got: describeAnswer(response) }, { cause });
  }
}
