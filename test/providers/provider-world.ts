import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Callback } from '../support/browser-client.ts';
import { exchange } from '../support/http-exchange.ts';
import { serve } from '../support/listen.ts';
import { json, type RawAnswer, redirect, send } from '../support/scripted-answers.ts';
import {
  type Claims,
  createScriptedKey,
  hashForClaim,
  type ScriptedKey,
  signToken,
} from '../support/scripted-keys.ts';
import { isOurClient } from './client-proofs.ts';
import { CLIENT, type Endpoints, type Habits } from './habits.ts';

/** Says where a request was meant to go: on loopback there is one server for every host of the world. */
const ADDRESS = 'x-test-address';

export interface WorldRequest {
  method: string;
  /** As it was asked, with the provider's own host. */
  url: URL;
  headers: IncomingMessage['headers'];
  params: URLSearchParams;
}

/** One provider as it is documented, under its own addresses, on this machine. */
export interface ProviderWorld {
  /** For what the application asks: leads every https address to this machine. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Opens an address in a browser that is signed in as Ada, and returns where it is sent. */
  open(url: string): Promise<Callback>;
  /** What it was asked so far, by the member of the endpoint or the address of an API. */
  asked(endpoint: string): WorldRequest[];
  /** Requests that the documentation does not know. */
  readonly violations: string[];
  close(): Promise<void>;
}

export interface WorldOptions {
  now: () => number;
  /** The public half of the application's key, where it proves itself by one. */
  clientKey?: KeyObject;
}

/** Starts one. */
export async function startProviderWorld(
  habits: Habits,
  { now, clientKey }: WorldOptions,
): Promise<ProviderWorld> {
  const { endpoints, issuer, algorithm = 'RS256', apis = {} } = habits;
  const key = algorithm === 'HS256' ? CLIENT.clientSecret : keyFor(algorithm);
  const requests: { endpoint: string; request: WorldRequest }[] = [];
  const violations: string[] = [];
  const codes = new Map<string, URLSearchParams>();
  const refreshTokens = new Map<string, URLSearchParams>();
  const accessTokens = new Set<string>();

  const issue = (request: URLSearchParams, isRefresh: boolean): Claims => {
    const seconds = Math.floor(now() / 1000);
    const common = { iss: issuer, sub: 'ada', iat: seconds, exp: seconds + 3600 };
    const accessToken = habits.accessToken
      ? sign(
          { ...common, azp: CLIENT.clientId, ...habits.accessToken, jti: randomBytes(8).toString('hex') },
          key,
        )
      : randomBytes(16).toString('base64url');
    accessTokens.add(accessToken);
    const answer: Claims = { access_token: accessToken, token_type: 'Bearer', expires_in: 3600 };
    if (habits.idToken) {
      answer.id_token = sign(
        {
          ...{ ...common, aud: CLIENT.clientId, at_hash: hashForClaim(accessToken) },
          nonce: isRefresh || habits.nonce === false ? undefined : (request.get('nonce') ?? undefined),
          ...habits.idToken,
        },
        key,
      );
    }
    if (habits.refreshToken?.(request)) {
      answer.refresh_token = randomBytes(16).toString('base64url');
      refreshTokens.set(String(answer.refresh_token), request);
    }
    return habits.tokenAnswer?.(answer) ?? answer;
  };

  const refuse = (error: string): RawAnswer => {
    const refusal = habits.refusal?.(error);
    return json(refusal?.status ?? (error === 'invalid_client' ? 401 : 400), refusal?.body ?? { error });
  };

  const answerToken = async ({ headers, params }: WorldRequest): Promise<RawAnswer> => {
    if (!(await isOurClient(habits, headers, params, clientKey))) return refuse('invalid_client');
    if (params.get('grant_type') === 'refresh_token') {
      const granted = refreshTokens.get(params.get('refresh_token') ?? '');
      refreshTokens.delete(params.get('refresh_token') ?? '');
      return granted ? json(200, issue(granted, true)) : refuse('invalid_grant');
    }
    const request = codes.get(params.get('code') ?? '');
    codes.delete(params.get('code') ?? '');
    const isFit =
      request?.get('redirect_uri') === params.get('redirect_uri') &&
      challengeOf(params.get('code_verifier')) === request?.get('code_challenge');
    return request && isFit ? json(200, issue(request, false)) : refuse('invalid_grant');
  };

  const authorize = ({ params }: WorldRequest): RawAnswer => {
    const unknown = [...params.keys()].filter((name) => habits.onlyParams?.includes(name) === false);
    const lacking = Object.entries(habits.neededParams ?? {}).filter(
      ([name, value]) => params.get(name) !== value,
    );
    if (unknown.length > 0 || lacking.length > 0)
      return send(400, `refused for ${unknown} and ${lacking.map(([name]) => name)}`);
    const code = randomBytes(16).toString('base64url');
    codes.set(code, params);
    const answer = new URLSearchParams({ code, state: params.get('state') ?? '', ...habits.callbackExtras });
    const target = params.get('redirect_uri') ?? '';
    const scopes = params.get('scope')?.split(' ') ?? [];
    const mustBeForm = habits.formPostScopes?.some((scope) => scopes.includes(scope)) ?? false;
    if (mustBeForm && params.get('response_mode') !== 'form_post')
      return send(400, 'response_mode must be form_post');
    return mustBeForm ? send(200, `${answer}`, { 'x-form-action': target }) : redirect(`${target}?${answer}`);
  };

  const answerUserInfo = ({ headers }: WorldRequest): RawAnswer => {
    if (!accessTokens.has(readBearer(headers))) return send(401, '', { 'www-authenticate': 'Bearer' });
    const claims = { sub: 'ada', ...habits.userinfo };
    if (habits.userinfoAs !== 'jwt') return json(200, claims);
    const jwt = sign({ iss: issuer, aud: CLIENT.clientId, ...claims }, key);
    return send(200, jwt, { 'content-type': 'application/jwt; charset=utf-8' });
  };

  const endSession = ({ params }: WorldRequest): RawAnswer => {
    const { returnParam = 'post_logout_redirect_uri', needs = [], refuses = [] } = habits.logout ?? {};
    const problems = [
      ...needs.filter((name) => !params.has(name)),
      ...refuses.filter((name) => params.has(name)),
    ];
    const target = params.get(returnParam);
    if (!target || problems.length > 0) return send(400, `refused: ${problems}`);
    const state = params.get('state');
    return redirect(state === null ? target : `${target}?${new URLSearchParams({ state })}`);
  };

  const answers: Record<keyof Endpoints, (request: WorldRequest) => RawAnswer | Promise<RawAnswer>> = {
    authorization_endpoint: authorize,
    token_endpoint: answerToken,
    jwks_uri: () => json(200, { keys: typeof key === 'string' ? [] : [{ ...key.jwk, ...habits.keyExtras }] }),
    userinfo_endpoint: answerUserInfo,
    end_session_endpoint: endSession,
    revocation_endpoint: async ({ headers, params }) =>
      (await isOurClient(habits, headers, params, clientKey)) ? send(200, '') : refuse('invalid_client'),
  };

  const answer = async (request: WorldRequest): Promise<RawAnswer> => {
    const address = `${request.url.origin}${request.url.pathname}`;
    const found = (Object.keys(answers) as (keyof Endpoints)[]).find((name) => endpoints[name] === address);
    requests.push({ endpoint: found ?? address, request });
    if (found) return answers[found](request);
    const discovery = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    if (address === discovery && habits.discovery !== false) {
      return json(200, {
        issuer,
        ...endpoints,
        id_token_signing_alg_values_supported: [algorithm],
        ...habits.discovery,
      });
    }
    const api = apis[address];
    if (api !== undefined) {
      if (accessTokens.has(readBearer(request.headers)))
        return send(200, api, { 'content-type': 'application/json; charset=utf-8' });
      return json(401, { message: 'Bad credentials' });
    }
    violations.push(`${request.method} ${address}`);
    return send(404, 'there is nothing');
  };

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const url = new URL(String(req.headers[ADDRESS]));
    const body = await text(req);
    const params = new URLSearchParams(req.method === 'POST' ? body : url.search);
    (await answer({ method: req.method ?? '', url, headers: req.headers, params }))(res);
  };
  const server = await serve(() => (req, res) => void handle(req, res).catch(() => res.destroy()));

  return {
    fetch: async (url, init) => {
      const headers = new Headers(init.headers);
      headers.set(ADDRESS, url);
      const response = await fetch(server.origin, { ...init, headers });
      return Object.defineProperty(response, 'url', { value: url });
    },
    open: async (url) => {
      const response = await exchange({ method: 'GET', url: server.origin, headers: { [ADDRESS]: url } });
      const action = response.headers.get('x-form-action');
      if (action) return { method: 'POST', url: action, body: new URLSearchParams(await response.text()) };
      const location = response.headers.get('location');
      if (location) return { method: 'GET', url: location };
      throw new Error(`${habits.title} answered ${response.status}: ${await response.text()}.`);
    },
    asked: (endpoint) => requests.filter((each) => each.endpoint === endpoint).map(({ request }) => request),
    violations,
    close: server.close,
  };
}

/** Keys are dear to make, and no row minds that another has the same. */
const keys = new Map<string, ScriptedKey>();

function keyFor(algorithm: 'RS256' | 'ES256'): ScriptedKey {
  const key = keys.get(algorithm) ?? createScriptedKey(algorithm, 'the key');
  keys.set(algorithm, key);
  return key;
}

function sign(claims: Claims, key: ScriptedKey | string): string {
  return signToken(typeof key === 'string' ? { alg: 'HS256' } : { alg: key.alg, kid: key.kid }, claims, key);
}

function challengeOf(verifier: string | null): string | null {
  return verifier && createHash('sha256').update(verifier).digest('base64url');
}

function readBearer({ authorization = '' }: IncomingMessage['headers']): string {
  return /^Bearer (.+)$/.exec(authorization)?.[1] ?? '';
}
