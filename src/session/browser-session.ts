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
  /** Who was logged in when the request came, where a refresh of the tokens ended that. */
  readonly lost: Identity | undefined;
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
  /** The tokens, where they were read with it and nobody has taken them: see {@link takeTokens}. */
  readonly tokens: ReadTokens | undefined;
}

/** Sealed tokens, and when they were read, by the monotonic clock. */
export interface ReadTokens {
  readonly sealed: Buffer;
  readonly at: number;
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
  lost,
  identity,
  data = null,
  expired,
  isDamaged = false,
  fault,
  tokens,
}: Partial<BrowserSession> = {}): BrowserSession {
  return { id, key, lost, identity, data, expired, isDamaged, fault, tokens };
}

/** Makes another session, or that of nobody, the one of this browser. What was read before may be old. */
export function setCurrentSession(browser: BrowserSession, state: Partial<BrowserSession> = {}): void {
  Object.assign(browser, createBrowserSession({ ...state, tokens: undefined }));
}

/** So long after the session was read its tokens are as good as read again, in milliseconds. */
const TOKENS_LIFE_MS = 100;

/**
 * Takes the sealed tokens that were read with the session, which lived then. `undefined`: they must be read now, as for
 * whoever asks a second time, or late.
 *
 * @param time - by the monotonic clock.
 */
export function takeTokens(browser: BrowserSession, time: number): Buffer | undefined {
  const { tokens } = browser;
  if (!tokens) return undefined;
  forgetTokens(browser);
  return time - tokens.at <= TOKENS_LIFE_MS ? tokens.sealed : undefined;
}

/** Lets nobody use tokens that were read with the session: there may be newer ones. */
export function forgetTokens(browser: BrowserSession): void {
  Object.assign(browser, { tokens: undefined });
}
