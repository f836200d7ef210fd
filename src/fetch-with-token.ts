import { TokenError } from './errors.ts';

/**
 * Checks that an address may be sent the access token: a token goes to places the application has named, and nowhere else
 * (RFC 6750, section 5.3).
 *
 * @param call - how the message names who asks, such as `req.auth.fetch()`.
 * @throws TokenError `token_destination`.
 */
export function checkDestination(call: string, address: string | URL, apiOrigins: ReadonlySet<string>): URL {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined;
  if (url && apiOrigins.has(url.origin)) return url;
  const problem = url
    ? `sends the access token only to origins listed in apiOrigins; ${url.origin} is not`
    : 'needs an absolute URL, of an origin listed in apiOrigins';
  throw new TokenError(`${call} ${problem}.`, 'token_destination');
}

/**
 * Redirects are handed back, not followed: the token must not travel where the application did not send it.
 *
 * @param fetch - the application's own, or Node's.
 */
export function fetchWithToken(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  url: URL,
  { init, token }: { init: RequestInit; token: string },
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(url.href, { ...init, headers, redirect: init.redirect === 'error' ? 'error' : 'manual' });
}
