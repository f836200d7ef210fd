import type { TraceLogout } from '../logout-trace.ts';
import type { UserSessions } from '../session/user-sessions.ts';

/** Lets those who listen see the logouts from outside. */
export function observeUserSessions(userSessions: UserSessions, trace: TraceLogout): UserSessions {
  const itself = (count: number) => count;
  return {
    list: userSessions.list,
    endByMark: (target, mark, reason) =>
      trace(reason, () => userSessions.endByMark(target, mark, reason), itself),
    revoke: (handle) => trace('revoked', () => userSessions.revoke(handle), Number),
    revokeOthers: (current) => trace('revoked', () => userSessions.revokeOthers(current), itself),
    revokeAll: (user) => trace('revoked', () => userSessions.revokeAll(user), itself),
  };
}
