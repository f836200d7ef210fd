import type { TokenEndpointResponse } from 'openid-client';
import type { TokenSet } from '../tokens.ts';

/** Beyond ten years an `expires_in` is a mistake; it also keeps every date valid. */
const MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** Reads a token endpoint's answer. Its shape has been checked by openid-client. */
export function readTokens(answer: TokenEndpointResponse, now: number): TokenSet {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken: answer.id_token,
    scope: answer.scope,
    expiresAt: readExpiry(answer.expires_in, now),
  };
}

/** `expires_in` is optional and often odd: zero or less means ended already, nonsense means unknown. */
function readExpiry(expiresIn: unknown, now: number): number | undefined {
  const seconds = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return undefined;
  return now + Math.min(Math.max(seconds, 0), MAX_LIFE_SECONDS) * 1000;
}
