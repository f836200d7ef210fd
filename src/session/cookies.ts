import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Cookies, parseCookie, stringifySetCookie } from 'cookie';

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
  const given = [res.getHeader('Set-Cookie') ?? []].flat().map(String);
  const others = given.filter((cookie) => !cookie.startsWith(`${name}=`));
  res.setHeader('Set-Cookie', [...others, stringifySetCookie(name, value, attributes)]);
  res.setHeader('Cache-Control', 'no-store');
}
