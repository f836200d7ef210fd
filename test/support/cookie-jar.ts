import { CookieJar as Jar, MemoryCookieStore, Cookie as ToughCookie } from 'tough-cookie';

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

/** Creates a jar. As browsers do, it treats plain http on loopback like https, and ignores ports. */
export function createCookieJar(initial: readonly Cookie[] = []): CookieJar {
  const store = new MemoryCookieStore();
  const jar = new Jar(store);
  const put = (cookie: Cookie) => void store.putCookie(toTough(cookie));
  const all = () =>
    listAll(store)
      .map(fromTough)
      .filter(({ expiresAt }) => expiresAt > Date.now());
  const remove = ({ name, domain, path }: Cookie) => void store.removeCookie(domain, path, name);
  initial.forEach(put);

  return {
    store(url, setCookies) {
      for (const line of setCookies) {
        const cookie = ToughCookie.parse(line);
        if (!cookie) continue;
        completeAsBrowsersDo(cookie);
        if (isAcceptable(cookie)) jar.setCookieSync(cookie, new URL(url), { ignoreError: true });
      }
    },
    header(url, { crossSite = false, method = 'GET' } = {}) {
      const mayBeLax = /^(GET|HEAD)$/i.test(method);
      const sameSiteContext = !crossSite ? 'strict' : mayBeLax ? 'lax' : 'none';
      return jar.getCookieStringSync(new URL(url), { sameSiteContext }) || undefined;
    },
    all,
    get: (name) => all().find((cookie) => cookie.name === name),
    set: (cookie) => put({ ...SESSION_COOKIE, ...cookie }),
    delete: (name) =>
      all()
        .filter((cookie) => cookie.name === name)
        .forEach(remove),
    clear: () => void store.removeAllCookies(),
    clone: () => createCookieJar(all()),
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

function completeAsBrowsersDo(cookie: ToughCookie): void {
  // The library takes a cookie that names no SameSite for None, and lets Max-Age begin anew at each use.
  cookie.sameSite ??= 'lax';
  if (typeof cookie.maxAge !== 'number') return;
  cookie.expires = new Date(cookie.maxAge > 0 ? Date.now() + cookie.maxAge * 1000 : 0);
  cookie.maxAge = null;
}

/** What the library does not check: SameSite=None wants Secure, and `__Host-Http-` and `__Http-` want HttpOnly. */
function isAcceptable({ key, sameSite, secure, httpOnly }: ToughCookie): boolean {
  if (sameSite === 'none' && !secure) return false;
  return !/^__(host-)?http-/i.test(key) || (secure && httpOnly);
}

function listAll(store: MemoryCookieStore): ToughCookie[] {
  let found: ToughCookie[] = [];
  store.getAllCookies((_error, cookies) => {
    found = cookies ?? [];
  });
  return found;
}

function fromTough(cookie: ToughCookie): Cookie {
  const { key, value, hostOnly, secure, httpOnly, sameSite } = cookie;
  return {
    ...{ name: key, value, secure, httpOnly },
    domain: cookie.domain ?? '',
    path: cookie.path ?? '/',
    hostOnly: hostOnly ?? true,
    sameSite: (sameSite ?? 'lax') as Cookie['sameSite'],
    expiresAt: cookie.expiryTime() ?? Number.POSITIVE_INFINITY,
  };
}

function toTough({ name, expiresAt, ...cookie }: Cookie): ToughCookie {
  const expires = Number.isFinite(expiresAt) ? new Date(expiresAt) : 'Infinity';
  return new ToughCookie({ ...cookie, key: name, expires, creation: new Date() });
}
