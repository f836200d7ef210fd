import type { Response } from 'express';
import { noStore } from '../cache-headers.ts';

/** What is to be done before a response goes out. */
export interface CommitOptions {
  /** A response that sets this cookie is kept by no cache. */
  readonly cookieName: string;
  /** Called when the headers are about to be sent. */
  readonly beforeHeaders: () => void;
  readonly isChanged: () => boolean;
  readonly save: (done: (error?: unknown) => void) => void;
  /** Called with what went wrong, instead of sending the response, unless that has begun. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Holds a response back until the session is saved, so that nobody is told of a success that a failing store lost. One
 * that has begun to stream cannot be held back; its end waits all the same.
 *
 * @see [CVE-2025-48947](https://github.com/advisories/GHSA-f3fg-mf2q-fj3f), for the cookie
 */
export function commitBeforeResponse(res: Response, options: CommitOptions): void {
  const { cookieName, beforeHeaders, isChanged, save, onFailure } = options;
  const { end, writeHead } = res;
  let ending = false;

  const writeHeadWithCookie = (status: number, ...rest: readonly unknown[]): Response => {
    const reason = rest.filter((given) => typeof given === 'string');
    // Node lets those given here replace all others of the same name: they must be there before ours.
    setHeaders(
      res,
      rest.find((given) => typeof given === 'object' && given !== null),
    );
    beforeHeaders();
    const setCookies = [res.getHeader('Set-Cookie') ?? []].flat().map(String);
    // Whatever the application said of caching before.
    if (setCookies.some((cookie) => cookie.startsWith(`${cookieName}=`))) noStore(res);
    return writeHead.call(res, status, ...(reason as []));
  };

  const endAfterSave = (...args: Parameters<Response['end']>): Response => {
    if (ending) return res;
    ending = true;
    const goOn = () => end.apply(res, args);
    const fail = (error: unknown) => {
      // Before: an error handler of the application's has answered when it returns.
      const hasBegun = res.headersSent;
      res.end = end;
      onFailure(error);
      if (hasBegun) goOn();
    };
    try {
      // Both look into the session, which may hold what JSON cannot express, or have lost its methods.
      if (!isChanged()) return goOn();
      save((error) => (error ? fail(error) : goOn()));
    } catch (error) {
      fail(error);
    }
    return res;
  };

  res.writeHead = writeHeadWithCookie as Response['writeHead'];
  res.end = endAfterSave as Response['end'];
}

/** Sets headers in the forms that `writeHead()` takes: an object, a flat list, or a list of pairs. */
function setHeaders(res: Response, given: unknown): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given ?? {})) res.setHeader(name, value as string);
    return;
  }
  const list: unknown[] = Array.isArray(given[0]) ? given.flat() : given;
  const names = list.filter((_, index) => index % 2 === 0) as string[];
  for (const name of names) res.removeHeader(name);
  for (const [index, name] of names.entries()) res.appendHeader(name, list[2 * index + 1] as string);
}
