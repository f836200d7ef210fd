import { json } from './answers.ts';
import type { Handler, RecordedRequest } from './emulator-server.ts';
import type { Grant, Grants } from './grants.ts';
import { invalidToken, Refusal } from './refusal.ts';

/**
 * The token of an `Authorization: Bearer` header: the word, one space, the token.
 * @throws Refusal 401
 * @see RFC 6750 section 2.1
 */
export const readBearerToken = (request: RecordedRequest): string => {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new Refusal(401, 'invalid_token', 'no access token in the header', {
      'www-authenticate': 'Bearer',
    });
  }
  const token = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw invalidToken('the header is not "Bearer <token>"');
  return token;
};

/** Answers with the claims of the person whose access token is in the header. */
export const createUserinfoEndpoint =
  (grants: Grants, claimsOf: (grant: Grant) => Record<string, unknown>): Handler =>
  (request) =>
    json(200, claimsOf(grants.requireAccessToken(readBearerToken(request))), { 'cache-control': 'no-store' });
