import * as client from 'openid-client';
import { ConfigurationError, ConnectAuthError, ProviderError, readOauthError } from '../errors.ts';
import { readAuthorizationError } from './authorization-error.ts';

/**
 * Wraps what openid-client, jose or fetch threw, where it enters. Decided by types and codes, never by texts.
 *
 * @param doing - what failed, as in "the token request".
 */
export function toProviderError(error: unknown, provider: string, doing: string): ConnectAuthError {
  if (error instanceof ConnectAuthError && !(error instanceof ConfigurationError)) return error;
  const subject = `Provider "${provider}": ${doing}`;
  if (error instanceof client.AuthorizationResponseError) {
    return readAuthorizationError(error.error, { subject, provider, cause: error });
  }
  if (error instanceof client.ResponseBodyError) return readErrorAnswer(error, provider, subject);
  const response = findResponse(error);
  if (isUnavailable(error, response)) {
    return new ProviderError(
      `${subject} got no usable answer${response ? ` (status ${response.status})` : ''}.`,
      {
        code: 'provider_unavailable',
        provider,
        retryAfterSeconds: readRetryAfter(response),
        cause: error,
      },
    );
  }
  return new ProviderError(`${subject} was answered against the protocol (${describeFault(error)}).`, {
    code: 'provider_invalid_response',
    provider,
    cause: error,
  });
}

/**
 * What was answered breaks the protocol or failed a check.
 *
 * @param what - what was answered, as in "the ID token".
 */
export function invalidResponse(provider: string, what: string, problem: string): ProviderError {
  return new ProviderError(`Provider "${provider}": ${what} was refused: ${problem}.`, {
    code: 'provider_invalid_response',
    provider,
  });
}

/** An OAuth error answer (RFC 6749, section 5.2). A 5xx or 429 that has one is still a passing fault. */
function readErrorAnswer(error: client.ResponseBodyError, provider: string, subject: string): ProviderError {
  const oauthError = readOauthError(error.error);
  const passing = error.status >= 500 || error.status === 429;
  return new ProviderError(
    `${subject} was refused: ${oauthError ?? '(malformed error)'} (status ${error.status}).`,
    {
      code: passing ? 'provider_unavailable' : 'provider_refused',
      provider,
      oauthError,
      retryAfterSeconds: readRetryAfter(error.response),
      cause: error,
    },
  );
}

function isUnavailable(error: unknown, response: Response | undefined): boolean {
  if (response) return response.status >= 500 || response.status === 429;
  const codes = [readCode(error), readCode((error as { cause?: unknown })?.cause)];
  return (
    codes.includes('OAUTH_TIMEOUT') ||
    codes.includes('OAUTH_ABORT') ||
    codes.includes('ERR_JWKS_TIMEOUT') ||
    ['TimeoutError', 'AbortError'].includes((error as Error)?.name) ||
    isNetworkFault(error) ||
    isNetworkFault((error as { cause?: unknown })?.cause)
  );
}

/** fetch reports every network fault, of DNS, TCP and TLS alike, as a TypeError with a cause. */
function isNetworkFault(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as Partial<Error>;
  return name === 'TypeError' && cause !== undefined;
}

function findResponse(error: unknown): Response | undefined {
  for (
    let link = error, depth = 0;
    link && depth < 4;
    link = (link as { cause?: unknown }).cause, depth += 1
  ) {
    if (link instanceof Response) return link;
    const inner = (link as { response?: unknown }).response;
    if (inner instanceof Response) return inner;
  }
  return undefined;
}

/** Seconds, or a date, which is measured from the answer's own. */
function readRetryAfter(response: Response | undefined): number | undefined {
  const given = response?.headers.get('retry-after');
  if (!response || !given) return undefined;
  const untilDate = (Date.parse(given) - Date.parse(response.headers.get('date') ?? '')) / 1000;
  const seconds = /^\d+$/.test(given) ? Number(given) : untilDate;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3600) : undefined;
}

function readCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** jose names it on the error, openid-client at the end of the chain of causes. */
function findClaim(error: unknown): unknown {
  for (
    let link = error, depth = 0;
    link && depth < 4;
    link = (link as { cause?: unknown }).cause, depth += 1
  ) {
    const { claim } = link as { claim?: unknown };
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function describeFault(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  const claim = findClaim(error);
  return [readCode(error) ?? (error as Error)?.name, typeof claim === 'string' ? `claim ${claim}` : undefined]
    .filter(Boolean)
    .join(', ');
}
