import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import { ProviderError } from '../errors.ts';
import type { UserApi } from '../provider-definition.ts';
import { invalidResponse, isPassing } from './provider-faults.ts';
import { find, readExactMember } from './read-exact-member.ts';
import { readUserClaims } from './read-user-claims.ts';
import { splitWords } from './split-words.ts';

/** What to ask a user API with. */
export interface UserApiRequest {
  /** The provider's name in the options. */
  readonly name: string;
  readonly accessToken: string | undefined;
  /** The scopes that were granted. */
  readonly scope: string;
}

/** As for ID tokens. */
const MAX_SUB_LENGTH = 255;

/**
 * Asks an API whose token this is. The answer comes over our own connection, from an address of the definition, for a
 * token that the token endpoint has just given us; that is what vouches for it.
 *
 * @throws ProviderError `provider_invalid_response`, `provider_refused` or `provider_unavailable`; what openid-client throws.
 */
export async function readUserApi(
  configuration: client.Configuration,
  api: UserApi,
  request: UserApiRequest,
): Promise<UserClaims> {
  const { name, scope } = request;
  const { emails } = api;
  const text = await ask(configuration, api.url, api, request);
  const answer = readObject(text, name);
  const sub = readExactMember(text, api.sub);
  if (sub === undefined || sub.length > MAX_SUB_LENGTH) {
    throw invalidResponse(
      name,
      'the answer of its user API',
      `${api.sub} must be a string of 1 to ${MAX_SUB_LENGTH} characters or a whole number`,
    );
  }
  const asksForEmails = emails !== undefined && splitWords(scope).includes(emails.scope);
  const addresses = asksForEmails ? readEmails(await ask(configuration, emails.url, api, request), name) : {};
  return readUserClaims(name, { ...answer, ...pickClaims(answer, api.claims), ...addresses, sub });
}

/** The same about a person who is known: the answer must speak of them. */
export async function askUserApi(
  configuration: client.Configuration,
  api: UserApi,
  { sub, ...request }: UserApiRequest & { readonly sub: string },
): Promise<UserClaims> {
  const claims = await readUserApi(configuration, api, request);
  if (claims.sub === sub) return claims;
  throw invalidResponse(request.name, 'the answer of its user API', 'it speaks of another person');
}

async function ask(
  configuration: client.Configuration,
  url: string,
  { headers }: UserApi,
  { name, accessToken }: UserApiRequest,
): Promise<string> {
  if (!accessToken) throw invalidResponse(name, 'the answer', 'it has no access token');
  const response = await client.fetchProtectedResource(
    configuration,
    accessToken,
    new URL(url),
    'GET',
    undefined,
    new Headers({ accept: 'application/json', 'user-agent': 'express-connect-auth', ...headers }),
  );
  if (response.status === 200) return response.text();
  const { status } = response;
  throw new ProviderError(
    `Provider "${name}": its user API at ${new URL(url).host} answered with the status ${status}; expected 200. Does the scope allow it?`,
    { code: isPassing(status) ? 'provider_unavailable' : 'provider_refused', provider: name },
  );
}

function readObject(text: string, name: string): Record<string, unknown> {
  const value = parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalidResponse(name, 'the answer of its user API', 'it must be a JSON object');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member that is not there, or `null`, says nothing, and takes nothing away. */
function pickClaims(answer: object, claims: UserApi['claims']): Record<string, unknown> {
  const entries = Object.entries(claims).map(([claim, path]) => [claim, find(answer, path.split('.'))]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
}

/** The primary address of a list such as `[{ "email": "…", "primary": true, "verified": true }]`. */
function readEmails(text: string, name: string): Partial<UserClaims> {
  const list = parse(text);
  if (!Array.isArray(list))
    throw invalidResponse(name, 'its list of e-mail addresses', 'it must be an array');
  const primary = list.find((entry) => find(entry, ['primary']) === true);
  const email = find(primary, ['email']);
  if (typeof email !== 'string') return {};
  return { email, email_verified: find(primary, ['verified']) === true };
}
