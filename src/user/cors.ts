import type { IncomingMessage, ServerResponse } from 'node:http';

/** Tells browsers who may read an answer. True: it was a browser's question before a request, and has been answered. */
export type Cors = (req: IncomingMessage, res: ServerResponse) => boolean;

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** How long a browser need not ask again. */
const MAX_AGE_SECONDS = 600;
/** Names of headers, with commas between. */
const HEADER_NAMES = /^[\w\-, ]{1,512}$/;

/**
 * Lets pages of the listed origins send requests with the browser's cookies and read the answers. An origin is
 * allowed only where it is on the list, letter by letter; `*` is never said.
 *
 * @param origins - without any there is nothing to do: `undefined`.
 * @see [Fetch, CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)
 */
export function createCors(origins: ReadonlySet<string>): Cors | undefined {
  if (origins.size === 0) return undefined;
  return (req, res) => {
    // On every answer: a cache must not hand one that names nobody to an origin that is listed, nor the other way round.
    addVary(res, 'Origin');
    const { origin } = req.headers;
    if (origin === undefined || !origins.has(origin)) return false;
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Allow-Credentials', 'true');
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) {
      res.setHeader('Access-Control-Expose-Headers', 'Retry-After');
      return false;
    }
    addVary(res, 'Access-Control-Request-Headers');
    res.setHeader('Access-Control-Allow-Methods', METHODS);
    const names = req.headers['access-control-request-headers'];
    if (names !== undefined && HEADER_NAMES.test(names)) res.setHeader('Access-Control-Allow-Headers', names);
    res.setHeader('Access-Control-Max-Age', MAX_AGE_SECONDS);
    res.statusCode = 204;
    res.end();
    return true;
  };
}

function addVary(res: ServerResponse, name: string): void {
  const given = res.getHeader('Vary');
  res.setHeader('Vary', given === undefined ? name : `${given}, ${name}`);
}
