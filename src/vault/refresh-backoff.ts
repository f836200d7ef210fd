import { ProviderError } from '../errors.ts';

/** After a failure nobody asks the provider again for so long, unless it said how long. */
const BACK_OFF_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;

/**
 * What a refresh that failed leaves for those who would try it again, and for how long, in milliseconds.
 *
 * @param resource - what it was for, where that was not the login's own access token.
 */
export function describeBackOff(
  { code, message, oauthError, retryAfterSeconds }: ProviderError,
  resource: string | undefined,
) {
  const lifeMs = retryAfterSeconds === undefined ? BACK_OFF_MS : Math.max(1000, retryAfterSeconds * 1000);
  // A provider that is away is so for all; what it refuses may be this resource alone.
  const concerned = code === 'provider_unavailable' ? undefined : resource;
  return {
    text: JSON.stringify({ code, message, oauthError, retryAfterSeconds, resource: concerned }),
    lifeMs: Math.ceil(Math.min(lifeMs, MAX_BACK_OFF_MS)),
  };
}

/** Reads it as the fault that it was left for. `undefined`: it is none for who wants a token for this resource. */
export function readBackOff(
  note: string,
  { provider, resource }: { provider: string; resource: string | undefined },
): ProviderError | undefined {
  const fault = JSON.parse(note) as ProviderError & { resource?: string };
  const { code, message, oauthError, retryAfterSeconds } = fault;
  if (fault.resource !== undefined && fault.resource !== resource) return undefined;
  return new ProviderError(message, { code, provider, oauthError, retryAfterSeconds });
}
