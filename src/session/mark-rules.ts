import type { LogoutMark } from '../store/logout-mark.ts';
import type { Identity } from './identity.ts';

/** What a mark asks of a login. */
export type MarkedLogin = Pick<Identity, 'issuedAt' | 'authTime' | 'loginStartedAt' | 'loginId'>;

/**
 * Says whether a logout from outside ends this login. What the provider issued before the logout token is ended by it,
 * by the provider's clock alone. Of what it issued later, only a login that began before the token came, and for which
 * the person did not authenticate again since, or is not said to have: it may have been authorized before.
 */
export function isEndedBy(
  { issuedAt, authTime = Number.NEGATIVE_INFINITY, loginStartedAt, loginId }: MarkedLogin,
  { issuedBy, cameAt = Number.POSITIVE_INFINITY, startedBy = -1, except }: LogoutMark,
): boolean {
  const isMeantByToken =
    issuedBy !== undefined &&
    (issuedAt < issuedBy || (Math.min(issuedAt, authTime) <= issuedBy && loginStartedAt <= cameAt));
  const isSpared = except !== undefined && loginId === except;
  return isMeantByToken || (loginStartedAt <= startedBy && !isSpared);
}

/** The same for stored marks. One that cannot be read ends every login: in doubt, closed. */
export function isEndedByAny(
  login: MarkedLogin,
  marks: readonly (LogoutMark | 'unreadable' | null)[],
): boolean {
  return marks.some((mark) => mark !== null && (mark === 'unreadable' || isEndedBy(login, mark)));
}

/** A mark for a login whose session lives: it began before, whatever the clock of its process says. */
export function markForLiveSessions(mark: LogoutMark): LogoutMark {
  return mark.startedBy === undefined ? mark : { ...mark, startedBy: Number.POSITIVE_INFINITY };
}
