import { reviveClaims, type UserClaims } from '../claims.ts';
import type { LoginFacts } from '../events.ts';
import type { LoginDemands } from '../freshness.ts';
import type { StoredLogin } from '../store/record-format.ts';

/** Who is logged in: what a login proved, kept apart from anything the application can write. */
export interface Identity {
  /** Names this login through all its session ids. */
  readonly loginId: string;
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly issuer: string;
  /** The client that the login was for. */
  readonly clientId: string;
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
  /** The methods by which the person proved who they are (RFC 8176). */
  readonly amr?: readonly string[] | undefined;
  /** The scopes that were granted, with spaces between. */
  readonly scope?: string | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime?: number | undefined;
  /** What this login, and those just before it, were asked for: no guard asks for the same again at once. */
  readonly answered?: readonly LoginDemands[] | undefined;
  /** When the ID token was issued: seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
  /** When the login began and when it was done, in milliseconds by the clocks of the processes that saw it. */
  readonly loginStartedAt: number;
  readonly loggedInAt: number;
  /** When the session ends in any case, in milliseconds by the store's clock. */
  readonly absoluteEnd: number;
}

/** An identity as it is made, before the store has said when its session ends. */
export type NewIdentity = Omit<Identity, 'absoluteEnd'>;

/** What an identity must fit to count: a provider of the options, by what it is rather than by its name. */
export interface KnownClient {
  readonly issuer: string;
  readonly clientId: string;
}

/** Reads a stored login as somebody who counts here. `undefined`: nobody does. */
export type IdentityReader = (login: StoredLogin | undefined) => Identity | undefined;

/**
 * Names the client that a login was for, as it is called now; `undefined`: it is not among them any more. Its name alone
 * says nothing: another may have it by now, which must not be given what is this one's.
 *
 * @param clients - by their names in the options.
 */
export function nameClientOf(
  { provider: name, issuer, clientId }: Pick<Identity, 'provider' | 'issuer' | 'clientId'>,
  clients: ReadonlyMap<string, KnownClient>,
): string | undefined {
  const isIt = (client: KnownClient | undefined) =>
    client !== undefined && client.issuer === issuer && client.clientId === clientId;
  if (isIt(clients.get(name))) return name;
  for (const [other, client] of clients) if (isIt(client)) return other;
  return undefined;
}

/**
 * A login counts only where its issuer and client are configured, under whatever name: a provider that was taken out of
 * the options leaves nobody logged in.
 *
 * @param clients - by their names in the options.
 */
export function createIdentityReader(clients: ReadonlyMap<string, KnownClient>): IdentityReader {
  return (login) => {
    const identity = login && decodeIdentity(login);
    const provider = identity && nameClientOf(identity, clients);
    if (provider === undefined) return undefined;
    return provider === identity!.provider ? identity : { ...identity!, provider };
  };
}

/** Finds the clients of an issuer, each once. */
export function createClientFinder(
  clients: ReadonlyMap<string, KnownClient>,
): (issuer: string) => readonly string[] {
  return (issuer) => {
    const ofIssuer = [...clients.values()].filter((client) => client.issuer === issuer);
    return [...new Set(ofIssuer.map(({ clientId }) => clientId))];
  };
}

/** Writes an identity for the store, which keeps its end beside it. */
export function encodeIdentity({
  absoluteEnd: _,
  ...identity
}: NewIdentity & { absoluteEnd?: number }): string {
  return JSON.stringify(identity);
}

/** Reads a stored identity, whoever it is of. `undefined`: it is damaged. */
export function decodeIdentity({ identity, endsAt }: StoredLogin): Identity | undefined {
  const record = parse(identity);
  if (!record || !isIdentity(record)) return undefined;
  const { claims, user } = record;
  reviveClaims(claims);
  if (user) reviveClaims(user);
  // What was just parsed is nobody else's: it is completed where it is.
  return Object.assign(record, { absoluteEnd: endsAt });
}

/** What an application is told of a login beside its claims. */
export function factsOf({
  provider,
  issuer,
  acr,
  amr = [],
  authTime,
}: Pick<NewIdentity, 'provider' | 'issuer' | 'acr' | 'amr' | 'authTime'>): Omit<LoginFacts, 'kind'> {
  return { provider, issuer, acr, amr, authTime: toDate(authTime) };
}

/** A provider's time as a date. */
export function toDate(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000);
}

/** What `req.user` is. */
export function userOf({ user, claims }: Pick<Identity, 'user' | 'claims'>): Express.User {
  return user ?? (claims as Express.User);
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(record: object): record is NewIdentity {
  const login = record as Partial<NewIdentity>;
  return (
    // NaN would make comparisons false that end a session.
    Number.isFinite(login.loggedInAt) &&
    Number.isFinite(login.loginStartedAt) &&
    Number.isFinite(login.issuedAt) &&
    typeof login.loginId === 'string' &&
    typeof login.provider === 'string' &&
    typeof login.issuer === 'string' &&
    typeof login.clientId === 'string' &&
    typeof login.sub === 'string' &&
    typeof login.claims === 'object' &&
    login.claims !== null
  );
}
