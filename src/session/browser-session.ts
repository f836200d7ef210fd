import type { StoreError } from '../errors.ts';
import type { Identity } from './identity.ts';
import type { SessionExpiry } from './session-records.ts';

/**
 * The session of the browser behind one request, as it stands now. A login, a logout or a change of id changes it, by
 * {@link setCurrentSession} alone.
 */
export interface BrowserSession extends SessionState {
  readonly id: string | undefined;
  /** The key under which it was read; `undefined` where it came about in another way. */
  readonly key: string | undefined;
}

/** What was found under a session id. */
export interface SessionState {
  /** Who is logged in. */
  readonly identity: Identity | undefined;
  /** The application's data as JSON; `null` when there is none. */
  readonly data: string | null;
  /** A login that has come to its end by the clock of this process. It counts only if the store's clock says otherwise. */
  readonly expired: ExpiredLogin | undefined;
  /** Whether what is stored could not be read, and is to be removed. */
  readonly isDamaged: boolean;
  /** Why the session could not be read. Nobody knows then whether somebody is logged in. */
  readonly fault: StoreError | undefined;
}

/** A login that seems to be over. */
export interface ExpiredLogin {
  readonly identity: Identity;
  readonly data: string | null;
  readonly expiry: SessionExpiry;
}

/** Makes the session of a browser: that of nobody, but for what is given. */
export function createBrowserSession({
  id,
  key,
  identity,
  data = null,
  expired,
  isDamaged = false,
  fault,
}: Partial<BrowserSession> = {}): BrowserSession {
  return { id, key, identity, data, expired, isDamaged, fault };
}

/** Makes another session, or that of nobody, the one of this browser. */
export function setCurrentSession(browser: BrowserSession, state: Partial<BrowserSession> = {}): void {
  Object.assign(browser, createBrowserSession(state));
}
