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
 * - `store_damaged` (503): a session's record was not one, and was removed: its browser is logged out, and
 *   `onError` is told. Or it has moved more often than any does, and nobody knows whether it lives: thrown.
 * - `store_unfinished` (503): told to `onError` alone. A logout, or a login in place of another session, met a store that was
 *   away, was tried again for half a minute, and is given up: that session may live until its own end.
 */
export type StoreErrorCode = 'store_unavailable' | 'store_damaged' | 'store_unfinished';

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
 * - `provider_invalid_response` (502): an answer that breaks the protocol or failed a check; `fault` says which.
 * - `provider_refused` (502): the token endpoint, or that of pushed requests, said no; `oauthError` says with which code.
 * - `provider_unsupported` (501): this provider has no such feature, or demands one that is not to be had here.
 * - `provider_identity_changed` (502): a refresh came back with another person, issuer or an ID token that fails.
 * - `provider_credentials` (500): the application's `clientSecret` or `clientKey` function failed; nothing was sent.
 * - `provider_conflict` (500): what discovery announces is not what the options say. Nothing failed; told to `onError`.
 */
export type ProviderErrorCode =
  | 'provider_unavailable'
  | 'provider_invalid_response'
  | 'provider_refused'
  | 'provider_unsupported'
  | 'provider_identity_changed'
  | 'provider_credentials'
  | 'provider_conflict';

const PROVIDER_STATUS: Record<ProviderErrorCode, number> = {
  provider_unavailable: 503,
  provider_invalid_response: 502,
  provider_refused: 502,
  provider_unsupported: 501,
  provider_identity_changed: 502,
  provider_credentials: 500,
  provider_conflict: 500,
};

/** What is wrong between us and a provider, in parts that a program can read; the message is made of them. */
export interface ProviderFault {
  /** What was asked, such as `POST https://id.example.com/token`, or what was looked at, such as `the ID token`. */
  readonly asked: string;
  /** The member, claim or parameter that is at fault. */
  readonly member?: string | undefined;
  readonly expected?: string | undefined;
  /** What came; never a value that is secret. */
  readonly got?: string | undefined;
  /** The option that changes it. */
  readonly option?: string | undefined;
}

/** The provider, or what it answered, is at fault. */
export class ProviderError extends ConnectAuthError {
  declare readonly code: ProviderErrorCode;
  /** Name of the provider in the options. */
  readonly provider: string;
  /** The `error` code of the provider's answer, limited to the characters RFC 6749 allows. */
  readonly oauthError: string | undefined;
  /**
   * The `error_description` of the provider's answer, in printable characters, at most 300 of them. For the operator
   * alone: it is not in the message, and JSON leaves it out.
   */
  declare readonly oauthErrorDescription: string | undefined;
  /** What the provider asked for by `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** What was asked, expected and got, where that can be told. */
  readonly fault: ProviderFault | undefined;
  /** Whether a refresh was refused in a way that only a new login of the person mends. */
  readonly needsLogin: boolean;

  constructor(
    message: string,
    options: {
      code: ProviderErrorCode;
      provider: string;
      oauthError?: string | undefined;
      oauthErrorDescription?: string | undefined;
      retryAfterSeconds?: number | undefined;
      fault?: ProviderFault | undefined;
      needsLogin?: boolean | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { code: options.code, status: PROVIDER_STATUS[options.code], cause: options.cause });
    this.provider = options.provider;
    this.oauthError = options.oauthError;
    keepForOperator(this, options.oauthErrorDescription);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fault = options.fault;
    this.needsLogin = options.needsLogin ?? false;
  }
}

/**
 * - `login_invalid` (400, or 408, 413, 415): the callback breaks the protocol: repeated parameters, too slow, too large,
 *   another content type.
 * - `login_not_found` (400): no login of this browser waits for this callback: unknown, foreign or used before.
 * - `login_expired` (400): it waited longer than fifteen minutes, its callback took longer than ten, or the provider is
 *   configured otherwise by now.
 * - `login_insufficient` (403): the login proves less than was asked by `maxAgeSeconds` or `acrValues`, or by an API a
 *   moment ago.
 * - `login_denied` (403): the provider answered with an error; `oauthError` names it.
 * - `login_refused` (403): `mapUser` or `onLogin` gave a `LoginRefused`, the person is of a tenant or an organisation that
 *   the options do not name, or a scope that must be was not granted.
 * - `login_ended` (403): a logout overtook the login.
 * - `login_limited` (403): the user has as many sessions as `session.maxPerUser` allows, and `session.whenTooMany` is
 *   `refuse`.
 */
export type LoginErrorCode =
  | 'login_invalid'
  | 'login_not_found'
  | 'login_expired'
  | 'login_insufficient'
  | 'login_denied'
  | 'login_refused'
  | 'login_ended'
  | 'login_limited';

const LOGIN_STATUS: Record<LoginErrorCode, number> = {
  login_invalid: 400,
  login_not_found: 400,
  login_expired: 400,
  login_insufficient: 403,
  login_denied: 403,
  login_refused: 403,
  login_ended: 403,
  login_limited: 403,
};

/** A login that did not come to its end. */
export class LoginError extends ConnectAuthError {
  declare readonly code: LoginErrorCode;
  /** The `error` code of the provider's answer, limited to the characters RFC 6749 allows. */
  readonly oauthError: string | undefined;
  /** The `error_description` of the provider's answer, as {@link ProviderError} has it: for the operator alone. */
  declare readonly oauthErrorDescription: string | undefined;
  /** Where the login would have returned to: a path of this application, or a URL of one of `returnOrigins`. */
  readonly returnTo: string | undefined;
  /** Whether the set-up may be the reason, so that an operator should look: no one person's doing. */
  readonly needsOperator: boolean;

  constructor(
    message: string,
    options: {
      code: LoginErrorCode;
      status?: number;
      oauthError?: string | undefined;
      oauthErrorDescription?: string | undefined;
      returnTo?: string | undefined;
      needsOperator?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, {
      code: options.code,
      status: options.status ?? LOGIN_STATUS[options.code],
      cause: options.cause,
    });
    this.oauthError = options.oauthError;
    keepForOperator(this, options.oauthErrorDescription);
    this.returnTo = options.returnTo;
    this.needsOperator = options.needsOperator ?? false;
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
 * - `token_bound` (500): it is bound to a key (DPoP), and good for nothing without the proofs of `req.auth.fetch()`.
 */
export type TokenErrorCode = 'token_unavailable' | 'token_expired' | 'token_destination' | 'token_bound';

const TOKEN_STATUS: Record<TokenErrorCode, number> = {
  token_unavailable: 501,
  token_expired: 401,
  token_destination: 500,
  token_bound: 500,
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

/** Longest `error_description` that is kept, in characters. */
const MAX_DESCRIPTION_LENGTH = 300;

/** A long run with letters and figures, as codes and tokens are; the number of a trace, in five groups and by itself, is none. */
const OPAQUE =
  /(?!\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?!\.?[\w+/=~-]))(?<![\w+/=.~-])(?=[\w+/=.~-]*\d)(?=[\w+/=.~-]*[a-z])[\w+/=.~-]{20,}/gi;

/**
 * Keeps of an OAuth `error_description` what can be printed in one line: no control characters, nothing that turns the
 * direction of a text, no JWT, and nothing else that looks like a code or a token.
 */
export function readErrorDescription(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const line = value
    .slice(0, 4 * MAX_DESCRIPTION_LENGTH)
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\beyJ[\w-]*(\.[\w-]*)*/g, '…')
    .replace(OPAQUE, '…')
    .trim();
  return line === '' ? undefined : line.slice(0, MAX_DESCRIPTION_LENGTH);
}

/** What a handler sends as JSON goes to people, and so must not hold what was meant for the operator. */
function keepForOperator(error: ConnectAuthError, oauthErrorDescription: string | undefined): void {
  Object.defineProperty(error, 'oauthErrorDescription', { value: oauthErrorDescription, enumerable: false });
}
