import type { Request } from 'express';

/**
 * Reads the query from the text of the URL: `req.query` depends on the application's settings, and a request line may
 * name a host that no URL can have.
 */
export function readQuery({ url }: Request): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
}
