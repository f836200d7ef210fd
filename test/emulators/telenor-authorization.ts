import type { Authorization } from './authorize-endpoint.ts';
import { checkScopes, requireParameter, splitScope } from './parameters.ts';
import { invalidRequest, unsupportedResponseType } from './refusal.ts';
import type { TelenorClient, TelenorSettings } from './telenor-options.ts';
import { telenorScopes } from './telenor-tokens.ts';

export const outOfBandUris = ['urn:ietf:wg:oauth:2.0:oob', 'urn:ietf:wg:oauth:2.0:oob:auto'];

/** Throws for a client that the provider would not register. */
export const checkTelenorClient = (client: TelenorClient): void => {
  const isWeb = client.redirectUris.some((uri) => /^https?:/.test(uri));
  if (client.sso && isWeb && !client.postLogoutRedirectUris?.length) {
    throw new Error(`${client.clientId}: an SSO web client needs a post-logout redirect URI`);
  }
  for (const uri of [...client.redirectUris, ...(client.postLogoutRedirectUris ?? [])]) {
    if (!isRegistrable(uri)) {
      throw new Error(`${client.clientId}: ${uri} is neither https, http://localhost, nor a custom scheme`);
    }
  }
};

const isRegistrable = (uri: string): boolean => {
  if (outOfBandUris.includes(uri)) return true;
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, hash } = new URL(uri);
  return hash === '' && (protocol !== 'http:' || hostname === 'localhost');
};

const prompts = ['none', 'no_seam', 'login', 'consent'];

/** Throws what is wrong with an authorization request whose client and redirect URI are right. */
export const checkTelenorAuthorization = (
  { client, parameters }: Authorization<TelenorClient>,
  settings: TelenorSettings,
): void => {
  const responseType = requireParameter(parameters, 'response_type');
  if (responseType !== 'code') throw unsupportedResponseType(responseType);
  checkScopes(splitScope(requireParameter(parameters, 'scope')), client.scopes ?? telenorScopes);
  if (settings.requireState) requireParameter(parameters, 'state');
  const prompt = parameters.get('prompt');
  if (prompt !== undefined && !prompts.includes(prompt)) throw invalidRequest(`prompt ${prompt} is unknown`);
  if (!/^\d{1,9}$/.test(parameters.get('max_age') ?? '0')) throw invalidRequest('max_age is not a number');
  readRequestedClaims(parameters.get('claims'));
};

/**
 * Reads the `claims` parameter.
 * @throws Refusal `invalid_request`
 * @see OpenID Connect Core section 5.5
 */
export const readRequestedClaims = (text = '{}'): { userinfo: string[]; idToken: string[] } => {
  try {
    const { userinfo = {}, id_token: idToken = {} } = JSON.parse(text);
    return { userinfo: Object.keys(userinfo), idToken: Object.keys(idToken) };
  } catch {
    throw invalidRequest('claims is not a JSON object');
  }
};
