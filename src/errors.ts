import { types } from 'node:util';

/** What an error says of itself beyond its message. */
export interface ConnectAuthErrorOptions {
  /** Stable, machine-readable name of the fault. */
  code: string;
  /** HTTP status that answers it. */
  status: number;
  /** The foreign error behind it. Only its {@link describeCause description} is kept. */
  cause?: unknown;
}

/**
 * The base of every error this library throws or passes to `next`.
 *
 * Its message is safe to log: it names what was expected, what came and what to do, and never holds a token, a
 * code, a verifier or a secret. `cause` is a description of the foreign error, not that error itself, because
 * those carry Redis arguments and protocol messages.
 */
export class ConnectAuthError extends Error {
  readonly code: string;
  /** HTTP status for Express. */
  readonly status: number;
  /** The same status, under the name that other error handlers look for. */
  readonly statusCode: number;

  constructor(message: string, { code, status, cause }: ConnectAuthErrorOptions) {
    super(message, cause === undefined ? undefined : { cause: describeCause(cause) });
    this.name = new.target.name;
    this.code = code;
    this.status = status;
    this.statusCode = status;
  }
}

/** The options, or the place where the middleware is mounted, cannot work. Code `configuration`. */
export class ConfigurationError extends ConnectAuthError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { code: 'configuration', status: 500, ...options });
  }
}

/**
 * - `store_unavailable` (503): it did not answer, or refused.
 * - `store_damaged` (503): a session's record was not one, and was removed: its browser is logged out. Only told to `onError`.
 */
export type StoreErrorCode = 'store_unavailable' | 'store_damaged';

/** Seconds until a client should try again, where nobody knows better. */
export const RETRY_AFTER_SECONDS = 5;

/** The session store is at fault. */
export class StoreError extends ConnectAuthError {
  declare readonly code: StoreErrorCode;
  /** For the `Retry-After` header, in seconds. */
  readonly retryAfterSeconds: number = RETRY_AFTER_SECONDS;
  /** Express's default error handler sends these. */
  readonly headers: Record<string, string> = { 'Retry-After': String(RETRY_AFTER_SECONDS) };

  constructor(
    message: string,
    { code = 'store_unavailable', cause }: { code?: StoreErrorCode; cause?: unknown } = {},
  ) {
    super(message, { code, status: 503, cause });
  }
}

/**
 * - `provider_unavailable` (503): no answer in time, a network fault, a 5xx, or 429.
 * - `provider_invalid_response` (502): an answer that breaks the protocol or failed a check.
 * - `provider_refused` (502): the token endpoint said no; `oauthError` says with which code.
 * - `provider_unsupported` (501): this provider has no such feature.
 * - `provider_identity_changed` (502): a refresh came back with another person, issuer or an ID token that fails.
 */
export type ProviderErrorCode =
  | 'provider_unavailable'
  | 'provider_invalid_response'
  | 'provider_refused'
  | 'provider_unsupported'
  | 'provider_identity_changed';

const PROVIDER_STATUS: Record<ProviderErrorCode, number> = {
  provider_unavailable: 503,
  provider_invalid_response: 502,
  provider_refused: 502,
  provider_unsupported: 501,
  provider_identity_changed: 502,
};

/** The provider, or what it answered, is at fault. */
export class ProviderError extends ConnectAuthError {
  declare readonly code: ProviderErrorCode;
  /** Name of the provider in the options. */
  readonly provider: string;
  /** The `error` code of the provider's answer, limited to the characters RFC 6749 allows. */
  readonly oauthError: string | undefined;
  /** What the provider asked for by `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    options: {
      code: ProviderErrorCode;
      provider: string;
      oauthError?: string | undefined;
      retryAfterSeconds?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { code: options.code, status: PROVIDER_STATUS[options.code], cause: options.cause });
    this.provider = options.provider;
    this.oauthError = options.oauthError;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/**
 * - `login_invalid` (400): the callback breaks the protocol (repeated parameters, wrong content type, too large).
 * - `login_not_found` (400): no login of this browser waits for this callback: unknown, foreign or used before.
 * - `login_expired` (400): it waited longer than fifteen minutes, its callback took longer than ten, or the provider is
 *   configured otherwise by now.
 * - `login_insufficient` (403): the login proves less than was asked by `maxAgeSeconds` or `acrValues`.
 * - `login_denied` (403): the provider answered with an error; `oauthError` names it.
 * - `login_refused` (403): the application's `mapUser` or `onLogin` threw.
 * - `login_ended` (403): a logout overtook the login.
 */
export type LoginErrorCode =
  | 'login_invalid'
  | 'login_not_found'
  | 'login_expired'
  | 'login_insufficient'
  | 'login_denied'
  | 'login_refused'
  | 'login_ended';

const LOGIN_STATUS: Record<LoginErrorCode, number> = {
  login_invalid: 400,
  login_not_found: 400,
  login_expired: 400,
  login_insufficient: 403,
  login_denied: 403,
  login_refused: 403,
  login_ended: 403,
};

/** A login that did not come to its end. */
export class LoginError extends ConnectAuthError {
  declare readonly code: LoginErrorCode;
  /** The `error` code of the provider's answer, limited to the characters RFC 6749 allows. */
  readonly oauthError: string | undefined;
  /** Where the login would have returned to; a path of this application. */
  readonly returnTo: string | undefined;

  constructor(
    message: string,
    options: {
      code: LoginErrorCode;
      status?: number;
      oauthError?: string | undefined;
      returnTo?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, {
      code: options.code,
      status: options.status ?? LOGIN_STATUS[options.code],
      cause: options.cause,
    });
    this.oauthError = options.oauthError;
    this.returnTo = options.returnTo;
  }
}

/** Nobody is logged in where somebody must be. Code `login_required`; answered by 401. */
export class LoginRequiredError extends ConnectAuthError {
  constructor(message = 'Nobody is logged in.') {
    super(message, { code: 'login_required', status: 401 });
  }
}

/**
 * - `token_unavailable` (501): this login brought no token of that kind, or it cannot be opened any more.
 * - `token_expired` (401): it has ended, and there is none to renew it with: the person must log in again.
 * - `token_destination` (500): the address is not among `apiOrigins`.
 */
export type TokenErrorCode = 'token_unavailable' | 'token_expired' | 'token_destination';

const TOKEN_STATUS: Record<TokenErrorCode, number> = {
  token_unavailable: 501,
  token_expired: 401,
  token_destination: 500,
};

/** No token for this use. */
export class TokenError extends ConnectAuthError {
  declare readonly code: TokenErrorCode;

  constructor(message: string, code: TokenErrorCode) {
    super(message, { code, status: TOKEN_STATUS[code] });
  }
}

/** An unsafe request that came from another origin. Code `cross_origin_request`; answered by 403. */
export class CrossOriginError extends ConnectAuthError {
  constructor() {
    super(
      'This request came from another origin. List that origin in trustedOrigins if it is one of yours, or the route in crossOriginRoutes if it may be sent from anywhere.',
      { code: 'cross_origin_request', status: 403 },
    );
  }
}

/**
 * Describes a foreign error without what it carries: names and codes of it and its causes, and of a Redis reply the
 * first word (`OOM`, `READONLY`, …). Messages are dropped, since they quote commands, arguments and answers; so is a
 * name or a code that is no single word.
 */
export function describeCause(error: unknown): Error {
  if (error instanceof ConnectAuthError) return error;
  const words: unknown[] = [];
  for (let link = error, depth = 0; isError(link) && depth < 4; link = findCause(link), depth += 1) {
    words.push(link.name, (link as { code?: unknown }).code);
    if (link.name === 'ReplyError') words.push(/^[A-Z]+/.exec(link.message)?.[0]);
  }
  const description = new Error(words.filter(isWord).join(' ') || typeof error);
  description.name = 'Cause';
  return description;
}

/** Also one of another realm: where tests or plugins run in a context of their own, Node's errors are no `Error` of it. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** Several addresses of one host fail as one error, a cluster by the last of its nodes. */
function findCause(error: Error): unknown {
  const { cause, lastNodeError, errors } = error as Error & { lastNodeError?: unknown; errors?: unknown };
  return cause ?? lastNodeError ?? (Array.isArray(errors) ? errors[0] : undefined);
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w$.:-]{1,64}$/.test(value);
}

/** Keeps an OAuth `error` code only if it has the form of RFC 6749, section 5.2, and a bearable length. */
export function readOauthError(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(value) ? value : undefined;
}
