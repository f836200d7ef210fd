import { json } from './answers.ts';
import type { Handler } from './emulator-server.ts';
import type { Grants } from './grants.ts';
import { readParameters, requireParameter } from './parameters.ts';
import { Refusal } from './refusal.ts';

/** Describes a living access token, or decodes an ID Token or logout token of this provider. */
export const createTelenorTokenInfo =
  (given: { grants: Grants; logoutTokens: readonly string[]; now: () => number }): Handler =>
  (request) => {
    const { grants, logoutTokens, now } = given;
    const token = requireParameter(readParameters(request.query), 'access_token');
    if (grants.issued.idTokens.includes(token) || logoutTokens.includes(token)) {
      return json(200, JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
    }
    const found = grants.findAccessToken(token);
    if (found === undefined) throw new Refusal(400, 'invalid_token', 'the token is unknown or expired');
    const { grant, expiresAt } = found;
    return json(200, {
      clientid: grant.clientId,
      scope: grant.scopes.join(' '),
      userid: grant.user.sub,
      ttl: Math.floor((expiresAt - now()) / 1000),
    });
  };
