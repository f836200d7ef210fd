/** Longer ones are dropped: they must fit the header of a redirect beside its cookies. */
const MAX_LENGTH = 2048;

/** Finds the path to return to, or `undefined` when a value must not be followed. */
export type ReturnAddressReader = (value: unknown) => string | undefined;

/**
 * Reads return addresses: paths of this origin, as a browser will understand them.
 *
 * What is emitted is the parsed and re-serialised form, never the text that came, so that browser and check cannot
 * differ; and that form is looked at again, since `/.//evil.example` is a path of ours whose normal form is not.
 *
 * @param ownRoutes - paths that must not be returned to, nor what is below them: a login would loop, a logout would
 * undo it. Of one that ends in a slash itself nothing is below.
 */
export function createReturnAddressReader(origin: string, ownRoutes: readonly string[]): ReturnAddressReader {
  const routes = ownRoutes.map((route) => ({ path: readAsRouter(route), isFolder: !route.endsWith('/') }));
  return (value) => {
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
    // Browsers drop tabs and newlines and read a backslash as a slash: no honest address has them.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    if (/[\u0000-\u0020\u007f\\]/.test(value)) return undefined;
    const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value;
    if (!path.startsWith('/') || path.startsWith('//') || !URL.canParse(path, origin)) return undefined;
    const url = new URL(path, origin);
    if (url.origin !== origin) return undefined;
    const reached = readAsRouter(url.pathname);
    const isOwn = routes.some(
      ({ path: own, isFolder }) => reached === own || (isFolder && reached.startsWith(`${own}/`)),
    );
    if (isOwn) return undefined;
    const address = url.pathname + url.search + url.hash;
    return address.startsWith('//') || address.length > MAX_LENGTH ? undefined : address;
  };
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
