export interface Cookie {
  name: string;
  value: string;
  /** The host, or the domain when the cookie was given one. */
  domain: string;
  hostOnly: boolean;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  /** In milliseconds since the epoch; infinite for a cookie that ends with the browser. */
  expiresAt: number;
}

/** What decides whether a browser adds a cookie to a request. */
export interface RequestSource {
  /** Whether another site caused the request. @default false */
  crossSite?: boolean;
  /** @default 'GET' */
  method?: string;
}

/** The cookies of one browser, by the rules of RFC 6265bis that tests can observe. */
export interface CookieJar {
  /** Keeps what the `Set-Cookie` lines of an answer from `url` say, and drops what a browser would refuse. */
  store(url: string | URL, setCookies: readonly string[]): void;
  /** The value of the `Cookie` header, or undefined when no cookie fits. */
  header(url: string | URL, source?: RequestSource): string | undefined;
  /** All living cookies. */
  all(): Cookie[];
  /** The living cookie of that name. */
  get(name: string): Cookie | undefined;
  /** Puts a cookie in by hand. */
  set(cookie: Pick<Cookie, 'name' | 'value' | 'domain'> & Partial<Cookie>): void;
  delete(name: string): void;
  clear(): void;
  /** A second browser with the same cookies. */
  clone(): CookieJar;
}

/**
 * Creates a jar. As browsers do, it treats plain http on loopback like https, and ignores ports.
 *
 * @param now The current time in milliseconds.
 */
export function createCookieJar(now: () => number = Date.now, initial: readonly Cookie[] = []): CookieJar {
  let cookies = [...initial];
  const remove = (gone: (cookie: Cookie) => boolean) => {
    cookies = cookies.filter((cookie) => !gone(cookie));
  };
  const put = (cookie: Cookie) => {
    remove((old) => old.name === cookie.name && old.domain === cookie.domain && old.path === cookie.path);
    cookies.push(cookie);
  };
  const all = () => {
    remove((cookie) => cookie.expiresAt <= now());
    return [...cookies];
  };

  return {
    store(url, setCookies) {
      const from = new URL(url);
      for (const line of setCookies) {
        const cookie = parseSetCookie(line, from, now());
        if (isAcceptable(cookie, from)) put(cookie);
      }
    },
    header(url, source = {}) {
      const target = new URL(url);
      const fitting = all().filter((cookie) => fits(cookie, target, source));
      fitting.sort((a, b) => b.path.length - a.path.length);
      return fitting.map(({ name, value }) => `${name}=${value}`).join('; ') || undefined;
    },
    all,
    get: (name) => all().find((cookie) => cookie.name === name),
    set: (cookie) => put({ ...SESSION_COOKIE, ...cookie }),
    delete: (name) => remove((cookie) => cookie.name === name),
    clear: () => remove(() => true),
    clone: () => createCookieJar(now, all()),
  };
}

const SESSION_COOKIE = {
  hostOnly: true,
  path: '/',
  secure: false,
  httpOnly: false,
  sameSite: 'lax',
  expiresAt: Number.POSITIVE_INFINITY,
} as const;

function parseSetCookie(line: string, from: URL, now: number): Cookie {
  const [pair = '', ...rest] = line.split(';');
  const [name, value] = splitOnce(pair);
  const attributes = new Map(
    rest.map((attribute) => {
      const [key, text] = splitOnce(attribute);
      return [key.toLowerCase(), text];
    }),
  );
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase();
  const path = attributes.get('path');
  return {
    name,
    value,
    domain: domain || from.hostname,
    hostOnly: !domain,
    path: path?.startsWith('/') ? path : findDefaultPath(from),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: readSameSite(attributes.get('samesite')),
    expiresAt: readExpiry(attributes, now),
  };
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function findDefaultPath(from: URL): string {
  return from.pathname.slice(0, Math.max(1, from.pathname.lastIndexOf('/')));
}

/** A cookie that names no SameSite is treated as Lax. */
function readSameSite(text = 'lax'): Cookie['sameSite'] {
  const value = text.toLowerCase();
  return value === 'strict' || value === 'none' ? value : 'lax';
}

function readExpiry(attributes: ReadonlyMap<string, string>, now: number): number {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

function isAcceptable(cookie: Cookie, from: URL): boolean {
  if (!cookie.hostOnly && !isHostWithin(from.hostname, cookie.domain)) return false;
  if (cookie.secure && !isTrustworthy(from)) return false;
  if (cookie.sameSite === 'none' && !cookie.secure) return false;
  if (/^__secure-/i.test(cookie.name)) return cookie.secure;
  if (/^__host-/i.test(cookie.name)) return cookie.secure && cookie.hostOnly && cookie.path === '/';
  return true;
}

function fits(cookie: Cookie, target: URL, { crossSite = false, method = 'GET' }: RequestSource): boolean {
  const sameHost = target.hostname === cookie.domain;
  if (!sameHost && (cookie.hostOnly || !isHostWithin(target.hostname, cookie.domain))) return false;
  if (!isPathWithin(target.pathname, cookie.path)) return false;
  if (cookie.secure && !isTrustworthy(target)) return false;
  if (!crossSite || cookie.sameSite === 'none') return true;
  return cookie.sameSite === 'lax' && /^(GET|HEAD)$/i.test(method);
}

function isHostWithin(host: string, domain: string): boolean {
  const isAddress = /^[\d.]+$|:/.test(host);
  return host === domain || (!isAddress && host.endsWith(`.${domain}`));
}

function isPathWithin(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(hostname);
}
