import { formatTime } from './record-format.ts';

/** What a logout from outside leaves behind, so that a login still under way cannot undo it. */
export interface LogoutMark {
  /** From a logout token, in seconds by the provider's clock: what it issued before is dead, and some of the rest. */
  readonly issuedBy?: number;
  /** When that token came first, in milliseconds: of what was issued later, it ends no login begun later. */
  readonly cameAt?: number;
  /** From our own "log out everywhere", in milliseconds: a login begun until then is dead. */
  readonly startedBy?: number;
  /** The one login that `startedBy` spares. */
  readonly except?: string;
}

/** What a logout token meant, and when it came first: the later of its process's clock and the store's. */
export interface StoredLogoutToken {
  /** Opaque to the store. */
  readonly meaning: string;
  /** In milliseconds. */
  readonly cameAt: number;
}

/** The later of two marks for the same sessions, each of its times by itself. The scripts do the same. */
export function mergeMarks(old: LogoutMark, mark: LogoutMark): LogoutMark {
  const merged: { -readonly [K in keyof LogoutMark]: LogoutMark[K] } = { ...mark };
  if ((old.issuedBy ?? 0) > (mark.issuedBy ?? 0)) merged.issuedBy = old.issuedBy!;
  if ((old.cameAt ?? 0) > (mark.cameAt ?? 0)) merged.cameAt = old.cameAt!;
  if ((old.startedBy ?? 0) > (mark.startedBy ?? 0)) {
    merged.startedBy = old.startedBy!;
    // Whom the later one spares is spared, and nobody else.
    delete merged.except;
    if (old.except !== undefined) merged.except = old.except;
  }
  return merged;
}

/** Reads a stored mark. What cannot be read ends every login, and under the next mark those begun before it. */
export function parseMark(text: string | null): LogoutMark | 'unreadable' | null {
  if (text === null) return null;
  try {
    const mark: unknown = JSON.parse(text);
    return isMark(mark) ? mark : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/** A time that is none would make comparisons false that end a login. */
function isMark(mark: unknown): mark is LogoutMark {
  if (typeof mark !== 'object' || mark === null || Array.isArray(mark)) return false;
  const { issuedBy = 0, cameAt = 0, startedBy = 0, except = '' } = mark as LogoutMark;
  return [issuedBy, cameAt, startedBy].every(Number.isFinite) && typeof except === 'string';
}

/** Writes what is remembered of a logout token, as the scripts do: when it came, 13 digits, then what it meant. */
export function formatLogoutToken({ meaning, cameAt }: StoredLogoutToken): string {
  return `${formatTime(cameAt)} ${meaning}`;
}

/** Reads it. */
export function parseLogoutToken(text: string): StoredLogoutToken {
  return { meaning: text.slice(14), cameAt: Number(text.slice(0, 13)) };
}
