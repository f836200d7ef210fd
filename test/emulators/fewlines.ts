import { json } from './answers.ts';
import { type Authorization, createAuthorizeEndpoint } from './authorize-endpoint.ts';
import { authenticateClient } from './client-authentication.ts';
import { createEmulatorBase } from './emulator.ts';
import { claimsOfScopes } from './emulator-user.ts';
import {
  type FewlinesClient,
  type FewlinesOptions,
  type FewlinesSettings,
  fewlinesDefaults,
} from './fewlines-options.ts';
import { popupCallbackPage, unwrapPopupState } from './fewlines-popup.ts';
import { createFewlinesTokens, fewlinesScopeClaims } from './fewlines-tokens.ts';
import type { Grant } from './grants.ts';
import { checkScopes, readFormParameters, requireParameter, splitScope } from './parameters.ts';
import { checkCodeChallenge, checkCodeVerifier, readCodeChallenge } from './pkce.ts';
import { invalidRequest, type Refusal, unsupportedResponseType } from './refusal.ts';
import { createTokenEndpoint, type TokenCall } from './token-endpoint.ts';
import { createUserinfoEndpoint } from './userinfo-endpoint.ts';

export type {
  FewlinesAttack,
  FewlinesClient,
  FewlinesOptions,
  FewlinesSettings,
} from './fewlines-options.ts';

const tokenPath = '/oauth/token';
const popupPath = '/oauth/popup/callback';
const signInPath = '/oauth/sign-in';
const stateLimit = 255;

/** The provider words its errors without a description. */
const renderRefusal = ({ status, code, headers }: Refusal) =>
  json(status, { error: code }, { ...headers, 'content-type': 'application/json;charset=UTF-8' });

export type FewlinesEmulator = Awaited<ReturnType<typeof createFewlinesEmulator>>;

/** Fewlines Connect: see section 3 of the provider contracts. */
export const createFewlinesEmulator = async (options: FewlinesOptions = {}) => {
  const base = await createEmulatorBase({
    options,
    defaults: fewlinesDefaults,
    tokenPath,
    renderRefusal,
  });
  const { origin, settings, grants, clients } = base;
  const tokens = createFewlinesTokens(base);
  const popupUri = `${origin}${popupPath}`;

  const { authorize, decide } = createAuthorizeEndpoint<FewlinesClient>(base, {
    providerName: 'Fewlines Connect',
    signInPath,
    isRedirectUriAllowed: (client, redirectUri) => client.popup === true && redirectUri === popupUri,
    checkBeforeRedirect: ({ parameters, redirectUri }) => {
      const state = parameters.get('state') ?? '';
      if ([...state].length > stateLimit) throw invalidRequest(`state is longer than ${stateLimit}`);
      if (redirectUri === popupUri) unwrapPopupState(state);
    },
    check: checkAuthorization,
    approve: (authorization) => {
      const { client, parameters } = authorization;
      const grant = { ...base.grantAll(authorization), codeChallenge: readCodeChallenge(parameters, 'S256') };
      const code = grants.addCode(grant, settings.codeSeconds, tokens.createCode(client));
      return { parameters: { code } };
    },
  });

  const createTokens = async (grant: Grant, client: FewlinesClient) => {
    const accessToken = await tokens.createAccessToken(grant, client);
    return {
      access_token: grants.addAccessToken(grant, settings.accessTokenSeconds * 1000, accessToken),
      refresh_token: grants.addRefreshToken(grant),
      ...(settings.tokenAnswer === 'full' && {
        token_type: 'Bearer',
        expires_in: settings.accessTokenSeconds,
        scope: grant.scopes.join(' '),
      }),
    };
  };

  const redeemCode = async ({ parameters, client }: TokenCall<FewlinesClient>) => {
    const code = requireParameter(parameters, 'code');
    const grant = grants.redeemCode(code, client.clientId, requireParameter(parameters, 'redirect_uri'));
    checkCodeVerifier(grant, parameters);
    const answer = await createTokens(grant, client);
    if (settings.tokenAnswer === 'minimal' || !grant.scopes.includes('openid')) return answer;
    return { ...answer, id_token: grants.addIdToken(await tokens.createIdToken(grant, client)) };
  };

  const refresh = ({ parameters, client }: TokenCall<FewlinesClient>) => {
    const refreshToken = requireParameter(parameters, 'refresh_token');
    const grant = grants.spendRefreshToken(refreshToken, client.clientId, parameters.get('scope'));
    return createTokens(grant, client);
  };

  const token = createTokenEndpoint<FewlinesClient>({
    readParameters: readFormParameters,
    authenticate: (request, parameters) =>
      authenticateClient(
        clients,
        { request, parameters },
        { method: settings.auth, decoding: 'raw', realm: 'Fewlines Connect' },
      ),
    grantTypes: { authorization_code: redeemCode, refresh_token: refresh },
  });

  base.serve({
    '/oauth/authorize': { GET: authorize },
    [signInPath]: { POST: decide },
    [tokenPath]: { POST: token },
    [popupPath]: { GET: popupCallbackPage },
    '/oauth/userinfo': {
      GET: createUserinfoEndpoint(grants, ({ user, scopes }) =>
        claimsOfScopes(user, scopes, fewlinesScopeClaims),
      ),
    },
    '/.well-known/jwks.json': { GET: async () => json(200, await tokens.readJwks()) },
    '/.well-known/openid-configuration': { GET: () => json(200, describeFewlines(origin, settings)) },
  });

  return { ...base.surface, popupUri };
};

const checkAuthorization = ({ client, parameters }: Authorization<FewlinesClient>): void => {
  const responseType = requireParameter(parameters, 'response_type');
  if (responseType !== 'code') throw unsupportedResponseType(responseType);
  const scope = requireParameter(parameters, 'scope');
  checkScopes(splitScope(scope), client.scopes ?? Object.keys(fewlinesScopeClaims));
  checkCodeChallenge(parameters, client, 'S256');
};

const describeFewlines = (origin: string, { jwt, auth }: FewlinesSettings) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/oauth/authorize`,
  token_endpoint: `${origin}${tokenPath}`,
  userinfo_endpoint: `${origin}/oauth/userinfo`,
  jwks_uri: `${origin}/.well-known/jwks.json`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [jwt === 'HS256' ? 'HS256' : 'RS256'],
  token_endpoint_auth_methods_supported: [
    ...(auth === 'basic' ? [] : ['client_secret_post']),
    ...(auth === 'body' ? [] : ['client_secret_basic']),
  ],
  scopes_supported: Object.keys(fewlinesScopeClaims),
  claims_supported: ['sub', ...Object.values(fewlinesScopeClaims).flat()],
});
