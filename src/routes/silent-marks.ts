import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { type CookieAttributes, readCookies, setCookie } from '../session/cookies.ts';

/**
 * When a browser was last sent to its provider without a page, so that no page does so again and again. It is a cookie of
 * its own, unsigned: who forges it is asked less often, or sooner, and no more.
 */
export interface SilentMarks {
  /** Whether that was, or was forbidden by a logout, within so many seconds. */
  isRecent(req: Request, seconds: number): boolean;
  /** Notes that it is now. */
  write(res: Response): void;
  /** Where it has ever been: a login lets it be again. */
  noteLogin(req: Request, res: Response): void;
  /** Where it has ever been: nobody is logged in again without a word who has just logged out. */
  noteLogout(req: Request, res: Response): void;
}

/** What they are made of. */
export interface SilentMarksOptions {
  /** Begins the cookie's name. */
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
  readonly now: Clock;
}

const LOGGED_OUT = 'out';

/** Makes them. The cookie ends with the browser. */
export function createSilentMarks({ cookieName, cookiePath, https, now }: SilentMarksOptions): SilentMarks {
  const name = `${cookieName}-silent`;
  const attributes: CookieAttributes = { httpOnly: true, secure: https, sameSite: 'lax', path: cookiePath };
  let isUsed = false;
  const read = (req: Request) => readCookies(req)[name];
  const stamp = () => String(Math.floor(now() / 1000));
  const isKnown = (req: Request) => isUsed || read(req) !== undefined;

  return {
    isRecent: (req, seconds) => {
      const mark = read(req);
      if (mark === undefined) return false;
      return mark === LOGGED_OUT || Math.abs(now() / 1000 - Number(mark)) < seconds;
    },
    write: (res) => {
      isUsed = true;
      setCookie(res, name, stamp(), attributes);
    },
    noteLogin: (req, res) => {
      if (read(req) === LOGGED_OUT && !res.headersSent) setCookie(res, name, stamp(), attributes);
    },
    noteLogout: (req, res) => {
      if (isKnown(req) && !res.headersSent) setCookie(res, name, LOGGED_OUT, attributes);
    },
  };
}
