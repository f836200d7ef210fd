import type { TokenEndpointResponse } from 'openid-client';
import type { Clock } from '../clock.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import type { VerifiedIdentity } from './identity-verifier.ts';
import { invalidResponse } from './provider-faults.ts';

/** Beyond ten years an `expires_in` is a mistake; it also keeps every date valid. */
const MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** An hour in seconds, read as milliseconds, is less than this. */
const SUSPICIOUS_LIFE_MS = 30_000;

/** A token endpoint's answer, its ID token beside what openid-client has read and checked of it. */
export interface TokenAnswer {
  readonly answer: TokenEndpointResponse;
  readonly idToken: unknown;
}

/**
 * Reads a token endpoint's answers.
 *
 * @throws ProviderError `provider_invalid_response` for tokens that are not Bearer tokens.
 */
export function createTokenReader(
  { defaultExpiresInSeconds, quirks }: Pick<ProviderDefinition, 'defaultExpiresInSeconds' | 'quirks'>,
  { name, now }: { name: string; now: Clock },
): (given: TokenAnswer) => TokenSet {
  let hasWarned = false;
  return (given) => {
    // openid-client takes DPoP as well, whose tokens mean nothing without a proof of ours.
    if (given.answer.token_type !== 'bearer')
      throw invalidResponse(name, 'the answer', 'its tokens are of a type other than Bearer');
    const tokens = readTokens(given, defaultExpiresInSeconds, now());
    const isSuspicious = tokens.expiresAt - tokens.receivedAt < SUSPICIOUS_LIFE_MS;
    if (quirks.expiresInUnit === 'ms' && tokens.accessToken && isSuspicious && !hasWarned) {
      hasWarned = true;
      process.emitWarning(
        `Provider "${name}" gives access tokens a life of less than 30 seconds. Does it count in seconds? Set expiresInUnit: 's'.`,
        { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_EXPIRES_IN_UNIT' },
      );
    }
    return tokens;
  };
}

function readTokens(
  { answer, idToken }: TokenAnswer,
  defaultExpiresInSeconds: number,
  now: number,
): TokenSet {
  const seconds = readSeconds(answer.expires_in);
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken: typeof idToken === 'string' && idToken !== '' ? idToken : undefined,
    scope: answer.scope,
    receivedAt: now,
    expiresAt: now + (seconds ?? defaultExpiresInSeconds) * 1000,
    expiryAssumed: seconds === undefined,
    renewed: false,
  };
}

/**
 * Applies the end that a verified access token has in itself: a guess gives way to it, and so does an answer that
 * promises a longer life, because an API looks at the token.
 */
export function applyAccessTokenExpiry(
  tokens: TokenSet,
  { accessTokenEnd }: Pick<VerifiedIdentity, 'accessTokenEnd'>,
): TokenSet {
  if (accessTokenEnd === undefined) return tokens;
  const latest = tokens.expiryAssumed ? tokens.receivedAt + MAX_LIFE_SECONDS * 1000 : tokens.expiresAt;
  return { ...tokens, expiresAt: Math.min(accessTokenEnd * 1000, latest), expiryAssumed: false };
}

/** Its oddities are gone by now: see `tidyExpiresIn()`. */
function readSeconds(expiresIn: number | undefined): number | undefined {
  return expiresIn === undefined ? undefined : Math.min(expiresIn, MAX_LIFE_SECONDS);
}
