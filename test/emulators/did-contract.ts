import { createHash, randomUUID } from 'node:crypto';
import { type Answer, json } from './answers.ts';
import type { Authorization, ResponseMode } from './authorize-endpoint.ts';
import type { EmulatorClient } from './client-authentication.ts';
import type { Parameters } from './parameters.ts';
import { checkCodeChallenge } from './pkce.ts';
import { invalidRequest, type Refusal, unsupportedResponseType } from './refusal.ts';

/** The provider's own name of the PKCE method that the RFC calls S256. */
export const didChallengeMethod = 'sha256';

const responseModes = ['query', 'fragment', 'form_post'] as const;

/** Throws for an application that the provider would not set up: only test ones may use loopback http. */
export const checkDidClient = ({ clientId, redirectUris }: EmulatorClient): void => {
  for (const uri of redirectUris) {
    const { protocol, hostname } = new URL(uri);
    const isTest = clientId.startsWith('test_') && ['localhost', '127.0.0.1'].includes(hostname);
    if (protocol !== 'https:' && !isTest) {
      throw new Error(`${clientId}: ${uri} needs https, or a client id that begins with test_`);
    }
  }
};

/** Throws what is wrong with an authorization request whose client and redirect URI are right. */
export const checkDidAuthorization = ({ client, parameters }: Authorization<EmulatorClient>): void => {
  const responseType = parameters.get('response_type') ?? 'code';
  if (responseType !== 'code') throw unsupportedResponseType(responseType);
  if (parameters.has('response_mode') && findResponseMode(parameters) === undefined) {
    throw invalidRequest('response_mode is unknown');
  }
  checkCodeChallenge(parameters, client, didChallengeMethod);
};

export const findResponseMode = (parameters: Parameters): ResponseMode | undefined =>
  responseModes.find((mode) => mode === parameters.get('response_mode'));

/** The provider's error object; its one documented example is HTTP 403 with `token_declined`. */
export const renderDidRefusal = (refusal: Refusal): Answer => {
  const isDeclined = ['invalid_client', 'invalid_grant'].includes(refusal.code);
  const status = isDeclined ? 403 : refusal.status;
  const code = isDeclined ? 'token_declined' : refusal.code;
  const title = isDeclined ? 'Token declined' : 'Request refused';
  return json(
    status,
    { error: { id: randomUUID(), status, code, title, detail: refusal.message } },
    // The challenge of a 401 has no place in a 403.
    isDeclined ? {} : refusal.headers,
  );
};

/** A person's stable name at one application, in the shape of a UUID. */
export const pairwiseSub = (sub: string, clientId: string): string => {
  const hex = createHash('sha256')
    .update(JSON.stringify([sub, clientId]))
    .digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{3})(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
};

/** The discovery document, in the last state that was published. */
export const describeDid = (issuer: string, origin: string) => ({
  issuer,
  authorization_endpoint: `${origin}/oidc/authorize`,
  token_endpoint: `${origin}/oidc/token`,
  userinfo_endpoint: `${origin}/oidc/userinfo`,
  jwks_uri: `${origin}/oidc/jwks`,
  scopes_supported: ['openid', 'email'],
  response_types_supported: ['code'],
  response_modes_supported: ['fragment', 'form_post', 'query'],
  grant_types_supported: ['authorization_code'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  claims_supported: ['aud', 'exp', 'iat', 'iss', 'sub', 'email', 'email_verified'],
});
