import type { Request } from 'express';
import { findSource, isUnsafe } from '../fetch-metadata.ts';
import type { BrowserSession } from '../session/browser-session.ts';

/** What it is made of. */
export interface ForgeryCheckOptions {
  readonly ownOrigins: ReadonlySet<string>;
  /** `crossOriginRoutes`: paths below the mount; one that ends in `/*` stands for all below it. */
  readonly exceptions: readonly string[];
}

/** Says whether a request is another site's doing: it would change something, in the name of this browser's session. */
export type ForgeryCheck = (req: Request, browser: BrowserSession) => boolean;

/**
 * Makes the check of every route of the application, guarded or not. A request without our cookie changes nothing in
 * anybody's name, and costs nothing here.
 *
 * @see [Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)
 */
export function createForgeryCheck({ ownOrigins, exceptions }: ForgeryCheckOptions): ForgeryCheck {
  const paths = new Set(exceptions.filter((path) => !path.endsWith('/*')));
  const folders = exceptions.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1));
  const isException = ({ path }: Request) =>
    paths.has(path) || (isPlain(path) && folders.some((folder) => path.startsWith(folder)));

  return (req, browser) =>
    browser.id !== undefined &&
    isUnsafe(req) &&
    findSource(req, ownOrigins) === 'foreign' &&
    !isException(req);
}

/** Whoever resolves dots or encoded slashes behind us would find another place than the one that was listed. */
function isPlain(path: string): boolean {
  return !/\/\.\.?(?:\/|$)|\/\/|\\|%(?:2e|2f|5c)/i.test(path);
}
