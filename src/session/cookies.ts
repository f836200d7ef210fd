import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Cookies, parseCookie, stringifySetCookie } from 'cookie';
import { noStore } from '../cache-headers.ts';
import { ConfigurationError } from '../errors.ts';

/** How a cookie of ours is set: always closed to scripts. */
export interface CookieAttributes {
  readonly httpOnly: true;
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'none';
  readonly path: string;
  /** Seconds; 0 removes the cookie. Absent: it lives as long as the browser runs. */
  readonly maxAge?: number;
}

/** The cookies of a request. Of two with one name the first counts. */
export function readCookies(req: IncomingMessage): Cookies {
  return parseCookie(req.headers.cookie ?? '');
}

/**
 * Sets a cookie once per response: an earlier value of the same name is dropped. No shared cache may keep a response
 * that sets one of ours.
 */
export function setCookie(
  res: ServerResponse,
  name: string,
  value: string,
  attributes: CookieAttributes,
): void {
  replaceCookie(res, name, stringifySetCookie(name, value, attributes));
  noStore(res);
}

/** Adds a `Set-Cookie` header that has been written already, instead of any for a cookie of the same name. */
export function replaceCookie(res: ServerResponse, name: string, header: string): void {
  dropCookie(res, name);
  res.appendHeader('Set-Cookie', header);
}

/** Takes back what a response has set for a cookie so far. */
export function dropCookie(res: ServerResponse, name: string): void {
  const given = [res.getHeader('Set-Cookie') ?? []].flat().map(String);
  const others = given.filter((cookie) => !cookie.startsWith(`${name}=`));
  if (others.length === given.length) return;
  if (others.length > 0) res.setHeader('Set-Cookie', others);
  else res.removeHeader('Set-Cookie');
}

/**
 * Makes the browser forget pages it kept for the back button: a cookie is set and taken away again, and the change
 * alone is what counts.
 */
export function invalidatePageCache(res: ServerResponse, name: string, attributes: CookieAttributes): void {
  setCookie(res, name, '1', { ...attributes, maxAge: 60 });
  res.appendHeader('Set-Cookie', stringifySetCookie(name, '', { ...attributes, maxAge: 0 }));
}

/** @throws ConfigurationError when the response has begun, and the browser cannot be given a cookie any more. */
export function checkNotBegun(res: ServerResponse, call: string): void {
  if (res.headersSent)
    throw new ConfigurationError(`${call} must be called, and awaited, before the response begins.`);
}
