import { createHash } from 'node:crypto';

/** What a provider has been asked. */
export interface RecordedRequest {
  readonly endpoint: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The query of a GET, the form of a POST. */
  readonly params: URLSearchParams;
}

/** An authorization request that was accepted, and what the token request must repeat. */
export interface Grant {
  readonly request: URLSearchParams;
  readonly sub: string;
  /** When the person signed in, in seconds. */
  readonly authTime: number;
}

export interface ExpectedClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
}

/** What the conformance suite checks in every authorization request (C-03, C-04). Empty: nothing is wrong. */
export function findAuthorizationFaults(params: URLSearchParams, client: ExpectedClient): string[] {
  const get = (name: string) => params.get(name) ?? '';
  const rules: Record<string, boolean> = {
    'response_type is not "code"': get('response_type') === 'code',
    'client_id is unknown': get('client_id') === client.clientId,
    'redirect_uri is not registered': client.redirectUris.includes(get('redirect_uri')),
    'scope lacks openid': get('scope').split(' ').includes('openid'),
    'state is not random': get('state').length >= 22,
    'nonce is not 22 to 43 URL-safe characters': /^[\w-]{22,43}$/.test(get('nonce')),
    'the method of PKCE is not S256': get('code_challenge_method') === 'S256',
    'code_challenge is not a hash': /^[\w-]{43}$/.test(get('code_challenge')),
    'request or request_uri is there': !params.has('request') && !params.has('request_uri'),
    // Several resources are several parameters (RFC 8707, section 2).
    'a parameter comes twice':
      new Set(params.keys()).size === params.size - Math.max(0, params.getAll('resource').length - 1),
    'a resource comes twice': new Set(params.getAll('resource')).size === params.getAll('resource').length,
  };
  return failed(rules);
}

/** What a provider must check in every token request (C-05, C-06, C-07). */
export function findTokenFaults(
  { method, headers, params, url }: RecordedRequest,
  grant: Grant,
  client: ExpectedClient,
): string[] {
  const verifier = params.get('code_verifier') ?? '';
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const rules: Record<string, boolean> = {
    'it is no POST of a form':
      method === 'POST' && /^application\/x-www-form-urlencoded/.test(String(headers['content-type'])),
    'it has a query': !url.includes('?'),
    'grant_type is not authorization_code': params.get('grant_type') === 'authorization_code',
    'redirect_uri differs': params.get('redirect_uri') === grant.request.get('redirect_uri'),
    'code_verifier does not fit': challenge === grant.request.get('code_challenge'),
    'code_verifier is not 43 to 128 unreserved characters': /^[\w\-.~]{43,128}$/.test(verifier),
    'client_id differs': [null, client.clientId].includes(params.get('client_id')),
    'the client does not prove itself by Basic alone':
      !params.has('client_secret') && isBasic(headers.authorization, client),
  };
  return failed(rules);
}

/** RFC 6749, section 2.3.1: both parts are form-encoded before base64. */
function isBasic(authorization: unknown, { clientId, clientSecret }: ExpectedClient): boolean {
  const credentials = /^Basic (.+)$/.exec(String(authorization))?.[1] ?? '';
  const parts = Buffer.from(credentials, 'base64').toString().split(':');
  const decode = (part = '') => new URLSearchParams(`value=${part}`).get('value');
  return parts.length === 2 && decode(parts[0]) === clientId && decode(parts[1]) === clientSecret;
}

function failed(rules: Record<string, boolean>): string[] {
  return Object.entries(rules).flatMap(([problem, holds]) => (holds ? [] : [problem]));
}
