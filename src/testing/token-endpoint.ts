import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Grant, Grants } from './grants.ts';
import type { ProviderFaults, TestFault } from './provider-faults.ts';
import type { ProviderAnswer, ProviderRequest, ProviderRoute } from './provider-server.ts';
import type { TestPeople } from './test-people.ts';
import type { TokenSigner } from './token-signer.ts';

/** What the endpoint is made of. */
export interface TokenEndpointOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessTokenSeconds: number;
  /** Whom access tokens are for. */
  readonly audience: string;
  readonly people: TestPeople;
  readonly grants: Grants;
  readonly signer: TokenSigner;
  readonly faults: ProviderFaults;
  readonly now: Clock;
}

/** A token answer. */
export interface TokenAnswer {
  readonly token_type: 'Bearer';
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** The token endpoint, and its tokens without a request. */
export interface TokenEndpoint {
  readonly route: ProviderRoute;
  /** @param answers - the nonce of the login that they answer; a refresh answers none. */
  issue(grant: Grant, answers?: string): Promise<TokenAnswer>;
}

const ID_TOKEN_SECONDS = 300;

/** Makes it. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { issuer, clientId, accessTokenSeconds, audience, people, grants, signer, faults, now } = options;
  const isOn = (fault: TestFault) => faults.meet(fault, 'token') !== undefined;

  const signIdToken = async (grant: Grant, accessToken: string, nonce?: string): Promise<string> => {
    const { sub, sid, authTime, acr, amr } = grant;
    const issuedAt = Math.floor(now() / 1000) - (isOn('expired') ? 86_400 : 0);
    const claims = {
      ...people.find(sub),
      ...{ acr, amr: [...amr], sid, auth_time: authTime },
      iss: isOn('wrong_issuer') ? 'https://wrong-issuer.example' : issuer,
      aud: isOn('wrong_audience') ? 'wrong-audience' : clientId,
      sub: isOn('wrong_subject') ? `not-${sub}` : sub,
      iat: issuedAt,
      exp: issuedAt + ID_TOKEN_SECONDS,
      ...(nonce === undefined ? {} : { nonce: isOn('wrong_nonce') ? 'wrong-nonce' : nonce }),
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    };
    return signer.sign(claims, 'JWT', isOn('wrong_signature'));
  };

  const issue: TokenEndpoint['issue'] = async (grant, answers) => {
    const { sub, scope } = grant;
    const iat = Math.floor(now() / 1000);
    const exp = iat + accessTokenSeconds;
    const about = { iss: issuer, sub, aud: audience, client_id: clientId, scope, iat, exp };
    const accessToken = await signer.sign({ ...about, jti: randomUUID() }, 'at+jwt');
    grants.noteAccessToken(accessToken, grant, exp * 1000);
    return {
      token_type: 'Bearer',
      access_token: accessToken,
      expires_in: accessTokenSeconds,
      scope,
      ...(isOn('no_refresh_token') ? {} : { refresh_token: grants.issueRefreshToken(grant) }),
      ...(isOn('no_id_token') ? {} : { id_token: await signIdToken(grant, accessToken, answers) }),
    };
  };

  const redeem = (form: URLSearchParams): Grant | undefined => {
    if (form.get('grant_type') === 'refresh_token')
      return grants.redeemRefreshToken(form.get('refresh_token') ?? '');
    const grant = grants.redeemCode(form.get('code') ?? '');
    if (grant?.redirectUri !== form.get('redirect_uri')) return undefined;
    return grant && hashOf(form.get('code_verifier') ?? '') === grant.codeChallenge ? grant : undefined;
  };

  const answer = async (request: ProviderRequest): Promise<ProviderAnswer> => {
    const { method, form } = request;
    if (isOn('invalid_client') || !isClient(request, options))
      return { ...refuse('invalid_client', 401), headers: { 'www-authenticate': 'Basic' } };
    if (method !== 'POST' || !['authorization_code', 'refresh_token'].includes(form.get('grant_type') ?? ''))
      return refuse('unsupported_grant_type');
    const grant = isOn('invalid_grant') ? undefined : redeem(form);
    if (!grant) return refuse('invalid_grant');
    const isLogin = form.get('grant_type') === 'authorization_code';
    return { body: await issue(grant, isLogin ? grant.nonce : undefined) };
  };

  return { route: { endpoint: 'token', answer }, issue };
}

/** Whether a request brings the client's id and secret, by HTTP Basic or in its body. */
export function isClient(
  { headers, form }: ProviderRequest,
  { clientId, clientSecret }: Pick<TokenEndpointOptions, 'clientId' | 'clientSecret'>,
): boolean {
  const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic')
    return form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
  const [id, secret] = Buffer.from(encoded, 'base64').toString().split(':').map(decodeFormPart);
  return id === clientId && secret === clientSecret;
}

/** An error answer of the protocol. */
export function refuse(error: string, status = 400): ProviderAnswer {
  return { status, body: { error } };
}

function hashOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function decodeFormPart(text: string): string {
  return new URLSearchParams(`part=${text}`).get('part') ?? '';
}
