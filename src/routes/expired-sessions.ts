import type { Request, Response } from 'express';
import { hash } from '../keys.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { SessionCookie } from '../session/session-cookie.ts';
import type { SessionRecords } from '../session/session-records.ts';
import type { Logout } from './logout.ts';
import type { RevokeSealed } from './revocation.ts';

/** Puts a session away that has come to its own end, by the first request that notices, and tells which end it was. */
export type PutAway = (req: Request, res: Response, browser: BrowserSession) => Promise<void>;

export interface PutAwayOptions {
  readonly records: SessionRecords;
  readonly cookie: SessionCookie;
  readonly report: Logout['report'];
  readonly revokeSealed: RevokeSealed;
}

export function createPutAway({ records, cookie, report, revokeSealed }: PutAwayOptions): PutAway {
  return async (req, res, { id, expiry }) => {
    if (!expiry) return;
    cookie.clear(res);
    try {
      const { identity, tokens } = await records.end(hash(id!));
      if (!identity) return;
      await report(req, res, identity, expiry);
      // Nobody waits for this.
      revokeSealed(req, res, { provider: identity.provider, id: id!, tokens }).catch(() => undefined);
    } catch {
      // The records end by themselves.
    }
  };
}
