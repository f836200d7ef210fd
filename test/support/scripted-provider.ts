import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createCookieJar } from './cookie-jar.ts';
import { serve } from './listen.ts';
import type { OpenIdProvider } from './open-id-provider.ts';
import { findAuthorizationFaults, findTokenFaults, type Grant, type RecordedRequest } from './protocol-watch.ts';
import { walkProvider } from './provider-walk.ts';
import { deliver, json, type RawAnswer, redirect } from './scripted-answers.ts';
import {
  type Claims,
  createJunkKeys,
  createScriptedKey,
  hashForClaim,
  type ScriptedKey,
  signToken,
} from './scripted-keys.ts';

/** Where a provider departs from honesty. What is left out stays honest. */
export interface Script {
  discovery?: (document: Claims) => Claims | RawAnswer;
  jwks?: (document: { keys: object[] }) => object | RawAnswer;
  /** Changes what the browser brings back from the provider's login page. */
  authorization?: (answer: Record<string, string>) => Record<string, string>;
  /** Changes the claims of the ID token. `request` is the authorization request. */
  claims?: (claims: Claims, request: URLSearchParams) => Claims;
  header?: (header: Claims) => Claims;
  /** Signs the ID token instead of the key that is published first. A string is the secret of an HMAC. */
  key?: ScriptedKey | string;
  /** Changes the ID token after it was signed. */
  idToken?: (jwt: string) => string;
  /** Changes the answer of the token endpoint. */
  token?: (answer: Claims) => Claims | RawAnswer;
  userinfo?: (answer: Claims) => Claims | RawAnswer;
  revocation?: () => RawAnswer;
}

/** Endpoints by the member of the discovery document that names them. */
const ENDPOINTS = {
  authorization_endpoint: 'authorization',
  token_endpoint: 'token',
  jwks_uri: 'jwks',
  userinfo_endpoint: 'userinfo',
  end_session_endpoint: 'endSession',
  revocation_endpoint: 'revocation',
} as const;

export type ScriptedEndpoint = 'discovery' | (typeof ENDPOINTS)[keyof typeof ENDPOINTS];

/**
 * A small provider whose every answer a test can script. It is as strict as the conformance suite: a request to a
 * path it does not advertise, a code or a verifier that comes twice, a malformed request are violations.
 */
export interface ScriptedProvider extends Pick<OpenIdProvider, 'registerApp' | 'signIn'> {
  readonly origin: string;
  /** Has a path and ends with a slash. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The key that signs, published first. */
  key: ScriptedKey;
  /** Replaces the script; without one the provider is honest again. */
  script(script?: Script): void;
  /** All requests so far, or those to one endpoint. */
  requests(endpoint?: ScriptedEndpoint): RecordedRequest[];
  forgetRequests(): void;
  /** What the application did wrong so far. `close()` rejects when there is any of it. */
  readonly violations: string[];
  close(): Promise<void>;
}

export interface ScriptedProviderOptions {
  /** @default '/test/a/app/' */
  path?: string;
  /** @default 'localhost' */
  host?: 'localhost' | '127.0.0.1';
  key?: ScriptedKey;
  clientId?: string;
  clientSecret?: string;
  /** The clock that tokens are issued by. @default Date.now */
  now?: () => number;
}

/** Client id, secret and `sid` of the conformance suite hold punctuation and spaces (C-07). */
const PUNCTUATION = ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`;

export async function startScriptedProvider(options: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
  const { path = '/test/a/app/', host = 'localhost', now = Date.now } = options;
  const clientId = options.clientId ?? `app${PUNCTUATION}app`;
  const clientSecret = options.clientSecret ?? `a secret${PUNCTUATION}of 32 characters or more`;
  const client = { clientId, clientSecret, redirectUris: [] as string[] };
  const junkKeys = createJunkKeys();
  const recorded: RecordedRequest[] = [];
  const violations: string[] = [];
  const grants = new Map<string, Grant>();
  const spent = new Set<string>();
  let script: Script = {};
  let issuer = '';

  const urlOf = (name: string) => `${issuer}${name}`;
  const documentOf = () => ({
    issuer,
    authorization_endpoint: `${urlOf('authorize')}?tenant=a%20b`,
    token_endpoint: urlOf('token'),
    jwks_uri: urlOf('jwks'),
    userinfo_endpoint: urlOf('userinfo'),
    end_session_endpoint: urlOf('end_session'),
    revocation_endpoint: urlOf('revoke'),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  });

  const authorize = (params: URLSearchParams): RawAnswer => {
    const person = params.get('test_person') ?? 'ada';
    for (const name of ['test_person', 'tenant']) params.delete(name);
    violations.push(...findAuthorizationFaults(params, client).map((fault) => `authorization: ${fault}`));
    const code = randomBytes(16).toString('base64url');
    grants.set(code, { request: params, sub: person });
    const honest = person === 'cancel' ? { error: 'access_denied' } : { code };
    const answer = { ...honest, state: params.get('state') ?? '', iss: issuer };
    const given = script.authorization?.(answer as Record<string, string>) ?? answer;
    return deliver(params.get('redirect_uri') ?? '', params.get('response_mode'), given);
  };

  const makeIdToken = ({ request, sub }: Grant, accessToken: string) => {
    const time = Math.floor(now() / 1000);
    const claims: Claims = {
      iss: issuer,
      sub,
      aud: clientId,
      iat: time,
      exp: time + 300,
      auth_time: time,
      nonce: request.get('nonce'),
      sid: `sid${PUNCTUATION}${sub}`,
      at_hash: hashForClaim(accessToken),
      name: `${sub} of the script`,
      email: `${sub}@example.com`,
    };
    const key = script.key ?? provider.key;
    const header: Claims = typeof key === 'string' ? { alg: 'HS256' } : { alg: key.alg, kid: key.kid };
    const jwt = signToken(script.header?.(header) ?? header, script.claims?.(claims, request) ?? claims, key);
    return script.idToken?.(jwt) ?? jwt;
  };

  const exchangeCode = (request: RecordedRequest): Claims | RawAnswer => {
    const code = request.params.get('code') ?? '';
    const grant = grants.get(code);
    const refuse = json(400, { error: 'invalid_grant' });
    if (!grant) return script.token?.({ error: 'invalid_grant' }) ?? refuse;
    const faults = findTokenFaults(request, grant, client);
    for (const value of [code, request.params.get('code_verifier') ?? '']) {
      if (spent.has(value)) faults.push('a code or verifier comes twice');
      spent.add(value);
    }
    if (faults.length > 0) {
      violations.push(...faults.map((fault) => `token: ${fault}`));
      return refuse;
    }
    const accessToken = randomBytes(16).toString('base64url');
    const answer = {
      access_token: accessToken,
      refresh_token: `refresh${PUNCTUATION}${code}`,
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: makeIdToken(grant, accessToken),
    };
    return script.token?.(answer) ?? answer;
  };

  const answerRequest = (request: RecordedRequest): unknown => {
    const { endpoint, params } = request;
    switch (endpoint as ScriptedEndpoint) {
      case 'discovery':
        return script.discovery?.(documentOf()) ?? documentOf();
      case 'jwks': {
        const honest = { keys: [...junkKeys, provider.key.jwk] };
        return script.jwks?.(honest) ?? honest;
      }
      case 'authorization':
        return authorize(params);
      case 'token':
        return exchangeCode(request);
      case 'userinfo':
        return script.userinfo?.({ sub: 'ada' }) ?? { sub: 'ada' };
      case 'endSession':
        return redirect(params.get('post_logout_redirect_uri') ?? '/');
      case 'revocation':
        return script.revocation?.() ?? json(200, {});
      default:
        violations.push(`a request to ${request.method} ${request.url}, which is not advertised`);
        return json(500, { error: 'not advertised' });
    }
  };

  /** Paths as they are advertised at this moment, so that a script can move an endpoint or leave it out. */
  const findEndpoint = (pathname: string): string => {
    if (pathname === `${path}.well-known/openid-configuration`) return 'discovery';
    const document = script.discovery?.(documentOf()) ?? documentOf();
    const advertised = (typeof document === 'function' ? documentOf() : document) as Claims;
    const found = Object.entries(ENDPOINTS).find(([member]) => {
      const url = advertised[member];
      return typeof url === 'string' && URL.canParse(url) && new URL(url).pathname === pathname;
    });
    return found?.[1] ?? 'unknown';
  };

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const url = req.url ?? '/';
    const body = await text(req);
    const { pathname, search } = new URL(url, server.origin);
    const endpoint = findEndpoint(pathname);
    const params = new URLSearchParams(req.method === 'POST' ? body : search);
    const request = { endpoint, method: req.method ?? '', url, headers: req.headers, params };
    recorded.push(request);
    const answer = answerRequest(request);
    if (typeof answer === 'function') answer(res);
    else json(200, answer)(res);
  };

  const server = await serve(() => (req, res) => void handle(req, res).catch(() => res.destroy()), host);
  issuer = server.origin + path;

  const provider: ScriptedProvider = {
    origin: server.origin,
    issuer,
    clientId,
    clientSecret,
    key: options.key ?? createScriptedKey('RS256', 'the key that signs'),
    violations,
    script: (next = {}) => {
      script = next;
    },
    requests: (endpoint) => recorded.filter((request) => !endpoint || request.endpoint === endpoint),
    forgetRequests: () => recorded.splice(0),
    registerApp: async (baseUrl) => {
      client.redirectUris.push(`${baseUrl}/oauth/callback`);
      return { issuer, clientId, clientSecret };
    },
    signIn: (url, { as = 'ada', cancel = false, jar } = {}) => {
      const target = new URL(url);
      target.searchParams.set('test_person', cancel ? 'cancel' : as);
      return walkProvider(target.href, jar ?? createCookieJar(), { person: as });
    },
    close: async () => {
      await server.close();
      if (violations.length > 0) throw new Error(`The application did wrong: ${violations.join('; ')}.`);
    },
  };
  return provider;
}
