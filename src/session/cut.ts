import { hash } from '../keys.ts';
import type { Cut, IndexName } from '../store/store.ts';
import type { Identity } from './identity.ts';

/** Whose sessions: a user's, those of one session at the provider, or where both are named, those that fit both. */
export interface SessionTarget {
  readonly issuer: string;
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
}

/**
 * The indexes that hold a login: its user's, and that of its session at the provider. A login whose ID token named no
 * such session is kept in one of its own, so that a logout that names one finds it as well.
 */
export function indexesOf({
  issuer,
  sub,
  sid,
}: Pick<Identity, 'issuer' | 'sub' | 'sid'>): readonly IndexName[] {
  return [userIndex(issuer, sub), sid === undefined ? namelessIndex(issuer, sub) : sessionIndex(issuer, sid)];
}

/** The indexes that a logout of this target must cut and search. */
export function indexesToEnd({ issuer, sub, sid }: SessionTarget): readonly IndexName[] {
  if (sid === undefined) return sub === undefined ? [] : [userIndex(issuer, sub)];
  return [sessionIndex(issuer, sid), ...(sub === undefined ? [] : [namelessIndex(issuer, sub)])];
}

/** Says whether a login belongs to the target of a logout. Without a `sid` of its own it may: in doubt, it does. */
export function isTarget(identity: Identity, { issuer, sub, sid }: SessionTarget): boolean {
  if (identity.issuer !== issuer || (sub !== undefined && identity.sub !== sub)) return false;
  return sid === undefined || identity.sid === undefined || identity.sid === sid;
}

/**
 * Says whether a logout from outside ends this login. A login that began after the logout token came is the
 * provider's later word, however long ago the person authenticated there.
 */
export function isCutBy(
  { issuedAt, authTime = issuedAt, loginStartedAt, loginId }: Identity,
  { issuedBy = -1, cameAt = Number.POSITIVE_INFINITY, startedBy = -1, except }: Cut,
): boolean {
  const isMeantByToken = Math.min(issuedAt, authTime) <= issuedBy && loginStartedAt <= cameAt;
  const isSpared = except !== undefined && loginId === except;
  return isMeantByToken || (loginStartedAt <= startedBy && !isSpared);
}

/** The same for stored cuts. One that cannot be read ends every login: in doubt, closed. */
export function isCut(identity: Identity, cuts: readonly (string | null)[]): boolean {
  return cuts.some((text) => {
    if (text === null) return false;
    try {
      return isCutBy(identity, JSON.parse(text) as Cut);
    } catch {
      return true;
    }
  });
}

function userIndex(issuer: string, sub: string): IndexName {
  return { kind: 'sub', id: hash([issuer, sub]) };
}

function sessionIndex(issuer: string, sid: string): IndexName {
  return { kind: 'sid', id: hash([issuer, sid]) };
}

function namelessIndex(issuer: string, sub: string): IndexName {
  return { kind: 'sid', id: hash([issuer, sub, 'no sid']) };
}
