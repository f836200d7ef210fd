import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import type { PrivateJwk, PublicAlgorithm } from '../provider-definition.ts';
import { foundFault } from './provider-fault.ts';
import type { SecretReader } from './secret-reader.ts';

/** A private key of the client as it was given, and what it signs by. */
export interface GivenKey {
  readonly key: KeyObject;
  readonly id: string | undefined;
  readonly algorithm: PublicAlgorithm;
}

/** The keys of a client, at this moment. */
export interface CurrentKeys {
  /** The first of them, which signs. */
  readonly signing: {
    readonly key: CryptoKey;
    readonly id: string | undefined;
    readonly algorithm: PublicAlgorithm;
  };
  /** The public halves of all of them: who replaces a key publishes the next one before it signs. */
  readonly published: readonly JWK[];
}

/** Gives them. @throws FoundFault `provider_credentials` when the application gives no key. */
export type ClientKeys = () => Promise<CurrentKeys>;

/** Reads the keys of a client, and keeps what was made of them as long as they are the same. */
export function createClientKeys(choice: KeyChoice, readKeys: SecretReader): ClientKeys {
  let current: { given: string; keys: Promise<CurrentKeys> } | undefined;
  return async () => {
    const given = await readKeys();
    if (current?.given !== given) current = { given, keys: prepare(readAgain(given, choice)) };
    return current.keys;
  };
}

/** A key that was no key when it came costs nobody a session whose token still lives. */
function readAgain(given: string, choice: KeyChoice): readonly GivenKey[] {
  const keys = readGivenKeys(given, choice);
  if (typeof keys !== 'string') return keys;
  const fault = { asked: 'clientKey()', expected: keys, got: 'something else', option: 'clientKey' };
  throw foundFault(fault, { code: 'provider_credentials' });
}

async function prepare(given: readonly GivenKey[]): Promise<CurrentKeys> {
  const hasSeveral = given.length > 1;
  const published = await Promise.all(
    given.map(async ({ key, id, algorithm }): Promise<JWK> => {
      const jwk = createPublicKey(key).export({ format: 'jwk' }) as JWK;
      return { ...jwk, kid: id ?? (await calculateJwkThumbprint(jwk)), alg: algorithm, use: 'sig' };
    }),
  );
  const first = given[0]!;
  const key = (await importJWK(first.key.export({ format: 'jwk' }) as JWK, first.algorithm)) as CryptoKey;
  // Of one key the provider may know another name, or none; of several it must be told which.
  const id = first.id ?? (hasSeveral ? published[0]!.kid : undefined);
  return { signing: { key, id, algorithm: first.algorithm }, published };
}

/** What the options say of keys that do not say it themselves. */
export interface KeyChoice {
  /** Of a single key. */
  readonly id: string | undefined;
  readonly algorithm: PublicAlgorithm | undefined;
  /** @default any */
  readonly allowed?: readonly PublicAlgorithm[] | undefined;
}

/**
 * Reads private keys: PEM, a JWK or a JWK Set, each as text or as an object, or a list of some. Encryption keys of a set
 * are passed over.
 *
 * @returns what was expected, as a text, where they are something else. What came is in no message.
 */
export function readGivenKeys(given: unknown, choice: KeyChoice): readonly GivenKey[] | string {
  const list = listKeys(given);
  if (list === undefined || list.length === 0) return EXPECTED;
  const keys = list.map((item) => readKey(item, choice));
  const fault = keys.find((key) => typeof key === 'string');
  if (fault !== undefined) return fault;
  const found = keys as readonly GivenKey[];
  return found.map((key) => ({ ...key, id: key.id ?? (found.length === 1 ? choice.id : undefined) }));
}

const EXPECTED = 'a private key in PEM, without a passphrase, or a JWK';
const EXPECTED_KIND =
  'a private key in PEM or a JWK: an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key';

function listKeys(given: unknown): readonly (string | PrivateJwk)[] | undefined {
  if (Array.isArray(given)) {
    const lists = given.map(listKeys);
    return lists.some((list) => list === undefined) ? undefined : lists.flatMap((list) => list!);
  }
  if (typeof given === 'string') {
    if (!given.trimStart().startsWith('{')) return [given];
    const parsed = parse(given);
    return parsed === undefined ? undefined : listKeys(parsed);
  }
  if (typeof given !== 'object' || given === null) return undefined;
  const { keys, use } = given as { keys?: unknown; use?: unknown };
  if (Array.isArray(keys)) return listKeys(keys);
  return use === 'enc' ? [] : [given as PrivateJwk];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its own message quotes the text.
    return undefined;
  }
}

function readKey(given: string | PrivateJwk, { algorithm: wanted, allowed }: KeyChoice): GivenKey | string {
  const key = createKey(given);
  if (!key) return EXPECTED;
  const possible = findAlgorithms(key);
  if (possible.length === 0) return EXPECTED_KIND;
  const able = allowed ? possible.filter((algorithm) => allowed.includes(algorithm)) : possible;
  if (able.length === 0) return `${EXPECTED}, for ${allowed!.join(', ')}`;
  const { alg, kid } = typeof given === 'string' ? {} : (given as { alg?: unknown; kid?: unknown });
  const algorithm = (alg === 'Ed25519' ? 'EdDSA' : alg) ?? wanted ?? able[0]!;
  if (!able.includes(algorithm as PublicAlgorithm)) return `${EXPECTED}, for ${able.join(', ')}`;
  return {
    key,
    id: typeof kid === 'string' && kid !== '' ? kid : undefined,
    algorithm: algorithm as PublicAlgorithm,
  };
}

function createKey(given: string | PrivateJwk): KeyObject | undefined {
  try {
    return typeof given === 'string'
      ? createPrivateKey(given)
      : createPrivateKey({ key: given as never, format: 'jwk' });
  } catch {
    // Its own message may quote the key.
    return undefined;
  }
}

const BY_CURVE: Readonly<Record<string, PublicAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** What a key can sign by; the first where nobody says otherwise. */
function findAlgorithms(key: KeyObject): readonly PublicAlgorithm[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048)
    return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  if (key.asymmetricKeyType === 'ec' && BY_CURVE[namedCurve]) return [BY_CURVE[namedCurve]];
  return key.asymmetricKeyType === 'ed25519' ? ['EdDSA'] : [];
}
