import { readState } from './login-cookies.ts';

/** What a callback finds that no login of its browser waits for. */
export interface UnknownLogin {
  readonly outcome: 'unknown';
  /** For the operator. */
  readonly reason: string;
  /** Whether the set-up may be the reason: it looks like one of ours, and its cookie was not brought, or does not open. */
  readonly needsOperator: boolean;
  /** Whether its cookie gave way to that of another login of this browser: then it may be begun again, once. */
  readonly wasReplaced: boolean;
}

/**
 * Why that is so, as far as the browser's login cookies tell.
 *
 * @param cookies - `states`: what those that open may be called; one of another version of this library has two.
 */
export function describeUnknown(
  state: string,
  cookies: readonly { readonly states: readonly string[] }[],
): UnknownLogin {
  const { isOurs, isRestart } = readState(state);
  const opens = cookies.some(({ states }) => states.length > 0);
  const reason = opens ? OTHER_LOGINS : cookies.length > 0 ? NO_KEY : NO_COOKIE;
  const wasReplaced = isOurs && opens && !isRestart;
  return { outcome: 'unknown', reason, needsOperator: isOurs && !opens, wasReplaced };
}

const NO_COOKIE =
  'the browser sent no login cookie: it was opened under another name, a proxy drops cookies, or it is old';
const NO_KEY =
  'its login cookies cannot be opened: do all processes have the same secret, application and Redis?';
const OTHER_LOGINS = 'its login cookies are of other logins, or of another version of this library';
