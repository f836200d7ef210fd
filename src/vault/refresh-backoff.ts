import { ProviderError } from '../errors.ts';

/** After a failure nobody asks the provider again for so long, unless it said how long. */
const BACK_OFF_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;

/** What a refresh that failed leaves for those who would try it again, and for how long, in milliseconds. */
export function describeBackOff({ code, message, oauthError, retryAfterSeconds }: ProviderError) {
  const lifeMs = retryAfterSeconds === undefined ? BACK_OFF_MS : Math.max(1000, retryAfterSeconds * 1000);
  return {
    text: JSON.stringify({ code, message, oauthError, retryAfterSeconds }),
    lifeMs: Math.ceil(Math.min(lifeMs, MAX_BACK_OFF_MS)),
  };
}

/** Reads it as the fault that it was left for. */
export function readBackOff(note: string, provider: string): ProviderError {
  const { code, message, oauthError, retryAfterSeconds } = JSON.parse(note) as ProviderError;
  return new ProviderError(message, { code, provider, oauthError, retryAfterSeconds });
}
