import type { DpopKey } from './dpop.ts';

/** An access token, and the key that it is bound to; without one whoever has the token can use it. */
export interface UsableToken extends Pick<TokenSet, 'dpopKey'> {
  readonly accessToken: string;
}

/** What a token is exchanged for (RFC 8693). */
export interface TokenExchange {
  /** Who the new token is for, by the provider's name for them. */
  readonly audience?: string | undefined;
  /** The same, by an absolute URI. */
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
}

/** An access token, and how long it lives. */
export type AccessGrant = Pick<
  TokenSet,
  'accessToken' | 'receivedAt' | 'expiresAt' | 'expiryAssumed' | 'renewed'
>;

/** What a provider's token endpoint answered, in our terms. Never leaves the server. */
export interface TokenSet {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Scopes granted, space-separated. */
  readonly scope: string | undefined;
  /** When the tokens came, in milliseconds. */
  readonly receivedAt: number;
  /** When the access token ends, in milliseconds. */
  readonly expiresAt: number;
  /** Whether the provider left out when it ends, so that `expiresAt` is a guess. */
  readonly expiryAssumed: boolean;
  /** Whether a refresh brought them, rather than the login. */
  readonly renewed: boolean;
  /** Access tokens for other purposes than the login's own, by the names of these. */
  readonly others?: Readonly<Record<string, AccessGrant>> | undefined;
  /** The key that all of them are bound to (RFC 9449). Absent: they are bearer tokens. */
  readonly dpopKey?: DpopKey | undefined;
}
