/**
 * The provider says no. Where it is thrown decides the form in which the caller hears it: a page, an error
 * redirect, or the provider's JSON.
 */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, description: string, headers: Record<string, string> = {}) {
    super(description);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const invalidRequest = (description: string) => new Refusal(400, 'invalid_request', description);

export const invalidGrant = (description: string) => new Refusal(400, 'invalid_grant', description);

export const invalidScope = (description: string) => new Refusal(400, 'invalid_scope', description);

export const unsupportedResponseType = (given: string) =>
  new Refusal(400, 'unsupported_response_type', `response_type ${given} is not supported`);

/** 401 with the Basic challenge of RFC 6749 section 5.2, or without when no realm is given. */
export const invalidClient = (description: string, realm?: string) =>
  new Refusal(
    401,
    'invalid_client',
    description,
    realm === undefined ? {} : { 'www-authenticate': `Basic realm="${realm}"` },
  );

/** 401 with the Bearer challenge of RFC 6750 section 3. */
export const invalidToken = (description: string) =>
  new Refusal(401, 'invalid_token', description, { 'www-authenticate': 'Bearer error="invalid_token"' });
