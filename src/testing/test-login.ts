/** The tokens of a login, as `logInAs()` takes them and `issueTokens()` of a test provider makes them. */
export interface TestTokens {
  /** @default a text that no provider knows */
  accessToken?: string | undefined;
  /** @default none */
  refreshToken?: string | undefined;
  /** @default none */
  idToken?: string | undefined;
  /** Seconds until the access token ends; 0 or less: it has. @default 3600 */
  expiresIn?: number | undefined;
  /** What was granted. @default the scope of the provider's options */
  scope?: string | undefined;
}
