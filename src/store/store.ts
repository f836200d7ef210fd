import type { Clock } from '../clock.ts';
import type { LogoutMark, StoredLogoutToken } from './logout-mark.ts';
import type { StoredLogin } from './record-format.ts';

/** What an ordinary request reads of a session, in one command. */
export interface StoredSession {
  readonly login: StoredLogin | undefined;
  /** The application's data as JSON; `null` when there is none. */
  readonly data: string | null;
  /** The key that the session has moved to. */
  readonly movedTo: string | undefined;
  /** The sealed tokens, where they were asked for. */
  readonly tokens?: Buffer | undefined;
  /** Something is there that cannot be read: of a later version, to be left alone, or damaged. */
  readonly unreadable: 'later_format' | 'damaged' | undefined;
}

/** What is read, and how. */
export interface ReadChoice {
  readonly mayRefuse?: boolean;
  readonly withTokens?: boolean;
}

/** Everything a login writes under its key. */
export interface LoginRecords {
  readonly identity: string;
  readonly tokens: Buffer;
  readonly data: string;
}

/** How long a session lives, in milliseconds. */
export interface SessionLife {
  readonly idleMs: number;
  /** From now on: for a login. */
  readonly absoluteMs: number;
  /** When it ends in any case, by the store's clock: for a session that takes the place of another. */
  readonly endsAt?: number | undefined;
}

/** Which session to end, and on what condition. */
export interface EndCondition {
  /** Names this attempt, and is never used again. Whoever asks again with it gets the same answer. */
  readonly owner: string;
  /** Only if its tokens are still these. */
  readonly ifTokens?: Buffer | undefined;
  /** Only if it has come to its end by the store's own clock: idle for so long, in milliseconds, or absolute. */
  readonly ifExpired?: { readonly idleMs: number } | undefined;
}

/**
 * What became of an attempt to end a session. `none`: nobody was logged in there (data without a login is gone now);
 * `conflict`: its tokens are others; `alive`: its end has not come.
 */
export type EndAnswer =
  | 'none'
  | 'conflict'
  | 'alive'
  | { readonly movedTo: string }
  | {
      /** Whether it is this attempt that ended it. Else another has, within the last minute. */
      readonly isFirst: boolean;
      /** `undefined`: it could not be read. */
      readonly login: StoredLogin | undefined;
      /** Its sealed tokens as they were in that moment. */
      readonly tokens: Buffer | undefined;
      /** That moment, by the store's clock. */
      readonly at: number;
    };

/** On what condition a session gives way: for a change of id, which must lose no tokens. */
export interface RotateCondition {
  /** Only if its tokens are still these. */
  readonly ifTokens: Buffer;
  /** Only while nobody but this owner has its lock. */
  readonly lockOwner: string;
}

/**
 * What became of an attempt to make a session point to another. `ended`: there is none any more; `conflict`: its tokens
 * are others; `locked`: somebody else is at work; another key: it has moved there before.
 */
export type RotateAnswer = 'rotated' | 'ended' | 'conflict' | 'locked' | { readonly movedTo: string };

/** A change of the tokens, and with them of the identity. */
export interface TokenSwap {
  readonly tokens: { readonly from: Buffer; readonly to: Buffer };
  readonly identity?: { readonly from: string; readonly to: string } | undefined;
  /** When the session ends from now on, in milliseconds since the epoch, if that is sooner than it would. */
  readonly endsBy?: number | undefined;
}

/**
 * `taken`: yours; `held`: somebody is at work; `abandoned`: somebody sent the refresh and has not been heard of since;
 * or a back-off that the last owner left instead of an outcome.
 */
export type LockAnswer = 'taken' | 'held' | 'abandoned' | { readonly backoff: string };

/**
 * What became of a login under way. `mine`: this attempt took it; `taken`: another did; `cancelled`: a logout came
 * first; `expired`: it is too old, or comes from the future.
 */
export type LoginTaking = 'mine' | 'taken' | 'cancelled' | 'expired';

/** The sessions of a user (`sub`), or of one session at the provider (`sid`); `id` is a hash bound to the application. */
export interface IndexName {
  readonly kind: 'sub' | 'sid';
  readonly id: string;
}

/** A part of an index, and where the next begins; `undefined`: it was the last. */
export interface IndexPage {
  readonly keys: readonly string[];
  readonly next: string | undefined;
}

/**
 * What the library keeps outside the process. `key` is a hash bound to the application, never a session id.
 *
 * Times are of the store's own clock, in milliseconds since the epoch; lives and durations are in milliseconds. A fault
 * rejects with `StoreError`, and means that the outcome is unknown: a command that was told as failed may have been
 * applied, or be applied later. So every operation may be sent twice, and then has the same effect and the same answer.
 * A missing record is no fault.
 */
export interface Store {
  /**
   * Reads a login and the application's data in one command. `mayRefuse`: for what every request asks, which is refused
   * at once while the store is silent; everything else waits for its bound. `withTokens`: the
   * sealed tokens as well, for such a request.
   */
  readSession(key: string, options?: ReadChoice): Promise<StoredSession>;
  /** Creates the records of a session, touched now, unless the key is in use. Returns what is there. */
  writeLogin(key: string, records: LoginRecords, life: SessionLife): Promise<StoredLogin | undefined>;
  /**
   * Notes the touch of a session and renews the lives of its records. Brings nothing back. The last touch moves forward
   * only; one from more than five minutes in the future is set to now. `gone`: no login is there any more: it has ended,
   * moved, or there was none.
   */
  touchSession(key: string, idleMs: number): Promise<'gone' | undefined>;
  /** Ends a session: its record becomes a mark that says who took it, kept for a minute with identity and tokens. */
  endSession(key: string, condition: EndCondition): Promise<EndAnswer>;
  /** Makes a session point to the key that takes its place, for {@link MARK_LIFE_MS}. */
  rotateSession(key: string, nextKey: string, condition?: RotateCondition): Promise<RotateAnswer>;

  /** Writes the application's data; with `mustExist` only over data that is there. False: there was none. */
  writeData(key: string, value: string, idleMs: number, options: { mustExist: boolean }): Promise<boolean>;

  /** The sealed tokens of a session that lives. */
  readTokens(key: string): Promise<Buffer | null>;
  /**
   * Replaces the tokens, and with them the identity, if both are still as they were read. Lives and times stay, but for
   * an end that comes sooner.
   *
   * `gone`: the session has ended or moved; `conflict`: somebody else replaced them.
   */
  swapTokens(key: string, swap: TokenSwap): Promise<'stored' | 'gone' | 'conflict'>;

  /** Takes the lock of a session for a while, or tells who has it. The owner gets it again. */
  acquireLock(
    key: string,
    owner: string,
    leaseMs: number,
    options?: { overBackoff?: boolean },
  ): Promise<LockAnswer>;
  /**
   * Keeps the lock for another while. `sent`: the refresh was sent, so that nobody else gets the lock until
   * {@link QUIET_MS} after the lease. False: it is not the owner's any more. One that is gone is taken again with
   * `retake` only: somebody else may have had it meanwhile.
   */
  extendLock(
    key: string,
    owner: string,
    leaseMs: number,
    options: { sent: boolean; retake?: boolean },
  ): Promise<boolean>;
  /** Gives the lock back, if it is still `owner`'s; a back-off stays in its place, for all to read. */
  releaseLock(key: string, owner: string, backoff?: { text: string; lifeMs: number }): Promise<void>;

  /**
   * Takes a login under way, once. Its age is judged by the store's clock: it must have begun at most fifteen minutes
   * ago, and at most five minutes in the future.
   */
  takeLogin(name: string, owner: string, startedAt: number): Promise<LoginTaking>;
  /** Who has taken a login: an owner or `cancelled`; `null`: nobody. */
  readLogins(names: readonly string[]): Promise<readonly (string | null)[]>;
  /** Cancels logins under way, taken or not. Returns the owners of those that were taken. */
  cancelLogins(names: readonly string[]): Promise<readonly string[]>;

  /** Adds a session to indexes, for at least so long. */
  addToIndexes(indexes: readonly IndexName[], key: string, lifeMs: number): Promise<void>;
  removeFromIndex(index: IndexName, key: string): Promise<void>;
  /**
   * Adds a session that ends at `endsAt` to indexes that have lost it, and reads the marks as {@link Store.readMarks} does:
   * a logout from outside that leaves its mark and then walks through the index finds one or is found. A full server
   * adds nothing, and that is no fault.
   */
  keepInIndexes(
    indexes: readonly IndexName[],
    session: { readonly key: string; readonly endsAt: number },
    set: string,
  ): Promise<readonly (LogoutMark | 'unreadable' | null)[]>;
  /** Walks through an index, in no order. Whatever is in it from the first page to the last is found, perhaps twice. */
  scanIndex(index: IndexName, from?: string): Promise<IndexPage>;
  /** Those that end last, at most so many. */
  readNewest(index: IndexName, limit: number): Promise<readonly string[]>;
  /** Leaves a mark for an index, beside what earlier ones said. */
  putMark(index: IndexName, mark: LogoutMark): Promise<void>;
  /**
   * Leaves a mark of the kind that anybody may leave, for any index: of all in one `set`, the newest
   * {@link MAX_OPEN_MARKS} stay. `startedBy`: see {@link LogoutMark}.
   */
  putOpenMark(set: string, index: IndexName, startedBy: number): Promise<void>;
  /** Reads the marks that logouts left for these indexes, `null` where there is none; then those in this set. */
  readMarks(
    indexes: readonly IndexName[],
    set?: string,
  ): Promise<readonly (LogoutMark | 'unreadable' | null)[]>;
  /** Remembers a logout token. Returns what was remembered for it before, or this. */
  putLogoutToken(name: string, token: StoredLogoutToken, lifeMs: number): Promise<StoredLogoutToken>;

  health(): Promise<StoreHealth>;
  /**
   * Looks at everything that an operator can set, for `auth.check()`. Absent: there is nothing to be set. `now`: the clock of
   * this process.
   */
  examine?(now: Clock): Promise<StoreExamination>;
  /** Ends the connection if it is ours. */
  close(): Promise<void>;
}

/** How the store is, as {@link Store.health} found it. */
export interface StoreHealth {
  readonly kind: 'redis' | 'memory';
  readonly ok: boolean;
  /** What an operator should mend, in plain sentences. */
  readonly warnings: readonly string[];
}

/** What {@link Store.examine} found. */
export interface StoreExamination {
  /** Where the store is, to begin a sentence with; holds no password. */
  readonly where: string;
  readonly isCluster: boolean;
  /** Why nothing came from it: then nothing else is known. */
  readonly silence: string | undefined;
  /** What it says of itself, by its own names; empty where it would not say. */
  readonly info: Readonly<Record<string, string>>;
  /** What was tried and failed, each with the message of its `StoreError`. */
  readonly failed: readonly { readonly what: string; readonly message: string }[];
  /** How long a read took, the middle one of several, in milliseconds. */
  readonly latencyMs: number | undefined;
  /** How far its clock is ahead of ours, in milliseconds. */
  readonly clockOffsetMs: number | undefined;
}

/** Records stay this long beyond their end, so that whoever comes back in time can be told why it ended. */
export const AFTERLIFE_MS = 3_600_000;

/** How long an ended session's record stays, for whoever asks again because a reply was lost. */
export const ENDED_LIFE_MS = 60_000;

/** After a lease in which a refresh was sent, nobody sends the old token for so long: the answer may be on its way. */
export const QUIET_MS = 30_000;

/** The oldest login under way that may be taken. */
export const LOGIN_LIFE_MS = 900_000;
/** How far in the future one may have begun: no two clocks that are kept together differ by more. */
export const CLOCK_SLACK_MS = 300_000;
/** That a login was taken is kept for as long as it could be taken again. */
export const TAKEN_LIFE_MS = LOGIN_LIFE_MS + CLOCK_SLACK_MS;
/**
 * How long a callback may take.
 * @see MARK_LIFE_MS
 */
export const CALLBACK_LIFE_MS = 600_000;
/** Marks of logouts and pointers live as long as the oldest login that can be taken, and its callback. */
export const MARK_LIFE_MS = LOGIN_LIFE_MS + CALLBACK_LIFE_MS;

/** How many marks of the kind that anybody may leave are kept: some 130 KB of them. */
export const MAX_OPEN_MARKS = 1000;

/** An index entry stays so long beyond its end, so that no clock that steps makes it lose a session that lives. */
export const INDEX_SLACK_MS = 86_400_000;
