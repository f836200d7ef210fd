import { ConnectAuthError } from './errors.ts';

/** What a guard asked for and did not find, by the names of its rules. */
export interface MissingRights {
  /** One of these would do. */
  readonly roles?: readonly string[];
  /** All of these are missing. */
  readonly scopes?: readonly string[];
  /** The claims that are not as they must be. */
  readonly claims?: readonly string[];
  readonly amr?: readonly string[];
  /** `allow` said no. */
  readonly allow?: true;
}

/** Somebody is logged in, and may not do this. Code `access_denied`; answered by 403. */
export class AccessDeniedError extends ConnectAuthError {
  readonly missing: MissingRights;

  constructor(missing: MissingRights) {
    super(`The guard refused this request: ${describeMissing(missing)}.`, {
      code: 'access_denied',
      status: 403,
    });
    this.missing = missing;
  }
}

/**
 * - `bearer_invalid` (401): the header is malformed, or the token is not good here; `oauthError` is `invalid_token`.
 * - `bearer_ambiguous` (400): the request has a token and a session; `oauthError` is `invalid_request`.
 * - `bearer_insufficient` (401): the login behind the token is not fresh or strong enough (RFC 9470).
 * - `session_required` (400): the call needs a session, and the request has a token.
 */
export type BearerErrorCode =
  | 'bearer_invalid'
  | 'bearer_ambiguous'
  | 'bearer_insufficient'
  | 'session_required';

const STATUS: Record<BearerErrorCode, number> = {
  bearer_invalid: 401,
  bearer_ambiguous: 400,
  bearer_insufficient: 401,
  session_required: 400,
};

const OAUTH_ERRORS: Record<BearerErrorCode, string> = {
  bearer_invalid: 'invalid_token',
  bearer_ambiguous: 'invalid_request',
  bearer_insufficient: 'insufficient_user_authentication',
  session_required: 'invalid_request',
};

/** A bearer token, or the request that has one, is refused. The message holds nothing of the token. */
export class BearerError extends ConnectAuthError {
  declare readonly code: BearerErrorCode;
  /** As the client is told (RFC 6750, section 3.1; RFC 9470, section 3). */
  readonly oauthError: string;
  /** The same in words. */
  readonly description: string;

  /** @param options - `remedy`: what the operator can do, which the client is not told. */
  constructor(
    description: string,
    code: BearerErrorCode = 'bearer_invalid',
    { remedy, cause }: { remedy?: string | undefined; cause?: unknown } = {},
  ) {
    super(remedy === undefined ? description : `${description} ${remedy}`, {
      code,
      status: STATUS[code],
      cause,
    });
    this.oauthError = OAUTH_ERRORS[code];
    this.description = description;
  }
}

/** In words, for people and logs. */
export function describeMissing({ roles, scopes, claims, amr, allow }: MissingRights): string {
  const parts = [
    roles && `${roles.length > 1 ? 'one of the roles' : 'the role'} ${roles.join(', ')}`,
    scopes && `the scope ${scopes.join(' ')}`,
    claims && `the claim ${claims.join(', ')}`,
    amr && `a login by ${amr.join(', ')}`,
    allow && 'the consent of the application',
  ];
  return `missing is ${parts.filter((part) => part !== undefined).join('; ')}`;
}
