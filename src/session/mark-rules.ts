import type { LogoutMark } from '../store/logout-mark.ts';
import type { Identity } from './identity.ts';

/** What a mark asks of a login. */
export type MarkedLogin = Pick<Identity, 'issuedAt' | 'authTime' | 'loginStartedAt' | 'loginId'>;

/**
 * Says whether a logout from outside ends this login. What the provider issued before the logout token is ended by it,
 * by the provider's clock alone. Of what it issued later, only a login that began before the token came, and for which
 * the person did not authenticate again since, or is not said to have: it may have been authorized before.
 */
export function isEndedBy(login: MarkedLogin, mark: LogoutMark): boolean {
  const { startedBy = -1, except } = mark;
  const isSpared = except !== undefined && login.loginId === except;
  return isEndedByToken(login, mark) || (login.loginStartedAt <= startedBy && !isSpared);
}

function isEndedByToken(
  { issuedAt, authTime = Number.NEGATIVE_INFINITY, loginStartedAt }: MarkedLogin,
  { issuedBy, cameAt = Number.POSITIVE_INFINITY }: LogoutMark,
): boolean {
  if (issuedBy === undefined) return false;
  return issuedAt < issuedBy || (Math.min(issuedAt, authTime) <= issuedBy && loginStartedAt <= cameAt);
}

/** The same for stored marks. One that cannot be read ends every login: in doubt, closed. */
export function isEndedByAny(
  login: MarkedLogin,
  marks: readonly (LogoutMark | 'unreadable' | null)[],
): boolean {
  return marks.some((mark) => mark !== null && (mark === 'unreadable' || isEndedBy(login, mark)));
}

/** What a session is told to have ended for whose logout from outside is known by its mark alone. */
export function reasonOf(
  login: MarkedLogin,
  marks: readonly (LogoutMark | 'unreadable' | null)[],
): 'back_channel' | 'revoked' {
  const isByToken = marks.some(
    (mark) => mark !== null && mark !== 'unreadable' && isEndedByToken(login, mark),
  );
  return isByToken ? 'back_channel' : 'revoked';
}

/** A mark for a login whose session lives: it began before, whatever the clock of its process says. */
export function markForLiveSessions(mark: LogoutMark): LogoutMark {
  return mark.startedBy === undefined ? mark : { ...mark, startedBy: Number.POSITIVE_INFINITY };
}
