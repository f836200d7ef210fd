/** The records an ordinary request reads. `null`: not there. */
export interface SessionRecords {
  readonly auth: string | null;
  readonly data: string | null;
  /** When the session was last touched, in milliseconds; only beside an identity. */
  readonly seenAt: number | null;
}

/** Everything a login writes under its session id. */
export interface LoginRecords {
  readonly auth: string;
  readonly tokens: string;
  readonly data: string;
}

/** What became of an ended session's records. */
export interface EndedSession {
  /** The identity that was removed; `null` when there was none. */
  readonly auth: string | null;
  /** Its sealed tokens, as they were in that moment. */
  readonly tokens: string | null;
  /** The id that the session had moved to, when an id change was under way. */
  readonly movedTo: string | undefined;
}

export interface TokenSwap {
  readonly tokens: { readonly from: string; readonly to: string };
  readonly auth?: { readonly from: string; readonly to: string } | undefined;
}

/** `taken`: yours; `held`: somebody else's; a note: the last owner left it instead of an outcome. */
export type LockAnswer = 'taken' | 'held' | { readonly note: string };

/** A pending login, or why there is none to take: never there (or long gone), or taken by somebody before. */
export type TakenLogin = { readonly value: string } | 'unknown' | 'taken';

/**
 * What the library keeps outside the process. Values are opaque text here; ids are hashes, never the session id.
 *
 * Lives (`ttlMs`) are given in milliseconds from now, so that the store's own clock does not matter; other times in
 * milliseconds since the epoch. Every operation may be sent twice by a client that lost the reply, and has
 * the same effect and, where nothing else is said, the same answer then. A fault of the store rejects with `StoreError`; a missing record is no fault.
 */
export interface Store {
  /** Reads identity, application data and the last touch in one command. */
  readSession(id: string): Promise<SessionRecords>;
  /** Creates the records of a session, to expire together, touched at `seenAt`. */
  writeLogin(id: string, records: LoginRecords, ttlMs: number, seenAt: number): Promise<void>;
  /** Gives all records of a session a new life, and notes the touch beside an identity. Brings nothing back. */
  touchSession(id: string, ttlMs: number, seenAt: number): Promise<void>;
  /** Removes all records of a session. Sent again it finds none: what was removed is told once. */
  endSession(id: string): Promise<EndedSession>;
  /**
   * Ends the old id of a session that moved to `movedTo`, leaving a pointer so that a logout with the old id finds
   * the new one. False: the session had ended meanwhile.
   */
  retireSession(id: string, movedTo: string, pointerLifeMs: number): Promise<boolean>;

  /** Writes the application's data; with `mustExist` only over data that is there. */
  writeData(id: string, value: string, ttlMs: number, options: { mustExist: boolean }): Promise<void>;

  readTokens(id: string): Promise<string | null>;
  /**
   * Replaces the tokens, and with them the identity, if both are still as they were read. Lives stay as they are.
   *
   * `gone`: the session has ended; `conflict`: somebody else replaced them.
   */
  swapTokens(id: string, swap: TokenSwap): Promise<'stored' | 'gone' | 'conflict'>;
  /** Ends a session only if its tokens are still these. Answers as {@link Store.endSession}, or `conflict`. */
  endSessionWithTokens(id: string, tokens: string): Promise<EndedSession | 'conflict'>;

  /** Takes the lock of a session, or tells who holds it. The owner gets it again. */
  acquireLock(id: string, owner: string, ttlMs: number): Promise<LockAnswer>;
  /** Gives the lock back, if it is still `owner`'s; `note` stays in its place for `noteLifeMs`, for all to read. */
  releaseLock(id: string, owner: string, note?: { text: string; lifeMs: number }): Promise<void>;

  /** Keeps a pending login. */
  putLogin(id: string, value: string, ttlMs: number): Promise<void>;
  /** Takes a pending login. `taker` gets the same answer again for a minute; everybody else gets `'taken'`. */
  takeLogin(id: string, taker: string): Promise<TakenLogin>;

  /** Adds a session to an index, ordered by its absolute end, and drops those that have ended by `now`. */
  addToIndex(index: IndexName, id: string, absoluteEnd: number, now: number): Promise<void>;
  removeFromIndex(index: IndexName, id: string): Promise<void>;
  /** The sessions in an index that have not reached their absolute end. */
  readIndex(index: IndexName, now: number): Promise<readonly string[]>;
  /** Leaves a cut for an index. What an earlier one says and this one does not stays; of each, the later counts. */
  putCut(index: IndexName, cut: Cut, ttlMs: number): Promise<void>;
  /** Remembers a logout token. Returns what was remembered for it before, or `value`. */
  putLogoutToken(id: string, value: string, ttlMs: number): Promise<string>;
  /** Reads the cuts that logouts from outside left for these indexes; `null` where there is none. */
  readCuts(indexes: readonly IndexName[]): Promise<readonly (string | null)[]>;

  health(): Promise<StoreHealth>;
  /** Ends the connection if it is ours. */
  close(): Promise<void>;
}

/** What a logout from outside leaves behind, so that a login still under way cannot undo it. */
export interface Cut {
  /** From a logout token, in seconds by the provider's clock: what it issued before is dead, and some of the rest. */
  readonly issuedBy?: number;
  /** When that token came first, in milliseconds by our clock: of what was issued later, it ends no login begun later. */
  readonly cameAt?: number;
  /** From our own "log out everywhere", in milliseconds by our clock: a login begun until then is dead. */
  readonly startedBy?: number;
  /** The one login that `startedBy` spares. */
  readonly except?: string;
}

/** The sessions of a user (`sub`), or of one session at the provider (`sid`); `id` is the hash of issuer and value. */
export interface IndexName {
  readonly kind: 'sub' | 'sid';
  readonly id: string;
}

export interface StoreHealth {
  readonly kind: 'redis' | 'memory';
  readonly ok: boolean;
  /** What an operator should mend, in plain sentences. */
  readonly warnings: readonly string[];
}

/** How long the taker of a pending login may ask again: longer than any client re-sends a command. */
export const TAKEN_LOGIN_LIFE_MS = 60_000;
