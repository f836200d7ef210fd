import type { AccessGrant, TokenExchange, TokenSet } from '../tokens.ts';

/** The login whose tokens are wanted. */
export interface TokenOwner {
  readonly sessionId: string;
  /** The key of the session in the store, where the caller knows it. */
  readonly sessionKey?: string | undefined;
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly sub: string;
}

/** What the tokens are wanted for. */
export interface TokenNeed {
  readonly minValiditySeconds: number;
  /** An access token that an API has refused: any other will do. */
  readonly rejected?: string | undefined;
  /** The resource it is for, where that is not the one that the login's own token is for (RFC 8707). */
  readonly resource?: string | undefined;
  /** What the login's own token is exchanged for. */
  readonly exchange?: TokenExchange | undefined;
}

/** Names what a token is wanted for; `undefined`: it is the login's own. No resource begins as an exchange does. */
export function nameNeed({ resource, exchange }: TokenNeed): string | undefined {
  return exchange ? JSON.stringify([exchange.audience, exchange.resource, exchange.scope]) : resource;
}

/** The tokens with the access token that is wanted in the place of the login's own; `undefined`: there is none. */
export function selectTokens(tokens: TokenSet, need: TokenNeed): TokenSet | undefined {
  const name = nameNeed(need);
  if (name === undefined) return tokens;
  const grant = tokens.others?.[name];
  // Named, for one that is absent must not leave the login's own in its place.
  return grant && { ...tokens, ...grant, accessToken: grant.accessToken };
}

/** Whether somebody has got another access token meanwhile. */
export function isOther(grant: AccessGrant, before: AccessGrant | undefined): boolean {
  if (before === undefined) return true;
  const { accessToken, receivedAt, expiresAt } = before;
  return (
    grant.accessToken !== accessToken || grant.receivedAt !== receivedAt || grant.expiresAt !== expiresAt
  );
}

/** Sessions that expire together must not refresh together: each begins up to half a minute early. */
const MAX_JITTER_MS = 30_000;
/**
 * After a refresh nobody asks for another for so long: an API that refuses every token, or tokens born expired, would
 * cost a refresh per request.
 */
const COOL_DOWN_MS = 5_000;

/**
 * Whether an access token lives as long as is needed, or no longer-lived one is to be had.
 *
 * @param key - of the session in the store.
 * @param now - in milliseconds.
 */
export function isFresh(tokens: AccessGrant, need: TokenNeed, key: string, now: number): boolean {
  if (isCoolingDown(tokens, now)) return true;
  return tokens.accessToken !== need.rejected && tokens.expiresAt - now > leastLifeOf(key, tokens, need);
}

/** Whether an access token lives, and no API has refused it. @param now - in milliseconds. */
export function isUsable(tokens: AccessGrant, need: TokenNeed, now: number): boolean {
  return tokens.accessToken !== need.rejected && tokens.expiresAt > now;
}

/** Whether a refresh has only just brought these tokens, and no better ones are to be had: what has ended since, is not. */
function isCoolingDown({ renewed, receivedAt, expiresAt }: AccessGrant, now: number): boolean {
  const isOver = expiresAt <= now && expiresAt > receivedAt;
  return renewed && !isOver && Math.abs(now - receivedAt) < COOL_DOWN_MS;
}

/** How long an access token must live still, in milliseconds. Of one too short-lived for the need, half its life. */
function leastLifeOf(key: string, tokens: AccessGrant, { minValiditySeconds }: TokenNeed): number {
  const lifeMs = tokens.expiresAt - tokens.receivedAt;
  const neededMs = minValiditySeconds * 1000 + jitterOf(key, lifeMs);
  return neededMs < lifeMs ? neededMs : lifeMs / 2;
}

/** Always the same for a session, and never more than a tenth of a short token's life. */
function jitterOf(key: string, lifeMs: number): number {
  const share = Buffer.from(key, 'base64url').readUInt32BE(0) / 2 ** 32;
  return share * Math.min(MAX_JITTER_MS, lifeMs / 10);
}
