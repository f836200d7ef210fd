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
 * How long a cut is kept: longer than a login waits for its callback and the callback takes, so that a login begun
 * before the cut finds it. One that takes longer all the same is refused.
 */
export const CUT_LIFE_MS = 900_000;

/**
 * Says whether a logout from outside ends this login. What the provider issued before the logout token is ended by it,
 * by the provider's clock alone. Of what it issued later, only a login that began before the token came, and for which
 * the person did not authenticate again since, or is not said to have: it may have been authorized before.
 */
export function isCutBy(
  { issuedAt, authTime = Number.NEGATIVE_INFINITY, loginStartedAt, loginId }: Identity,
  { issuedBy, cameAt = Number.POSITIVE_INFINITY, startedBy = -1, except }: Cut,
): boolean {
  const isMeantByToken =
    issuedBy !== undefined &&
    (issuedAt < issuedBy || (Math.min(issuedAt, authTime) <= issuedBy && loginStartedAt <= cameAt));
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

/** A cut for a login whose session lives: it began before, whatever the clock of its process says. */
export function forLiving(cut: Cut): Cut {
  return cut.startedBy === undefined ? cut : { ...cut, startedBy: Number.POSITIVE_INFINITY };
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
