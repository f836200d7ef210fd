import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { exchange } from './http-exchange.ts';

/** Headers of one request. `undefined` leaves out what a browser would send by itself. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** What a provider sent the browser back with: see `OpenIdProvider.signIn()`. */
export type Callback =
  | { method: 'GET'; url: string }
  | { method: 'POST'; url: string; body: URLSearchParams };

/** A browser without a window, on one application. */
export interface BrowserClient {
  readonly jar: CookieJar;
  /** Opens a page as if its address had been typed. Redirects are not followed. */
  get(path: string, headers?: RequestHeaders): Promise<Response>;
  /** Sends a form of the application's own page. Header names in lower case replace the standard ones. */
  post(path: string, form?: FormFields, headers?: RequestHeaders): Promise<Response>;
  /**
   * Brings a provider's answer to the application, coming from another site. A form that fits no login is asked for
   * once more by GET, which brings the session's cookie; that is followed.
   */
  deliver(callback: Callback, headers?: RequestHeaders): Promise<Response>;
  /** Any other request. A body that is no form is sent as it is. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

export type FormFields = URLSearchParams | Readonly<Record<string, string>>;

export interface RequestOptions {
  headers?: RequestHeaders;
  body?: FormFields | string;
  signal?: AbortSignal;
}

/**
 * Creates a browser with a jar of its own, or with a given one.
 *
 * Which cookies go with a request follows from its `sec-fetch-site` header: `cross-site` holds back what SameSite
 * holds back.
 */
export function createBrowser(origin: string, jar: CookieJar = createCookieJar()): BrowserClient {
  const send = async (method: string, path: string, options: RequestOptions = {}): Promise<Response> => {
    const url = new URL(path, origin);
    const form = typeof options.body === 'object' ? new URLSearchParams(options.body) : undefined;
    const body = form ? form.toString() : (options.body as string | undefined);
    const given = dropUndefined({
      ...NAVIGATION,
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...options.headers,
    });
    const cookie = jar.header(url, { crossSite: given['sec-fetch-site'] === 'cross-site', method });
    const headers = {
      ...(cookie && { cookie }),
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      ...given,
    };
    const response = await exchange({ method, url, headers, body, signal: options.signal });
    jar.store(url, response.headers.getSetCookie());
    return response;
  };

  return {
    jar,
    request: send,
    get: (path, headers) => send('GET', path, { headers }),
    post: (path, form = {}, headers) =>
      send('POST', path, { body: form, headers: { origin, 'sec-fetch-site': 'same-origin', ...headers } }),
    async deliver(callback, headers) {
      if (callback.method === 'GET') {
        return send('GET', callback.url, { headers: { 'sec-fetch-site': 'cross-site', ...headers } });
      }
      const crossSite = { origin: 'https://provider.example', 'sec-fetch-site': 'cross-site' };
      const answer = await send('POST', callback.url, {
        body: callback.body,
        headers: { ...crossSite, ...headers },
      });
      const next = new URL(answer.headers.get('location') ?? '/', origin);
      if (next.pathname !== new URL(callback.url).pathname) return answer;
      return send('GET', next.href, { headers: { 'sec-fetch-site': 'cross-site' } });
    },
  };
}

/** What browsers add when a page is opened from the address bar. */
const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

function dropUndefined(headers: RequestHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined),
  );
}
