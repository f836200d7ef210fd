import { inspect } from 'node:util';
import { ConfigurationError } from '../errors.ts';

/** Refuses what is no object: `null`, arrays and all that is simple. */
export function checkObject(where: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(where, 'an object', value);
  }
}

/** Says whether an object is written out by hand, rather than made by somebody's class. Of any realm. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A string of at least one character. */
export function checkString(where: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') refuse(where, 'a string that is not empty', value);
  return value;
}

/** `true` or `false`; nothing that only counts as one. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(where, 'true or false', value);
  return value;
}

/** A function, returned as it is: its type, what it takes and gives, is on the caller's word. */
export function checkFunction<T>(where: string, value: unknown): T {
  if (typeof value !== 'function') refuse(where, 'a function', value);
  return value as T;
}

/** Makes the check of an option that has a few values. */
export function oneOf<const Choice extends string | number | boolean>(...choices: readonly Choice[]) {
  return (where: string, value: unknown): Choice => {
    if (choices.includes(value as Choice)) return value as Choice;
    return refuse(where, `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`, value);
  };
}

/** Makes the check of a finite number within bounds, which are allowed themselves. */
export function numberFrom(min: number, max: number) {
  return (where: string, value: unknown): number => {
    if (typeof value === 'number' && value >= min && value <= max) return value;
    return refuse(where, `a number from ${min} to ${max}`, value);
  };
}

/** Makes the check of a whole number within bounds, which are allowed themselves. */
export function wholeNumberFrom(min: number, max: number) {
  const checkNumber = numberFrom(min, max);
  return (where: string, value: unknown): number => {
    const number = checkNumber(where, value);
    return Number.isInteger(number) ? number : refuse(where, 'a whole number', value);
  };
}

/** A list of strings, none of them empty. */
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

/**
 * An absolute URL on https, or on http where only this machine listens.
 *
 * @param plainHttp - origins on http that will do as well.
 */
export function checkUrl(where: string, value: unknown, plainHttp?: ReadonlySet<string>): URL {
  const text = checkString(where, value);
  const url = URL.canParse(text) ? new URL(text) : refuse(where, 'an absolute URL', value);
  const isPlainHttp = url.protocol === 'http:' && (isLoopback(url) || plainHttp?.has(url.origin));
  if (url.protocol !== 'https:' && !isPlainHttp) {
    throw new ConfigurationError(
      `${where} must begin with https:// (http:// is accepted for localhost only); it is ${inspect(withoutCredentials(url))}.`,
    );
  }
  if (url.username || url.password)
    throw new ConfigurationError(`${where} must not hold a user or password.`);
  return url;
}

/** A list of origins such as `https://app.example.com`, which may end with a slash. */
export function checkOrigins(
  where: string,
  value: unknown,
  plainHttp?: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set(
    checkStrings(where, value).map((origin, index) => {
      const url = checkUrl(`${where}[${index}]`, origin, plainHttp);
      if (!/^[a-z]+:\/\/[^\s/?#\\]+\/?$/i.test(origin)) {
        throw new ConfigurationError(`${where}[${index}] must be an origin without a path: ${url.origin}`);
      }
      return url.origin;
    }),
  );
}

/** A list of origins on plain http, each to the letter: what is opened must be easy to see. */
export function checkPlainHttpOrigins(where: string, value: unknown): ReadonlySet<string> {
  const origins = checkStrings(where, value);
  for (const [index, origin] of origins.entries()) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url?.protocol !== 'http:' || url.origin !== origin || origin.includes('*'))
      refuse(`${where}[${index}]`, 'an origin such as "http://keycloak:8080", without a path', origin);
  }
  return new Set(origins);
}

/** A list of host names as browsers send them, such as `www.example.com` or `127.0.0.1:3000`. */
export function checkHosts(where: string, value: unknown): ReadonlySet<string> {
  return new Set(
    checkStrings(where, value).map((host, index) => {
      const url = `http://${host}`;
      const isHost = URL.canParse(url) && new URL(url).host === host.toLowerCase();
      return isHost
        ? host.toLowerCase()
        : refuse(`${where}[${index}]`, 'a host such as "www.example.com"', host);
    }),
  );
}

/** A path of this application: begins with one slash, holds no query, fragment or wildcard, nor dots to be resolved. */
export function checkPath(where: string, value: unknown): string {
  const path = checkString(where, value);
  if (!/^\/(?![/\\])[\w\-./~%]*$/.test(path)) refuse(where, 'a path such as "/login"', value);
  // Browsers ask for the path without them, which would be another one here.
  if (new URL(path, 'http://localhost').pathname !== path)
    refuse(where, 'a path without "." and ".."', value);
  return path;
}

/** Says whether a URL names this machine: localhost, 127.0.0.0/8 or [::1]. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

/** @throws ConfigurationError that says what must be given, and what kind of value came; never the value. */
export function refuse(where: string, expected: string, value: unknown): never {
  throw new ConfigurationError(`${where} must be ${expected}; it is ${describe(value)}.`);
}

/** Writes a name into a message: in one line and short, because handlers may pass on what a query brings. */
export function quoteName(name: string): string {
  const line = name.replace(/[^ -~]/g, '?');
  return `"${line.length > MAX_NAME_LENGTH ? `${line.slice(0, MAX_NAME_LENGTH)}…` : line}"`;
}

const MAX_NAME_LENGTH = 64;

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
