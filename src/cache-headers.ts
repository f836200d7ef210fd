import type { ServerResponse } from 'node:http';

/**
 * Says that nobody may keep this response: no shared cache, and not the browser's own.
 *
 * @see [RFC 9111, section 5.2.2.5](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5)
 */
export function noStore(res: ServerResponse): void {
  res.setHeader('Cache-Control', 'no-store');
}

/**
 * Says that a response depends on who asks: it must not be kept for somebody else. With `mayStore` a cache may keep it
 * for those who ask alike. The handler may still say otherwise; what it has said already stands.
 */
export function setPrivateCacheHeaders(res: ServerResponse, { mayStore }: { mayStore: boolean }): void {
  if (res.headersSent) return;
  const vary = res.getHeader('Vary');
  if (vary === undefined) res.setHeader('Vary', 'Cookie');
  else if (!/(^|[ ,])(cookie|\*)($|[ ,])/i.test(String(vary))) res.setHeader('Vary', `${vary}, Cookie`);
  if (!mayStore && !res.hasHeader('Cache-Control')) noStore(res);
}
