import type { RecordedRequest } from './emulator-server.ts';
import type { Parameters } from './parameters.ts';
import { invalidClient, invalidRequest } from './refusal.ts';

/** What every registered client has. */
export interface EmulatorClient {
  clientId: string;
  /** Absent: a public client. */
  clientSecret?: string;
  redirectUris: string[];
  /** Scopes it may ask for. @default those the provider knows */
  scopes?: string[];
}

interface Credentials {
  clientId: string | undefined;
  clientSecret: string | undefined;
}

export interface AuthenticationRules {
  /** Where the secret travels. `basic` also lets public clients name themselves in the body. */
  method: 'body' | 'basic' | 'both';
  /** `form` decodes both halves of Basic as RFC 6749 section 2.3.1 says; `raw` takes the bytes as they are. */
  decoding: 'raw' | 'form';
  realm: string;
}

/**
 * Finds the client that sent a request and checks its secret.
 * @throws Refusal `invalid_client`, or `invalid_request` when it used two methods at once.
 */
export const authenticateClient = <C extends EmulatorClient>(
  clients: ReadonlyMap<string, C>,
  given: { request: RecordedRequest; parameters: Parameters },
  rules: AuthenticationRules,
): C => {
  const { clientId, clientSecret } = readCredentials(given.request, given.parameters, rules);
  const client = clientId === undefined ? undefined : clients.get(clientId);
  if (client === undefined || client.clientSecret !== clientSecret) throw refuseClient(given.request, rules);
  return client;
};

const readCredentials = (
  request: RecordedRequest,
  parameters: Parameters,
  rules: AuthenticationRules,
): Credentials => {
  const header = request.headers.authorization;
  const clientId = parameters.get('client_id');
  const clientSecret = parameters.get('client_secret');
  if (header === undefined) {
    if (rules.method === 'basic' && clientSecret !== undefined) throw refuseClient(request, rules);
    return { clientId, clientSecret };
  }
  if (rules.method === 'body') throw refuseClient(request, rules);
  if (clientSecret !== undefined) throw invalidRequest('the client authenticates in two ways');
  const basic = parseBasic(header, rules.decoding);
  if (basic === undefined || (clientId !== undefined && clientId !== basic.clientId)) {
    throw refuseClient(request, rules);
  }
  return basic;
};

// RFC 6749 section 5.2 asks for the challenge when the client tried the header or should have.
const refuseClient = (request: RecordedRequest, rules: AuthenticationRules) =>
  invalidClient(
    'client authentication failed',
    request.headers.authorization !== undefined || rules.method === 'basic' ? rules.realm : undefined,
  );

const parseBasic = (header: string, decoding: AuthenticationRules['decoding']): Credentials | undefined => {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  const [clientId, clientSecret] = [pair.slice(0, colon), pair.slice(colon + 1)];
  if (decoding === 'raw') return { clientId, clientSecret };
  return { clientId: formDecode(clientId), clientSecret: formDecode(clientSecret) };
};

const formDecode = (text: string): string =>
  new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value') ?? '';
