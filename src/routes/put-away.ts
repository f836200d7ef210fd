import type { Request, Response } from 'express';
import { hash } from '../keys.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { SessionRecords } from '../session/session-records.ts';
import type { Logout } from './logout.ts';

/**
 * Ends a session that has come to its own end, by the first request that notices, and tells which end it was. A fault
 * of the store is none: the records end by themselves. The tokens stay unrevoked: the same person may be logging in.
 */
export type PutAway = (req: Request, res: Response, browser: BrowserSession) => Promise<void>;

export function createPutAway({
  records,
  report,
}: {
  records: SessionRecords;
  report: Logout['report'];
}): PutAway {
  return async (req, res, { id, expiry }) => {
    if (!id || !expiry) return;
    const { identity } = await records.end(hash(id)).catch(() => ({ identity: undefined }));
    if (identity) await report(req, res, identity, expiry);
  };
}
