import { errors as jose } from 'jose';
import * as client from 'openid-client';
import {
  ConnectAuthError,
  ProviderError,
  type ProviderFault,
  readErrorDescription,
  readOauthError,
} from '../errors.ts';
import { readAuthorizationError } from './authorization-error.ts';
import { faultError, nameRequest, readFoundFault, show, showAddress } from './provider-fault.ts';

/** Says what to do about a refusal of the client itself, by the method it proved itself with. */
export type RefusalAdvice = (answer: {
  oauthError: string | undefined;
  status: number;
  /** Of the request. */
  url: string;
}) => string | undefined;

/**
 * Wraps what openid-client, jose or fetch threw, where it enters. Decided by types and codes, never by texts.
 *
 * @param doing - what failed, as in "the token request".
 * @param advise - where the request proved who the client is.
 */
export function toProviderError(
  error: unknown,
  provider: string,
  doing: string,
  advise: RefusalAdvice = () => undefined,
): ConnectAuthError {
  const chain = linksOf(error);
  const known = chain.find((link) => link instanceof ConnectAuthError);
  if (known) return known;
  const found = chain.map(readFoundFault).find((each) => each !== undefined);
  if (found) return faultError(provider, found.fault, found.notes);
  if (error instanceof client.AuthorizationResponseError) {
    const answer = { error: error.error, description: error.error_description };
    return readAuthorizationError(answer, {
      subject: `Provider "${provider}": ${doing}`,
      provider,
      cause: error,
    });
  }
  if (error instanceof client.ResponseBodyError) return readErrorAnswer(error, { provider, doing, advise });
  const response = findResponse(chain);
  if (response) return readStrangeAnswer(response, error, { provider, doing, advise });
  if (error instanceof jose.JOSEError) return readTokenFault(error, provider, doing);
  return faultError(
    provider,
    { asked: doing, expected: 'an answer by the protocol', got: `another (${codesOf(chain)})` },
    { cause: error },
  );
}

/**
 * What was answered breaks the protocol or failed a check.
 *
 * @param what - what was answered, as in "the ID token".
 */
export function invalidResponse(
  provider: string,
  what: string,
  problem: string | Omit<ProviderFault, 'asked'>,
): ProviderError {
  if (typeof problem !== 'string') return faultError(provider, { asked: what, ...problem });
  return new ProviderError(`Provider "${provider}": ${what} was refused: ${problem}.`, {
    code: 'provider_invalid_response',
    provider,
    fault: { asked: what, got: problem },
  });
}

interface Subject {
  readonly provider: string;
  readonly doing: string;
  readonly advise: RefusalAdvice;
}

/** An OAuth error answer (RFC 6749, section 5.2). A 5xx or 429 that has one is still a passing fault. */
function readErrorAnswer(
  error: client.ResponseBodyError,
  { provider, doing, advise }: Subject,
): ProviderError {
  const { status, response } = error;
  const oauthError = readOauthError(error.error);
  return faultError(
    provider,
    {
      asked: requestOf(response, doing),
      expected: 'success',
      got: `the error ${oauthError ?? '(malformed)'} (status ${status})`,
    },
    {
      code: isPassing(status) ? 'provider_unavailable' : 'provider_refused',
      remedy: isPassing(status) ? undefined : advise({ oauthError, status, url: response.url }),
      oauthError,
      oauthErrorDescription: readErrorDescription(error.error_description),
      retryAfterSeconds: readRetryAfter(response),
      cause: error,
    },
  );
}

/** An answer that is neither what was asked for nor an OAuth error. */
function readStrangeAnswer(
  response: Response,
  error: unknown,
  { provider, doing, advise }: Subject,
): ProviderError {
  const { status } = response;
  return faultError(
    provider,
    { asked: requestOf(response, doing), expected: 'status 200 with JSON', got: describeAnswer(response) },
    {
      code: isPassing(status) ? 'provider_unavailable' : 'provider_invalid_response',
      remedy: isPassing(status) ? undefined : advise({ oauthError: undefined, status, url: response.url }),
      retryAfterSeconds: readRetryAfter(response),
      cause: error,
    },
  );
}

/** What an answer looks like from outside. */
export function describeAnswer({ status, headers }: Pick<Response, 'status' | 'headers'>): string {
  const type = headers.get('content-type');
  const location = headers.get('location');
  const words = [
    `status ${status}`,
    type === null ? 'no content type' : `content type ${show(type)}`,
    location !== null && `a redirect to ${showAddress(location)}`,
  ];
  return words.filter(Boolean).join(', ');
}

/** Whether a status says that the same request may be answered better soon. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 429;
}

/** Seconds, or a date, which is measured from the answer's own. */
export function readRetryAfter(response: Response | undefined): number | undefined {
  const given = response?.headers.get('retry-after');
  if (!response || !given) return undefined;
  const untilDate = (Date.parse(given) - Date.parse(response.headers.get('date') ?? '')) / 1000;
  const seconds = /^\d+$/.test(given) ? Number(given) : untilDate;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3600) : undefined;
}

const TOKEN_FAULTS: Readonly<Record<string, readonly [member: string, expected: string, got: string]>> = {
  ERR_JWKS_NO_MATCHING_KEY: [
    'its kid and alg',
    'those of a key of jwks_uri that may be used for signatures',
    'others',
  ],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['its signature', 'one by a key of the provider', 'another'],
  ERR_JWS_INVALID: ['its form', 'a signed JWT', 'something else'],
  ERR_JWT_INVALID: ['its form', 'a signed JWT', 'something else'],
  ERR_JOSE_ALG_NOT_ALLOWED: ['its alg', 'that of the options', 'another'],
  ERR_JWE_DECRYPTION_FAILED: ['its encryption', 'one for our key', 'another'],
  ERR_JWKS_INVALID: ['jwks_uri', 'a JSON Web Key Set', 'something else'],
  ERR_JWKS_TIMEOUT: ['jwks_uri', 'the keys of the provider', 'none at this moment'],
};

/** What jose says of a token. The values of its claims may be personal, and stay out. */
function readTokenFault(error: jose.JOSEError, provider: string, asked: string): ProviderError {
  const { claim } = error as { claim?: unknown };
  const [member, expected, got] =
    typeof claim === 'string'
      ? [`the claim ${claim}`, 'one that passes', 'another, or none']
      : (TOKEN_FAULTS[error.code] ?? [undefined, 'a token by the standards', error.code]);
  const isTimeout = error instanceof jose.JWKSTimeout;
  return faultError(
    provider,
    { asked, member, expected, got },
    { code: isTimeout ? 'provider_unavailable' : 'provider_invalid_response', cause: error },
  );
}

/** An error and what it was caused by, the outermost first. */
function linksOf(error: unknown): readonly unknown[] {
  const links: unknown[] = [];
  for (let link = error; link && links.length < 6; link = (link as { cause?: unknown }).cause)
    links.push(link);
  return links;
}

function findResponse(chain: readonly unknown[]): Response | undefined {
  for (const link of chain) {
    if (link instanceof Response) return link;
    const inner = (link as { response?: unknown }).response;
    if (inner instanceof Response) return inner;
  }
  return undefined;
}

function requestOf({ url }: Response, doing: string): string {
  return URL.canParse(url) ? `${doing} at ${nameRequest('', url).trim()}` : doing;
}

function codesOf(chain: readonly unknown[]): string {
  const words = chain.map((link) => (link as { code?: unknown }).code ?? (link as Partial<Error>).name);
  return words.filter((word) => typeof word === 'string' && /^[\w.-]{1,64}$/.test(word)).join(', ');
}
