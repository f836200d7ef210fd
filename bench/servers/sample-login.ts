import { randomBytes } from 'node:crypto';

/** Who is logged in, everywhere. */
export const user = {
  sub: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  email_verified: true,
};

/** All tokens of a session together, in characters. */
export const TOKEN_LENGTH = 3200;

/** Tokens for a session that is not logged in to: like those of a provider in length, and in what they compress to. */
export function createTokens() {
  return {
    access_token: createText(1300),
    id_token: createText(1000),
    refresh_token: createText(TOKEN_LENGTH - 2300),
    expires_at: Math.floor(Date.now() / 1000) + 86_400,
  };
}

/** A random text of URL-safe characters. */
export function createText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
