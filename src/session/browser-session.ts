import type { StoreError } from '../errors.ts';
import type { Identity } from './identity.ts';
import type { SessionExpiry } from './session-records.ts';

/** The session of the browser behind one request, as it stands now: a login or logout changes it in place. */
export interface BrowserSession {
  /** The id in the browser's cookie, or the one just given to it. */
  readonly id: string | undefined;
  readonly identity: Identity | undefined;
  /** The application's data as JSON; `null` when there is none. */
  readonly data: string | null;
  /** Why the session that the cookie names does not count any more, where that is known. */
  readonly expiry: SessionExpiry | undefined;
  /** Why the session could not be read. Nobody knows then whether somebody is logged in. */
  readonly fault: StoreError | undefined;
}

export function createBrowserSession(state: Partial<BrowserSession> = {}): BrowserSession {
  return { id: undefined, identity: undefined, data: null, expiry: undefined, fault: undefined, ...state };
}

/** Makes another session, or none, that of this browser. */
export function moveTo(
  browser: BrowserSession,
  state: Pick<Partial<BrowserSession>, 'id' | 'identity' | 'data'>,
): void {
  Object.assign(browser, createBrowserSession(state));
}
