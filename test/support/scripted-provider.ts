import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { createCookieJar } from './cookie-jar.ts';
import { serve } from './listen.ts';
import type { OpenIdProvider, Registration } from './open-id-provider.ts';
import { findAuthorizationFaults, type Grant, type RecordedRequest } from './protocol-watch.ts';
import { walkProvider } from './provider-walk.ts';
import { deliver, json, type RawAnswer, redirect } from './scripted-answers.ts';
import { type Claims, createJunkKeys, createScriptedKey, type ScriptedKey } from './scripted-keys.ts';
import { createTokenEndpoint, PUNCTUATION } from './scripted-token-endpoint.ts';

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
  /** Changes its answer to a refresh token, which is good once. */
  refresh?: (answer: Claims) => Claims | RawAnswer;
  userinfo?: (answer: Claims) => Claims | RawAnswer;
  revocation?: () => RawAnswer;
  /** Answers the browser instead of sending it back at once. */
  endSession?: (params: URLSearchParams) => RawAnswer;
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
export interface ScriptedProvider extends Pick<OpenIdProvider, 'signIn'> {
  /** Registers `/oauth/callback` of this base URL, or another path of it; for another client than the first, if named. */
  registerApp(
    baseUrl: string,
    metadata?: { callbackPath?: string; clientId?: string },
  ): Promise<Registration>;
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

export async function startScriptedProvider(
  options: ScriptedProviderOptions = {},
): Promise<ScriptedProvider> {
  const { path = '/test/a/app/', host = 'localhost', now = Date.now } = options;
  const clientId = options.clientId ?? `app${PUNCTUATION}app`;
  const clientSecret = options.clientSecret ?? `a secret${PUNCTUATION}of 32 characters or more`;
  const redirectUris: string[] = [];
  const client = { clientId, clientSecret, redirectUris };
  const clients = new Map([[clientId, client]]);
  const clientOf = (request: URLSearchParams) => clients.get(request.get('client_id') ?? '') ?? client;
  const junkKeys = createJunkKeys();
  const recorded: RecordedRequest[] = [];
  const violations: string[] = [];
  const grants = new Map<string, Grant>();
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
    violations.push(
      ...findAuthorizationFaults(params, clientOf(params)).map((fault) => `authorization: ${fault}`),
    );
    const code = randomBytes(16).toString('base64url');
    grants.set(code, { request: params, sub: person, authTime: Math.floor(now() / 1000) });
    const honest: Record<string, string> = person === 'cancel' ? { error: 'access_denied' } : { code };
    const answer = { ...honest, state: params.get('state') ?? '', iss: issuer };
    const given = script.authorization?.(answer) ?? answer;
    return deliver(params.get('redirect_uri') ?? '', params.get('response_mode'), given);
  };

  const answerToken = createTokenEndpoint({
    ...{ clientOf, grants, violations, now },
    script: () => script,
    issuer: () => issuer,
    key: () => provider.key,
  });

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
        return answerToken(request);
      case 'userinfo':
        return script.userinfo?.({ sub: 'ada' }) ?? { sub: 'ada' };
      case 'endSession':
        return script.endSession?.(params) ?? redirect(findPageAfterLogout(params));
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
    registerApp: async (baseUrl, { callbackPath = '/oauth/callback', clientId: as = clientId } = {}) => {
      redirectUris.push(baseUrl + callbackPath);
      clients.set(as, { clientId: as, clientSecret, redirectUris });
      return { issuer, clientId: as, clientSecret };
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

/** Where an honest provider sends the browser after a logout. */
export function findPageAfterLogout(params: URLSearchParams): string {
  const target = new URL(params.get('post_logout_redirect_uri') ?? '');
  const state = params.get('state');
  if (state !== null) target.searchParams.set('state', state);
  return target.href;
}
