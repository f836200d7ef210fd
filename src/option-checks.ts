import { inspect } from 'node:util';
import { ConfigurationError } from './errors.ts';

/** Refuses keys that no option has, naming the nearest one that exists. */
export function checkKeys(where: string, value: unknown, known: readonly string[]): void {
  checkObject(where, value);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const nearest = findNearest(key, known);
    throw new ConfigurationError(
      `${where} has no option "${key}".${nearest ? ` Did you mean "${nearest}"?` : ` It has: ${known.join(', ')}.`}`,
    );
  }
}

export function checkObject(where: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(where, 'an object', value);
  }
}

export function checkString(where: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') refuse(where, 'a string that is not empty', value);
  return value;
}

export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(where, 'true or false', value);
  return value;
}

export function checkFunction<T>(where: string, value: T): T {
  if (typeof value !== 'function') refuse(where, 'a function', value);
  return value;
}

export function checkOneOf<T extends string>(where: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    refuse(where, `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`, value);
  }
  return value as T;
}

export function checkNumber(
  where: string,
  value: unknown,
  { min, max }: { min: number; max: number },
): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    refuse(where, `a number from ${min} to ${max}`, value);
  }
  return value;
}

export function checkWholeNumber(where: string, value: unknown, range: { min: number; max: number }): number {
  if (!Number.isInteger(checkNumber(where, value, range))) refuse(where, 'a whole number', value);
  return value as number;
}

export function checkStrings(where: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) refuse(where, 'an array of strings', value);
  return Object.freeze(value.map((item, index) => checkString(`${where}[${index}]`, item)));
}

/** A record whose values are all strings, such as parameters of a URL. */
export function checkStringRecord(where: string, value: unknown): Readonly<Record<string, string>> {
  checkObject(where, value);
  const entries = Object.entries(value).map(([key, item]) => [key, checkString(`${where}.${key}`, item)]);
  return Object.freeze(Object.fromEntries(entries));
}

/** An absolute URL on https, or on http where only this machine listens. */
export function checkUrl(where: string, value: unknown): URL {
  const text = checkString(where, value);
  const url = URL.canParse(text) ? new URL(text) : refuse(where, 'an absolute URL', value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw new ConfigurationError(
      `${where} must begin with https:// (http:// is accepted for localhost only); it is ${inspect(withoutCredentials(url))}.`,
    );
  }
  if (url.username || url.password)
    throw new ConfigurationError(`${where} must not hold a user or password.`);
  return url;
}

/** A path of this application: begins with one slash, holds no query, fragment or wildcard. */
export function checkPath(where: string, value: unknown): string {
  const path = checkString(where, value);
  if (!/^\/(?![/\\])[\w\-./~%]*$/.test(path)) refuse(where, 'a path such as "/login"', value);
  return path;
}

/** Says whether a URL names this machine: localhost, 127.0.0.0/8 or [::1]. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

export function refuse(where: string, expected: string, value: unknown): never {
  throw new ConfigurationError(`${where} must be ${expected}; it is ${describe(value)}.`);
}

/** Never prints a whole value: what was given by mistake may be a secret. */
function describe(value: unknown): string {
  if (typeof value === 'string')
    return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  if (typeof value === 'number' || typeof value === 'boolean' || value == null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function withoutCredentials(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** What begins with the key, or differs from it by a slip or two. */
function findNearest(key: string, known: readonly string[]): string | undefined {
  const written = key.toLowerCase();
  const longer = known.find((name) => written.length > 3 && name.toLowerCase().startsWith(written));
  if (longer) return longer;
  const ranked = known
    .map((name) => ({ name, distance: editDistance(written, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, key.length / 3) ? best.name : undefined;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
