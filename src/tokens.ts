/** What a provider's token endpoint answered, in our terms. Never leaves the server. */
export interface TokenSet {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly idToken: string | undefined;
  /** Scopes granted, space-separated. */
  readonly scope: string | undefined;
  /** When the access token ends, in milliseconds; absent when the provider did not say. */
  readonly expiresAt: number | undefined;
}
