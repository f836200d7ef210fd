import { LoginError } from '../errors.ts';
import type { FoundLogin } from './pending-logins.ts';

/** A login under way that cannot be finished any more. */
export type OverLogin = Extract<FoundLogin, { outcome: 'expired' | 'changed' | 'cancelled' }>;

/** What is said of it. One that ended by itself knows the way back. */
export function describeOver(found: OverLogin): LoginError {
  if (found.outcome === 'cancelled')
    return new LoginError('A logout of this browser came first.', { code: 'login_ended' });
  const { returnTo } = found.login;
  const needsOperator = found.outcome === 'expired' && found.clocksDiffer;
  return new LoginError(findMessage(found), { code: 'login_expired', returnTo, needsOperator });
}

function findMessage(found: Exclude<OverLogin, { outcome: 'cancelled' }>): string {
  if (found.outcome === 'changed') return 'The provider is configured otherwise than when this login began.';
  return found.clocksDiffer ? CLOCKS_DIFFER : 'The login waited for more than fifteen minutes.';
}

const CLOCKS_DIFFER =
  'The login is too old by the clock of Redis, or comes from the future: set the clocks of Redis and of all processes.';
