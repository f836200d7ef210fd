import { reviveClaims, type UserClaims } from '../claims.ts';
import type { LoginDemands } from '../freshness.ts';

/** Who is logged in: what a login proved, kept apart from anything the application can write. */
export interface Identity {
  /** Names this login through all its session ids. */
  readonly loginId: string;
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly issuer: string;
  readonly sub: string;
  /** The session at the provider. */
  readonly sid?: string | undefined;
  readonly claims: UserClaims;
  /** What `mapUser` made of the claims; absent when it is the claims themselves. */
  readonly user?: Express.User | undefined;
  /** Where the login came from, as the application chose to record it. */
  readonly description?: string | undefined;
  /** Whether the session ends with the browser, whatever the options say. */
  readonly browserSession?: boolean | undefined;
  readonly acr?: string | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime?: number | undefined;
  /** What this login, and those just before it, were asked for: no guard asks for the same again at once. */
  readonly answered?: readonly LoginDemands[] | undefined;
  /** When the ID token was issued: seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
  /** When the login began and when it was done, in milliseconds by our clock. */
  readonly loginStartedAt: number;
  readonly loggedInAt: number;
  /** When the session ends in any case, in milliseconds by our clock. */
  readonly absoluteEnd: number;
}

/** Of the stored record. Another version reads as "nobody", and is left alone for those who understand it. */
const FORMAT_VERSION = 1;

export function encodeIdentity(identity: Identity): string {
  return JSON.stringify({ v: FORMAT_VERSION, ...identity });
}

/** Reads a stored identity. Anything that is not one, or has reached its absolute end, is nobody. */
export function decodeIdentity(text: string | null, now: number): Identity | undefined {
  const identity = decodeEndedIdentity(text);
  return identity && identity.absoluteEnd > now ? identity : undefined;
}

/** Reads a stored identity whether or not it counts still. */
export function decodeEndedIdentity(text: string | null): Identity | undefined {
  if (text === null || !text.startsWith('{')) return undefined;
  const record = parse(text);
  if (record?.v !== FORMAT_VERSION || !isIdentity(record)) return undefined;
  return {
    ...record,
    claims: reviveClaims(record.claims),
    user: record.user && reviveClaims(record.user),
  };
}

/** What `req.user` is. */
export function userOf({ user, claims }: Identity): Express.User {
  return user ?? (claims as Express.User);
}

/** The key that a session moved to, when this is the pointer which an id change left in its place. */
export function findSuccessor(text: string | null): string | undefined {
  return text?.startsWith(POINTER) ? text.slice(POINTER.length) : undefined;
}

const POINTER = 'moved:';

/** Says whether a stored value is damaged, rather than a pointer or the record of another version. */
export function isDamagedIdentity(text: string | null): boolean {
  if (text === null || findSuccessor(text) !== undefined) return false;
  const record = parse(text);
  return typeof record?.v !== 'number' || (record.v === FORMAT_VERSION && !isIdentity(record));
}

function parse(text: string): (Record<string, unknown> & { v?: unknown }) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(record: object): record is Identity {
  const { provider, issuer, sub, claims, ...times } = record as Partial<Identity>;
  // A time that is none would make comparisons false that end a session.
  const { absoluteEnd, loggedInAt, loginStartedAt, issuedAt } = times;
  return (
    [absoluteEnd, loggedInAt, loginStartedAt, issuedAt].every(Number.isFinite) &&
    typeof provider === 'string' &&
    typeof issuer === 'string' &&
    typeof sub === 'string' &&
    typeof claims === 'object' &&
    claims !== null
  );
}
