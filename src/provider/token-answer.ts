import type { TokenEndpointResponse } from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { SET_ASIDE_ID_TOKEN } from './quirks/token-answer-rules.ts';

/** Beyond ten years an `expires_in` is a mistake; it also keeps every date valid. */
const MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** Reads a token endpoint's answer, whose shape openid-client has checked. */
export function readTokens(
  answer: TokenEndpointResponse,
  { defaultExpiresInSeconds }: Pick<ProviderDefinition, 'defaultExpiresInSeconds'>,
  now: number,
): TokenSet {
  const seconds = readSeconds(answer.expires_in);
  const setAside = answer[SET_ASIDE_ID_TOKEN];
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken: answer.id_token ?? (typeof setAside === 'string' ? setAside : undefined),
    scope: answer.scope,
    receivedAt: now,
    expiresAt: now + (seconds ?? defaultExpiresInSeconds) * 1000,
    expiryAssumed: seconds === undefined,
  };
}

/** `expires_in` is optional and often odd: zero or less means ended already, nonsense means unknown. */
function readSeconds(expiresIn: unknown): number | undefined {
  const seconds = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(seconds, 0), MAX_LIFE_SECONDS);
}
