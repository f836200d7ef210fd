import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition, SecretFunction } from '../provider-definition.ts';
import type { Secret } from '../secret.ts';
import { ASSERTION_SECRET_BYTES } from './client-key.ts';
import { createClientKeys } from './client-keys.ts';

/** Gives a secret as it is at this moment. */
export type SecretReader = () => Promise<string>;

/** What a reader needs. */
export interface SecretReaderOptions {
  /** The option that the secret is given by. */
  readonly option: 'clientSecret' | 'clientKey';
  /** The provider's name in the options. */
  readonly name: string;
  /** How long the application's function may take. */
  readonly timeoutMs: number;
  readonly monotonic: Clock;
  /** How long the secret of a function must be; one that is given as it is has been measured. @default 0 */
  readonly leastBytes?: number;
}

/** What the application proves itself with, as it is at each moment. */
export function createSecretReaders(
  { clientSecret, clientKey, clientAuthentication, timeoutMs, identity: { algorithm } }: ProviderDefinition,
  { name, monotonic }: Pick<SecretReaderOptions, 'name' | 'monotonic'>,
) {
  const common = { name, monotonic, timeoutMs };
  const leastBytes = Math.max(
    algorithm.startsWith('HS') ? Number(algorithm.slice(2)) / 8 : 0,
    clientAuthentication === 'client_secret_jwt' ? ASSERTION_SECRET_BYTES : 0,
  );
  return {
    readSecret:
      clientSecret && createSecretReader(clientSecret, { ...common, leastBytes, option: 'clientSecret' }),
    readKeys:
      clientKey &&
      createClientKeys(clientKey, createSecretReader(clientKey.keys, { ...common, option: 'clientKey' })),
  };
}

/**
 * Reads a secret that was given as it is, or by a function of the application. The function is asked each time, or as
 * often as it says itself.
 *
 * @throws ProviderError `provider_credentials` when that function throws, is too slow, or gives no text.
 */
export function createSecretReader(
  source: Secret | SecretFunction,
  { option, name, timeoutMs, monotonic, leastBytes = 0 }: SecretReaderOptions,
): SecretReader {
  if (typeof source !== 'function') return async () => source.reveal();
  const failed = (problem: string, cause?: unknown) =>
    new ProviderError(`Provider "${name}": ${option}() of the application ${problem}. Nothing was sent.`, {
      code: 'provider_credentials',
      provider: name,
      fault: { asked: `${option}()`, expected: 'a text that is not empty', option },
      cause,
    });
  let kept: { value: string; until: number } | undefined;

  return async () => {
    if (kept && monotonic() < kept.until) return kept.value;
    const ask = async () => readGiven(await source());
    const { value, validForSeconds } = await withinTime(timeoutMs, ask).catch((error: unknown) => {
      throw failed(error === TOO_SLOW ? `took more than ${timeoutMs} ms` : 'threw', error);
    });
    if (typeof value !== 'string' || value === '' || hasLoneSurrogate(value)) throw failed('gave no text');
    // An HMAC key must be as long as its hash, or it can be guessed (RFC 7518, section 3.2).
    if (Buffer.byteLength(value) < leastBytes) throw failed(`gave fewer than ${leastBytes} bytes`);
    const lifeMs = typeof validForSeconds === 'number' && validForSeconds > 0 ? validForSeconds * 1000 : 0;
    kept = { value, until: monotonic() + lifeMs };
    return value;
  };
}

/** Whatever it gives, and what reading that may throw. */
function readGiven(given: unknown): { value: unknown; validForSeconds?: unknown } {
  if (typeof given !== 'object' || given === null) return { value: given };
  const { value, validForSeconds } = given as { value?: unknown; validForSeconds?: unknown };
  return { value, validForSeconds };
}

const TOO_SLOW = new Error('too slow');

async function withinTime<T>(timeoutMs: number, work: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(TOO_SLOW), timeoutMs);
  });
  try {
    return await Promise.race([work(), tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}

/** Half a character has no form in UTF-8, nor in a URL. */
function hasLoneSurrogate(text: string): boolean {
  return /\p{Cs}/u.test(text);
}
