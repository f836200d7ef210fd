import type { Response } from 'express';

/** What is to be saved, and how. */
export interface SaveBeforeResponseOptions {
  /** `res.end` as it was before express-session wrapped it. */
  readonly plainEnd: Response['end'];
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
  { plainEnd, isChanged, save, onFailure }: SaveBeforeResponseOptions,
): void {
  const end = res.end;
  let ending = false;

  const fail = (error: unknown) => {
    // express-session's own `end` may have stopped half-way, and would answer nothing when called again.
    res.end = plainEnd;
    onFailure(error);
  };

  const endAfterSave = (...args: Parameters<Response['end']>): Response => {
    if (ending) return res;
    ending = true;
    try {
      // Both look into the session, which may hold what JSON cannot express, or have lost its methods.
      if (res.headersSent || !isChanged()) return end.apply(res, args);
      save((error) => {
        if (error) fail(error);
        else end.apply(res, args);
      });
    } catch (error) {
      fail(error);
    }
    return res;
  };
  res.end = endAfterSave as Response['end'];
}
