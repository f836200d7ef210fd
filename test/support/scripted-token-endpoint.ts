import { randomBytes } from 'node:crypto';
import { type ExpectedClient, findTokenFaults, type Grant, type RecordedRequest } from './protocol-watch.ts';
import { json, type RawAnswer } from './scripted-answers.ts';
import { type Claims, hashForClaim, type ScriptedKey, signToken } from './scripted-keys.ts';
import type { Script } from './scripted-provider.ts';

/** Client id, secret, refresh token and `sid` of the conformance suite hold punctuation and spaces (C-07). */
export const PUNCTUATION = ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`;

export interface TokenEndpointOptions {
  /** The client of an authorization request. */
  readonly clientOf: (request: URLSearchParams) => ExpectedClient;
  /** What was granted, by code. */
  readonly grants: ReadonlyMap<string, Grant>;
  readonly violations: string[];
  readonly now: () => number;
  readonly script: () => Script;
  readonly issuer: () => string;
  readonly key: () => ScriptedKey;
}

/** The token endpoint of a scripted provider: each code and each refresh token is good once. */
export function createTokenEndpoint(
  options: TokenEndpointOptions,
): (request: RecordedRequest) => Claims | RawAnswer {
  const { clientOf, grants, violations, now, script } = options;
  const refreshable = new Map<string, Grant>();
  const spent = new Set<string>();

  const makeIdToken = ({ request, sub, authTime }: Grant, accessToken: string) => {
    const time = Math.floor(now() / 1000);
    const claims: Claims = {
      iss: options.issuer(),
      sub,
      aud: clientOf(request).clientId,
      iat: time,
      exp: time + 300,
      auth_time: authTime,
      nonce: request.get('nonce') ?? undefined,
      sid: `sid${PUNCTUATION}${sub}`,
      at_hash: hashForClaim(accessToken),
      name: `${sub} of the script`,
      email: `${sub}@example.com`,
    };
    const { key = options.key(), header: editHeader, claims: editClaims, idToken: edit } = script();
    const header: Claims = typeof key === 'string' ? { alg: 'HS256' } : { alg: key.alg, kid: key.kid };
    const jwt = signToken(editHeader?.(header) ?? header, editClaims?.(claims, request) ?? claims, key);
    return edit?.(jwt) ?? jwt;
  };

  const makeTokens = (grant: Grant): Claims => {
    const accessToken = randomBytes(16).toString('base64url');
    const refreshToken = `refresh${PUNCTUATION}${randomBytes(16).toString('base64url')}`;
    refreshable.set(refreshToken, grant);
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: makeIdToken(grant, accessToken),
    };
  };

  const exchangeCode = (request: RecordedRequest): Claims | RawAnswer => {
    const code = request.params.get('code') ?? '';
    const grant = grants.get(code);
    const refuse = json(400, { error: 'invalid_grant' });
    if (!grant) return refuse;
    const faults = findTokenFaults(request, grant, clientOf(grant.request));
    for (const value of [code, request.params.get('code_verifier') ?? '']) {
      if (spent.has(value)) faults.push('a code or verifier comes twice');
      spent.add(value);
    }
    if (faults.length > 0) {
      violations.push(...faults.map((fault) => `token: ${fault}`));
      return refuse;
    }
    const answer = makeTokens(grant);
    return script().token?.(answer) ?? answer;
  };

  const refresh = ({ params }: RecordedRequest): Claims | RawAnswer => {
    const token = params.get('refresh_token') ?? '';
    const grant = refreshable.get(token);
    if (!grant) return json(400, { error: 'invalid_grant' });
    refreshable.delete(token);
    // What continues a login answers no request, and so has no nonce.
    const { clientId } = clientOf(grant.request);
    const answer = makeTokens({ ...grant, request: new URLSearchParams({ client_id: clientId }) });
    return script().refresh?.(answer) ?? answer;
  };

  return (request) =>
    request.params.get('grant_type') === 'refresh_token' ? refresh(request) : exchangeCode(request);
}
