import type { TokenEndpointResponse } from 'openid-client';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import type { Proof } from './identity-proof.ts';
import { SET_ASIDE_ID_TOKEN } from './quirks/token-answer-rules.ts';

/** Beyond ten years an `expires_in` is a mistake; it also keeps every date valid. */
const MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** An hour in seconds, read as milliseconds, is less than this. */
const SUSPICIOUS_LIFE_MS = 30_000;

/** Reads a token endpoint's answers, whose shape openid-client has checked. */
export function createTokenReader(
  { defaultExpiresInSeconds, quirks }: Pick<ProviderDefinition, 'defaultExpiresInSeconds' | 'quirks'>,
  { name, now }: { name: string; now: Clock },
): (answer: TokenEndpointResponse) => TokenSet {
  let hasWarned = false;
  return (answer) => {
    if (answer.token_type !== 'bearer') {
      // openid-client takes DPoP as well, whose tokens mean nothing without a proof of ours.
      throw new ProviderError(`Provider "${name}" answered with tokens of a type other than Bearer.`, {
        code: 'provider_invalid_response',
        provider: name,
      });
    }
    const tokens = readTokens(answer, defaultExpiresInSeconds, now());
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

function readTokens(answer: TokenEndpointResponse, defaultExpiresInSeconds: number, now: number): TokenSet {
  const seconds = readSeconds(answer.expires_in);
  const setAside = answer[SET_ASIDE_ID_TOKEN];
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    idToken: answer.id_token ?? (typeof setAside === 'string' && setAside !== '' ? setAside : undefined),
    scope: answer.scope,
    receivedAt: now,
    expiresAt: now + (seconds ?? defaultExpiresInSeconds) * 1000,
    expiryAssumed: seconds === undefined,
    renewed: false,
  };
}

/** Where the answer did not say when the access token ends, but the token itself does and was verified. */
export function setKnownEnd(tokens: TokenSet, proof: Pick<Proof, 'accessTokenEnd'> | undefined): TokenSet {
  if (!tokens.expiryAssumed || proof?.accessTokenEnd === undefined) return tokens;
  const latest = tokens.receivedAt + MAX_LIFE_SECONDS * 1000;
  return { ...tokens, expiresAt: Math.min(proof.accessTokenEnd * 1000, latest), expiryAssumed: false };
}

/** Its oddities are gone by now: see `tidyExpiresIn()`. */
function readSeconds(expiresIn: number | undefined): number | undefined {
  return expiresIn === undefined ? undefined : Math.min(expiresIn, MAX_LIFE_SECONDS);
}
