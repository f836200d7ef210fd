import type { Response } from 'express';

export interface SaveBeforeResponseOptions {
  readonly isChanged: () => boolean;
  readonly save: (done: (error?: unknown) => void) => void;
  /** Called instead of sending the response. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Holds a response back until the session is saved, so that nobody is told of a success that a failing store lost.
 * express-session by itself sends headers and body first. Wraps `res.end` outside its wrapper; a response that has
 * begun to stream cannot be held back.
 */
export function saveBeforeResponse(
  res: Response,
  { isChanged, save, onFailure }: SaveBeforeResponseOptions,
): void {
  const end = res.end;
  let ending = false;

  const endAfterSave = (...args: Parameters<Response['end']>): Response => {
    if (ending) return res;
    if (res.headersSent || !isChanged()) return end.apply(res, args);
    ending = true;
    save((error) => {
      res.end = end;
      if (error) onFailure(error);
      else end.apply(res, args);
    });
    return res;
  };
  res.end = endAfterSave as Response['end'];
}
