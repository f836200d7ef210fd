/**
 * Says whether browsers send a cookie of one path to another path of its host.
 *
 * @see [RFC 6265, section 5.1.4](https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4)
 */
export function isBelowCookiePath(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.replace(/\/?$/, '/'));
}
