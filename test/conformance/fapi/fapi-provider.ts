import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { createCookieJar } from '../../support/cookie-jar.ts';
import { serve } from '../../support/listen.ts';
import type { RecordedRequest } from '../../support/protocol-watch.ts';
import { walkProvider } from '../../support/provider-walk.ts';
import { deliver, json, type RawAnswer } from '../../support/scripted-answers.ts';
import { type Claims, createScriptedKey, signToken } from '../../support/scripted-keys.ts';
import type { Script, ScriptedProvider } from '../../support/scripted-provider.ts';
import { createClientProofs } from './fapi-client-proof.ts';
import { writeDiscoveryDocument } from './fapi-document.ts';

/** Where a provider of FAPI 2.0 departs from honesty. */
export interface FapiScript extends Script {
  /** Changes the claims of the signed answer to a login. */
  answerClaims?: (claims: Claims) => Claims;
  /** Changes the signed answer itself. */
  answerJwt?: (jwt: string) => string;
  /** Whether proofs of possession need a nonce. @default true */
  wantsNonce?: boolean;
  /** How it writes the scheme of a challenge. @default 'DPoP' */
  challengeScheme?: string;
}

/** What judges and clients need of it. */
export interface FapiProvider
  extends Pick<
    ScriptedProvider,
    | 'origin'
    | 'issuer'
    | 'clientId'
    | 'requests'
    | 'forgetRequests'
    | 'violations'
    | 'signIn'
    | 'registerApp'
    | 'key'
    | 'close'
  > {
  readonly clientKeyPem: string;
  script(script?: FapiScript): void;
}

const random = () => randomBytes(16).toString('base64url');

interface Grant {
  readonly params: URLSearchParams;
  readonly thumbprint?: string | undefined;
}

/** A provider that asks of its client all that FAPI 2.0 does, and keeps what it did wrong. */
export async function startFapiProvider({ now }: { now: () => number }): Promise<FapiProvider> {
  const clientId = 'a strict client';
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const clientKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = createScriptedKey('PS256', 'the PS256 key');
  const violations: string[] = [];
  const recorded: RecordedRequest[] = [];
  const redirectUris: string[] = [];
  const pushed = new Map<string, URLSearchParams>();
  const codes = new Map<string, Grant>();
  const refreshable = new Map<string, Grant>();
  const accessTokens = new Map<string, string | undefined>();
  // The endpoints are servers of their own in this: each takes its own nonce alone.
  const nonces = { token: random(), userinfo: random() };
  let script: FapiScript = {};
  let issuer = '';
  const proofs = createClientProofs({
    ...{ issuer: () => issuer, clientId, clientKey: pair.publicKey, now, violations },
  });
  const hold = (rules: Readonly<Record<string, boolean>>) => {
    for (const [fault, holds] of Object.entries(rules)) if (!holds) violations.push(fault);
  };

  const push = async (request: RecordedRequest) => {
    await proofs.checkAssertion(request);
    const signed = request.params.get('request');
    const params = signed === null ? request.params : await proofs.openRequest(signed);
    hold({
      'pushed request: response_type is not "code"': params.get('response_type') === 'code',
      'pushed request: the method of PKCE is not S256': params.get('code_challenge_method') === 'S256',
      'pushed request: redirect_uri is not registered': redirectUris.includes(
        params.get('redirect_uri') ?? '',
      ),
      'pushed request: the nonce is longer than 64 characters': (params.get('nonce') ?? '').length <= 64,
      'pushed request: request_uri is there': !params.has('request_uri'),
    });
    const name = `urn:ietf:params:oauth:request_uri:${random()}`;
    pushed.set(name, params);
    return json(201, { request_uri: name, expires_in: 60 });
  };

  const authorize = ({ params }: RecordedRequest): RawAnswer => {
    const names = [...params.keys()].filter((name) => name !== 'test_person').sort();
    const known = pushed.get(params.get('request_uri') ?? '');
    pushed.delete(params.get('request_uri') ?? '');
    hold({
      'authorization: there is more than client_id and request_uri': names.join() === 'client_id,request_uri',
      'authorization: request_uri is unknown, or comes twice': known !== undefined,
    });
    if (!known) return json(400, { error: 'invalid_request_uri' });
    const code = random();
    codes.set(code, { params: known });
    const honest = { code, state: known.get('state') ?? '', iss: issuer };
    const answer = script.authorization?.(honest) ?? honest;
    const mode = known.get('response_mode');
    if (!mode?.endsWith('jwt')) return deliver(known.get('redirect_uri') ?? '', mode, answer);
    const claims: Claims = { ...answer, aud: clientId, exp: Math.floor(now() / 1000) + 300 };
    const header = { alg: 'PS256', kid: key.kid };
    const jwt = signToken(header, script.answerClaims?.(claims) ?? claims, key);
    const response = script.answerJwt?.(jwt) ?? jwt;
    return deliver(known.get('redirect_uri') ?? '', mode.startsWith('form_post') ? 'form_post' : null, {
      response,
    });
  };

  const makeTokens = (grant: Grant): Claims => {
    const time = Math.floor(now() / 1000);
    const claims = {
      ...{ iss: issuer, sub: 'ada', aud: clientId, iat: time, exp: time + 300, auth_time: time },
      nonce: grant.params.get('nonce') ?? undefined,
    };
    const signer = script.key ?? key;
    const header: Claims =
      typeof signer === 'string' ? { alg: 'HS256' } : { alg: signer.alg, kid: signer.kid };
    const idToken = signToken(
      script.header?.(header) ?? header,
      script.claims?.(claims, grant.params) ?? claims,
      signer,
    );
    const [accessToken, refreshToken] = [random(), random()];
    accessTokens.set(accessToken, grant.thumbprint);
    refreshable.set(refreshToken, { ...grant, params: new URLSearchParams() });
    return {
      ...{ access_token: accessToken, refresh_token: refreshToken, expires_in: 300 },
      token_type: grant.thumbprint === undefined ? 'Bearer' : 'DPoP',
      id_token: script.idToken?.(idToken) ?? idToken,
    };
  };

  /** Asks for a nonce, where one is wanted and not there. */
  const findWantedNonce = ({ headers }: RecordedRequest, expected: string) => {
    if (script.wantsNonce === false || typeof headers.dpop !== 'string') return undefined;
    const claims = JSON.parse(Buffer.from(headers.dpop.split('.')[1] ?? '', 'base64url').toString());
    return claims.nonce === expected ? undefined : expected;
  };

  const answerToken = async (request: RecordedRequest) => {
    await proofs.checkAssertion(request);
    const wanted = findWantedNonce(request, nonces.token);
    if (wanted) return json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': wanted });
    const thumbprint = await proofs.checkProof(request, { url: `${issuer}token` });
    hold({ 'token: there is no proof of possession': thumbprint !== undefined });
    const { params } = request;
    if (params.get('grant_type') === 'refresh_token') {
      const grant = refreshable.get(params.get('refresh_token') ?? '');
      if (!grant) return json(400, { error: 'invalid_grant' });
      const answer = makeTokens({ ...grant, thumbprint });
      return script.refresh?.(answer) ?? answer;
    }
    const code = params.get('code') ?? '';
    const grant = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(params.get('code_verifier') ?? '')
      .digest('base64url');
    hold({
      'token: the code is unknown, or comes twice': grant !== undefined,
      'token: code_verifier does not fit': challenge === grant?.params.get('code_challenge'),
      'token: redirect_uri differs': params.get('redirect_uri') === grant?.params.get('redirect_uri'),
    });
    if (!grant) return json(400, { error: 'invalid_grant' });
    const answer = makeTokens({ ...grant, thumbprint });
    return script.token?.(answer) ?? answer;
  };

  const answerUserInfo = async (request: RecordedRequest) => {
    const [, scheme, token = ''] = /^(\S+) (.+)$/.exec(String(request.headers.authorization)) ?? [];
    const wanted = findWantedNonce(request, nonces.userinfo);
    const asks = script.challengeScheme ?? 'DPoP';
    const challenge = {
      ...{ 'www-authenticate': `${asks} error="use_dpop_nonce"`, 'dpop-nonce': wanted ?? '' },
    };
    if (wanted) return json(401, { error: 'use_dpop_nonce' }, challenge);
    const bound = accessTokens.get(token);
    const by = await proofs.checkProof(request, {
      ...{ url: `${issuer}userinfo`, accessToken: token },
    });
    hold({
      'userinfo: the access token is unknown': accessTokens.has(token),
      'userinfo: the token comes by another scheme, or without its key':
        by === bound && scheme?.toLowerCase() === (bound === undefined ? 'bearer' : 'dpop'),
    });
    const answer = { sub: 'ada' };
    return script.userinfo?.(answer) ?? answer;
  };

  const routes: Record<string, (request: RecordedRequest) => unknown> = {
    discovery: () => script.discovery?.(writeDiscoveryDocument(issuer)) ?? writeDiscoveryDocument(issuer),
    jwks: () => script.jwks?.({ keys: [key.jwk] }) ?? { keys: [key.jwk] },
    authorization: authorize,
    par: push,
    token: answerToken,
    userinfo: answerUserInfo,
  };
  const nameOf = (pathname: string) => {
    const name = pathname.replace(/^.*\//, '');
    return name === 'openid-configuration' ? 'discovery' : name === 'authorize' ? 'authorization' : name;
  };

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const { pathname, search } = new URL(req.url ?? '/', server.origin);
    const params = new URLSearchParams(req.method === 'POST' ? await text(req) : search);
    const { method = '', url = '', headers } = req;
    const request: RecordedRequest = { endpoint: nameOf(pathname), method, url, headers, params };
    recorded.push(request);
    const route = routes[request.endpoint];
    if (!route) violations.push(`a request to ${method} ${pathname}, which is not advertised`);
    const answer = await route?.(request);
    if (typeof answer === 'function') answer(res);
    else json(answer === undefined ? 404 : 200, answer ?? {})(res);
  };

  const server = await serve(
    () => (req, res) =>
      void handle(req, res).catch((error: Error) => {
        violations.push(`${req.method} ${req.url?.split('?')[0]}: ${error.message}`);
        json(400, { error: 'invalid_request' })(res);
      }),
    'localhost',
  );
  issuer = `${server.origin}/test/a/fapi/`;

  return {
    ...{ origin: server.origin, issuer, clientId, clientKeyPem, key, violations },
    script: (next = {}) => {
      script = next;
    },
    requests: (endpoint) => recorded.filter((request) => !endpoint || request.endpoint === endpoint),
    forgetRequests: () => recorded.splice(0),
    registerApp: async (baseUrl) => {
      redirectUris.push(`${baseUrl}/oauth/callback`);
      return { issuer, clientId, clientSecret: 'a client under this profile has none' };
    },
    signIn: (url, { as = 'ada', jar } = {}) => walkProvider(url, jar ?? createCookieJar(), { person: as }),
    close: server.close,
  };
}
