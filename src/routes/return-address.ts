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
 * @param ownRoutes - paths that must not be returned to: a login would loop, a logout would undo it.
 */
export function createReturnAddressReader(origin: string, ownRoutes: readonly string[]): ReturnAddressReader {
  const routes = ownRoutes.map((route) => route.toLowerCase());
  return (value) => {
    if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
    // Browsers drop tabs and newlines and read a backslash as a slash: no honest address has them.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
    if (/[\u0000-\u0020\u007f\\]/.test(value)) return undefined;
    const path = value.startsWith(`${origin}/`) ? value.slice(origin.length) : value;
    if (!path.startsWith('/') || path.startsWith('//') || !URL.canParse(path, origin)) return undefined;
    const url = new URL(path, origin);
    if (url.origin !== origin) return undefined;
    // In any case of letters, as Express finds the path where the application is mounted.
    const pathname = url.pathname.toLowerCase();
    if (routes.some((route) => pathname === route || pathname.startsWith(`${route}/`))) return undefined;
    const address = url.pathname + url.search + url.hash;
    return address.startsWith('//') || address.length > MAX_LENGTH ? undefined : address;
  };
}
