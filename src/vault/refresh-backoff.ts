import { ProviderError } from '../errors.ts';

/** After a failure nobody asks the provider again for so long, unless it said how long. */
const BACK_OFF_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;

/**
 * What a refresh that failed leaves for those who would try it again, and for how long, in milliseconds.
 *
 * @param need - the name of what it was for, where that was not the login's own access token.
 */
export function describeBackOff(
  { code, message, oauthError, retryAfterSeconds }: ProviderError,
  need: string | undefined,
) {
  const lifeMs = retryAfterSeconds === undefined ? BACK_OFF_MS : Math.max(1000, retryAfterSeconds * 1000);
  // A provider that is away is so for all; what it refuses may be this token alone.
  const concerned = code === 'provider_unavailable' ? undefined : need;
  return {
    text: JSON.stringify({ code, message, oauthError, retryAfterSeconds, need: concerned }),
    lifeMs: Math.ceil(Math.min(lifeMs, MAX_BACK_OFF_MS)),
  };
}

/** Reads it as the fault that it was left for. `undefined`: it is none for who needs another token. */
export function readBackOff(
  note: string,
  { provider, need }: { provider: string; need: string | undefined },
): ProviderError | undefined {
  const fault = JSON.parse(note) as ProviderError & { need?: string };
  const { code, message, oauthError, retryAfterSeconds } = fault;
  if (fault.need !== undefined && fault.need !== need) return undefined;
  return new ProviderError(message, { code, provider, oauthError, retryAfterSeconds });
}
