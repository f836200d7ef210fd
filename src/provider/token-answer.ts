import type { Clock } from '../clock.ts';
import type { DpopKey } from '../dpop.ts';
import { type ProviderFault, readOauthError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import type { VerifiedIdentity } from './identity-verifier.ts';
import { faultError, kindOf, show } from './provider-fault.ts';

/** Beyond ten years an `expires_in` is a mistake; it also keeps every date valid. */
const MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** An hour in seconds, read as milliseconds, is less than this. */
const SUSPICIOUS_LIFE_MS = 30_000;

/** A token endpoint's answer, its oddities mended, and nothing of it checked but that it is an object. */
export interface TokenAnswer {
  /** Its members but for the ID token. */
  readonly answer: Readonly<Record<string, unknown>>;
  readonly idToken: unknown;
  /** What was asked, for messages. */
  readonly asked: string;
}

/**
 * Reads a token endpoint's answers.
 *
 * @throws ProviderError `provider_invalid_response`, naming the member that is not as it must be.
 */
export function createTokenReader(
  {
    defaultExpiresInSeconds,
    quirks,
    identity,
  }: Pick<ProviderDefinition, 'defaultExpiresInSeconds' | 'quirks' | 'identity'>,
  { name, now }: { name: string; now: Clock },
): (given: TokenAnswer, dpopKey?: DpopKey) => TokenSet {
  let hasWarned = false;
  return (given, dpopKey) => {
    const fault = findFault(given, { from: identity.from, type: dpopKey ? 'DPoP' : 'Bearer' });
    if (fault) throw faultError(name, { asked: given.asked, ...fault });
    const tokens = { ...readTokens(given, defaultExpiresInSeconds, now()), ...(dpopKey && { dpopKey }) };
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

/** The first member that is not as RFC 6749, section 5.1, has it. Nothing of the values is told: they are secret. */
function findFault(
  { answer, idToken }: TokenAnswer,
  { from, type: wanted }: Pick<ProviderDefinition['identity'], 'from'> & { type: 'Bearer' | 'DPoP' },
): Omit<ProviderFault, 'asked'> | undefined {
  const { access_token: accessToken, token_type: type, error } = answer;
  if (error !== undefined && accessToken === undefined && idToken === undefined)
    return { member: 'error', expected: 'none beside status 200', got: show(readOauthError(error)) };
  const members = { access_token: accessToken, refresh_token: answer.refresh_token };
  for (const [member, value] of Object.entries(members)) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      return { member, expected: 'a text', got: kindOf(value) };
  }
  // Elsewhere it would stand in the message of whoever cannot put it into a header (RFC 6749, appendix A.12).
  if (typeof accessToken === 'string' && !/^[ -~]+$/.test(accessToken))
    return { member: 'access_token', expected: 'printable ASCII', got: 'other characters' };
  if (answer.scope !== undefined && typeof answer.scope !== 'string')
    return { member: 'scope', expected: 'a text of words between spaces', got: kindOf(answer.scope) };
  if (accessToken === undefined) {
    // Some give one only to those who ask for an API of theirs; who logged in says the ID token.
    if (from === 'id_token' && idToken !== undefined) return undefined;
    return { member: 'access_token', expected: 'a text', got: 'nothing', option: 'scope' };
  }
  // Another type of token means nothing without a proof that it wants of us, and one that wants none is not bound.
  if (typeof type === 'string' && type.toLowerCase() === wanted.toLowerCase()) return undefined;
  const option = wanted === 'DPoP' ? 'dpop' : 'quirks.tokenType';
  return { member: 'token_type', expected: `"${wanted}"`, got: show(type), option };
}

function readTokens(
  { answer, idToken }: TokenAnswer,
  defaultExpiresInSeconds: number,
  now: number,
): TokenSet {
  const seconds = readSeconds(answer.expires_in);
  return {
    accessToken: readText(answer.access_token),
    refreshToken: readText(answer.refresh_token),
    idToken: readText(idToken) || undefined,
    scope: readText(answer.scope),
    receivedAt: now,
    expiresAt: now + (seconds ?? defaultExpiresInSeconds) * 1000,
    expiryAssumed: seconds === undefined,
    renewed: false,
  };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
function readSeconds(expiresIn: unknown): number | undefined {
  return typeof expiresIn === 'number' ? Math.min(expiresIn, MAX_LIFE_SECONDS) : undefined;
}
