/** A cookie as Playwright takes it. */
export interface BrowserCookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  /** Seconds since the epoch; -1: until the browser ends. */
  expires: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Lax' | 'None' | 'Strict';
}

/** A `Set-Cookie` header, read. */
export interface CookieLine extends BrowserCookie {
  /** Whether it takes the cookie away. */
  readonly isRemoval: boolean;
}

/**
 * Reads a `Set-Cookie` header of ours.
 *
 * @param domain - who sets it.
 * @param now - milliseconds since the epoch.
 */
export function readCookieLine(line: string, domain: string, now: number): CookieLine {
  const [pair = '', ...given] = line.split(/; */);
  const attributes = new Map(
    given.map((each) => {
      const [name = '', value = ''] = each.split('=');
      return [name.toLowerCase(), value] as const;
    }),
  );
  const maxAge = attributes.get('max-age');
  const sameSite = attributes.get('samesite');
  return {
    name: pair.slice(0, pair.indexOf('=')),
    value: pair.slice(pair.indexOf('=') + 1),
    domain,
    path: attributes.get('path') ?? '/',
    expires: maxAge === undefined ? -1 : Math.floor(now / 1000) + Number(maxAge),
    httpOnly: attributes.has('httponly'),
    secure: attributes.has('secure'),
    sameSite: sameSite?.toLowerCase() === 'none' ? 'None' : 'Lax',
    isRemoval: maxAge === '0',
  };
}
