import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** Where a request came from: a page of ours (or the person directly), one of somebody else's, or it does not say. */
export type RequestSource = 'own' | 'foreign' | 'unknown';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Says whether a request may change something. A WebSocket may, whatever its method says. */
export function isUnsafe(req: IncomingMessage): boolean {
  return !SAFE_METHODS.has(req.method ?? '') || req.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Says whether this request is a person opening a page in a tab, who can be sent elsewhere to log in. A fetch, an
 * image, a frame or an API client cannot. Browsers say it by Fetch Metadata; of others, those that would rather have a
 * page than JSON.
 *
 * @see [Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)
 */
export function isNavigation(req: Request): boolean {
  if (req.method !== 'GET' || isPrefetch(req)) return false;
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest = 'document' } = req.headers;
  if (mode !== undefined) return mode === 'navigate' && dest === 'document';
  if (req.headers['x-requested-with'] !== undefined) return false;
  return findPreference(req) === 'page';
}

/** Says whether a person sent a form in a tab: it cannot be sent again after a login, but they can be told. */
export function isFormPost(req: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest = 'document' } = req.headers;
  return req.method === 'POST' && mode === 'navigate' && dest === 'document';
}

/** A browser that loads ahead, without anybody having asked for it. */
export function isPrefetch(req: IncomingMessage): boolean {
  const purpose = req.headers['sec-purpose'] ?? req.headers.purpose ?? req.headers['x-moz'];
  return typeof purpose === 'string' && purpose.includes('prefetch');
}

/** An image, a frame, a style, …: our pages may show such things of others, at any address. */
export function isSubresource(req: IncomingMessage): boolean {
  const dest = req.headers['sec-fetch-dest'];
  return dest !== undefined && dest !== 'document' && dest !== 'empty';
}

/**
 * Tells the source of a request by `Sec-Fetch-Site`, else by `Origin`, else by `Referer`. A sibling subdomain is
 * foreign unless it is trusted.
 */
export function findSource(req: IncomingMessage, trusted: ReadonlySet<string>): RequestSource {
  const { 'sec-fetch-site': site, origin, referer } = req.headers;
  if (site === 'same-origin' || site === 'none') return 'own';
  if (origin !== undefined) return trusted.has(origin) ? 'own' : 'foreign';
  if (site !== undefined) return 'foreign';
  if (referer === undefined) return 'unknown';
  return URL.canParse(referer) && trusted.has(new URL(referer).origin) ? 'own' : 'foreign';
}

/** Says whether the client is a script that reads JSON rather than a browser that shows pages. */
export function wantsJson(req: Request): boolean {
  const mode = req.headers['sec-fetch-mode'];
  if (mode !== undefined) return mode !== 'navigate';
  return findPreference(req) === 'json';
}

/**
 * What a client asks for by name, the better liked first. A wildcard names nothing, nor does a header that is missing
 * or cannot be read: those clients are shown pages, and are not sent to log in.
 *
 * @see [RFC 9110, section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)
 */
function findPreference(req: Request): 'page' | 'json' | undefined {
  for (const accepted of req.accepts()) {
    const type = accepted.toLowerCase();
    if (type === 'text/html' || type === 'application/xhtml+xml') return 'page';
    if (type === 'application/json' || type.endsWith('+json')) return 'json';
  }
  return undefined;
}
