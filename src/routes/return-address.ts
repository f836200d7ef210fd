import { ConfigurationError } from '../errors.ts';

/** Longer ones are dropped: they must fit the header of a redirect beside its cookies. */
const MAX_LENGTH = 2048;

/**
 * Finds the address to return to, or `undefined` when a value must not be followed: a path of this origin, or a whole URL
 * of one of the origins that are listed.
 */
export type ReturnAddressReader = (value: unknown) => string | undefined;

/**
 * Reads return addresses, as a browser will understand them.
 *
 * What is emitted is the parsed and re-serialised form, never the text that came, so that browser and check cannot
 * differ; and that form is looked at again, since `/.//evil.example` is a path of ours whose normal form is not.
 *
 * @param ownRoutes - paths that must not be returned to, nor what is below them: a login would loop, a logout would
 * undo it. Of one that ends in a slash itself nothing is below.
 * @param returnOrigins - other origins that may be returned to, at any path.
 */
export function createReturnAddressReader(
  origin: string,
  ownRoutes: readonly string[],
  returnOrigins: ReadonlySet<string> = new Set(),
): ReturnAddressReader {
  const routes = ownRoutes.map((route) => ({ path: readAsRouter(route), isFolder: !route.endsWith('/') }));
  const isOwnRoute = (pathname: string) => {
    const reached = readAsRouter(pathname);
    return routes.some(
      ({ path, isFolder }) => reached === path || (isFolder && reached.startsWith(`${path}/`)),
    );
  };
  const others = [...returnOrigins].filter((other) => other !== origin);

  return (value) => {
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
    // Browsers drop tabs and newlines and read a backslash as a slash: no honest address has them.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    if (/[\u0000-\u0020\u007f\\]/.test(value)) return undefined;
    const other = others.find((known) => value === known || value.startsWith(`${known}/`));
    if (other !== undefined) {
      const address = readPath(value.slice(other.length) || '/', other)?.address;
      return address === undefined || other.length + address.length > MAX_LENGTH
        ? undefined
        : other + address;
    }
    const path = readPath(value.startsWith(`${origin}/`) ? value.slice(origin.length) : value, origin);
    return path === undefined || isOwnRoute(path.pathname) ? undefined : path.address;
  };
}

/**
 * The origin of another site that a value names in full, for a message; `undefined`: it names none, or is no URL. What may
 * be followed is not asked here.
 */
export function findNamedOrigin(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !/^https?:/i.test(value)) return undefined;
  return URL.canParse(value) ? new URL(value).origin : undefined;
}

/** What the author of a handler is told whose `returnTo` leads elsewhere. */
export function foreignAddress(call: string, origin: string): ConfigurationError {
  return new ConfigurationError(
    `${call}: returnTo is of ${origin}, which is neither baseUrl nor listed in returnOrigins. The browser is not sent there.`,
  );
}

/** A path of this origin, in the form it is followed in. */
function readPath(path: string, origin: string): { pathname: string; address: string } | undefined {
  if (!path.startsWith('/') || path.startsWith('//')) return undefined;
  const url = parse(path, origin);
  if (url?.origin !== origin) return undefined;
  const address = url.pathname + url.search + url.hash;
  if (address.startsWith('//') || address.length > MAX_LENGTH) return undefined;
  return { pathname: url.pathname, address };
}

/** To ask whether it can be read would be to read it twice. */
function parse(path: string, origin: string): URL | undefined {
  try {
    return new URL(path, origin);
  } catch {
    return undefined;
  }
}

/**
 * The path as the most lenient of those may read it that stand between a browser and our routes: Express takes mount
 * paths in any case of letters, Express 4 drops a slash behind them, and proxies decode, merge slashes, resolve dots
 * and cut parameters off. Only for comparison.
 */
function readAsRouter(pathname: string): string {
  const decoded = pathname.replace(/%([\da-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const segments: string[] = [];
  for (const segment of decoded.toLowerCase().split(/[/\\]/)) {
    const name = /^[^;?#\0]*/.exec(segment)![0];
    if (name === '..') segments.pop();
    else if (name !== '' && name !== '.') segments.push(name);
  }
  return `/${segments.join('/')}`;
}
