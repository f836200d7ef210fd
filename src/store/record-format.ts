import { FORMATS } from '../formats.ts';

/**
 * The record of a login, `s:{…}` in Redis, as text. It belongs to the store: nobody else reads its head.
 *
 * - `1 SEEN END\n…`: a login; its last touch and its absolute end in milliseconds by the store's clock, 13 digits each,
 *   then the identity. A script can move the touch in place.
 * - `> KEY`: the session has moved to another key.
 * - `x OWNER TIME\n…`: the session has ended, taken by this attempt at that time; then the record that it was.
 *
 * Another number at the front is the format of another version: left alone, for those who understand it.
 */
export type SessionRecord =
  | { readonly kind: 'login'; readonly login: StoredLogin }
  | { readonly kind: 'moved'; readonly movedTo: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'later_format' }
  | { readonly kind: 'damaged' };

/** What is stored of a login. */
export interface StoredLogin {
  /** The identity, opaque to the store. */
  readonly identity: string;
  /** When the session was last touched, in milliseconds by the store's clock. */
  readonly seenAt: number;
  /** When it ends in any case, in milliseconds by the store's clock. */
  readonly endsAt: number;
}

/** Length of the head of a login's record, its newline included. */
const HEAD_LENGTH = 30;

const DIGITS = FORMATS.record.read.join('');
const HEAD = new RegExp(`^[${DIGITS}] (\\d{13}) (\\d{13})\\n`);
const OTHER_FORMAT = new RegExp(`^(?![${DIGITS}] )[1-9]\\d{0,2} `);

/** Reads a record. `undefined`: there is none. */
export function parseSessionRecord(text: string | null): SessionRecord | undefined {
  if (text === null) return undefined;
  const head = HEAD.exec(text);
  if (head) {
    const [seenAt, endsAt] = [Number(head[1]), Number(head[2])];
    return { kind: 'login', login: { identity: text.slice(HEAD_LENGTH), seenAt, endsAt } };
  }
  if (text.startsWith('> ')) return { kind: 'moved', movedTo: text.slice(2) };
  if (text.startsWith('x ')) return { kind: 'ended' };
  return { kind: OTHER_FORMAT.test(text) ? 'later_format' : 'damaged' };
}

/** Writes the record of a login, as the scripts do. */
export function formatLogin({ identity, seenAt, endsAt }: StoredLogin): string {
  return `${FORMATS.record.written} ${formatTime(seenAt)} ${formatTime(endsAt)}\n${identity}`;
}

/** Thirteen digits, enough until the year 2286. */
export function formatTime(time: number): string {
  return String(Math.floor(time)).padStart(13, '0');
}

/** The last moment that has a place in a record. */
export const MAX_TIME = 9_999_999_999_999;

/** Reads who has taken a login under way, `used:{…}`: an owner, or `cancelled OWNER`. */
export function readTaking(text: string | null): string | null {
  return text?.startsWith('cancelled ') ? 'cancelled' : text;
}
