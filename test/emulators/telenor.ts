import { json, oauthError } from './answers.ts';
import { createAuthorizeEndpoint } from './authorize-endpoint.ts';
import { authenticateClient } from './client-authentication.ts';
import { createEmulatorBase } from './emulator.ts';
import type { RecordedRequest } from './emulator-server.ts';
import type { Grant } from './grants.ts';
import { type Parameters, readFormParameters, requireParameter } from './parameters.ts';
import { invalidGrant, Refusal } from './refusal.ts';
import { createRsaKey, publicJwk } from './signing.ts';
import {
  checkTelenorAuthorization,
  checkTelenorClient,
  outOfBandUris,
  readRequestedClaims,
} from './telenor-authorization.ts';
import { createTelenorLogout } from './telenor-logout.ts';
import { type TelenorClient, type TelenorOptions, telenorDefaults } from './telenor-options.ts';
import { createTelenorSessions } from './telenor-sessions.ts';
import { createTelenorTokenInfo } from './telenor-token-info.ts';
import {
  createTelenorTokens,
  type LogoutTokenOptions,
  telenorKeyId,
  telenorScopes,
  telenorUserinfo,
} from './telenor-tokens.ts';
import { createTokenEndpoint, type TokenCall } from './token-endpoint.ts';
import { createUserinfoEndpoint } from './userinfo-endpoint.ts';

export type { TelenorAttack, TelenorClient, TelenorOptions, TelenorSettings } from './telenor-options.ts';

const tokenPath = '/oauth/token';
const signInPath = '/oauth/sign-in';
const providerName = 'Telenor CONNECT';

export type TelenorEmulator = Awaited<ReturnType<typeof createTelenorEmulator>>;

/** Telenor Digital CONNECT ID: see section 4 of the provider contracts. */
export const createTelenorEmulator = async ({ keyBits = 2048, ...options }: TelenorOptions = {}) => {
  const key = await createRsaKey(keyBits);
  const base = await createEmulatorBase({
    options,
    defaults: telenorDefaults,
    tokenPath,
    renderRefusal: oauthError,
    checkClient: checkTelenorClient,
  });
  const { settings, grants, clients } = base;
  const issuer = `${base.origin}/oauth`;
  const sessions = createTelenorSessions(base);
  const tokens = createTelenorTokens({ ...base, issuer, key });
  const logout = createTelenorLogout({ ...base, sessions });
  const logoutTokens: string[] = [];

  const { authorize, decide } = createAuthorizeEndpoint<TelenorClient>(base, {
    providerName,
    signInPath,
    check: (authorization) => {
      checkTelenorAuthorization(authorization, settings);
      if (settings.attack === 'wrong-state') throw new Refusal(400, 'access_denied', 'the person cancelled');
      if (authorization.parameters.get('prompt') !== 'none') return;
      const code = sessions.findSufficient(authorization) ? settings.promptNoneError : 'login_required';
      if (code !== undefined) throw new Refusal(400, code, 'the person would have to act');
    },
    isSignedIn: (authorization) =>
      authorization.parameters.get('prompt') !== 'consent' &&
      sessions.findSufficient(authorization) !== undefined,
    approve: (authorization) => {
      const { authentication, cookie } = sessions.authenticate(authorization);
      const asked = { ...base.grantAll(authorization), ...authentication };
      const { grantedScopes = asked.scopes } = settings;
      const grant: Grant = {
        ...asked,
        scopes: asked.scopes.filter((scope) => grantedScopes.includes(scope)),
        requestedClaims: readRequestedClaims(authorization.parameters.get('claims')),
      };
      return { parameters: { code: grants.addCode(grant, settings.codeSeconds) }, cookie };
    },
    responseMode: ({ redirectUri }) => (outOfBandUris.includes(redirectUri) ? 'page' : 'query'),
    tamper: (parameters) =>
      settings.attack === 'wrong-state' ? { ...parameters, state: 'the-state-of-another-login' } : parameters,
  });

  const authenticate = (request: RecordedRequest, parameters: Parameters): TelenorClient =>
    authenticateClient(
      clients,
      { request, parameters },
      { method: 'basic', decoding: settings.basicDecoding, realm: providerName },
    );

  const createTokens = (grant: Grant) => ({
    access_token: grants.addAccessToken(grant, settings.accessTokenSeconds * 1000),
    token_type: 'Bearer',
    expires_in: settings.accessTokenSeconds,
    refresh_token: grants.addRefreshToken(grant),
    scope: grant.scopes.join(' '),
  });

  const createIdToken = (grant: Grant) =>
    grant.scopes.includes('openid') ? { id_token: grants.addIdToken(tokens.createIdToken(grant)) } : {};

  const redeemCode = ({ parameters, client }: TokenCall<TelenorClient>) => {
    const code = requireParameter(parameters, 'code');
    const redirectUri = parameters.get('redirect_uri');
    if (redirectUri === undefined) throw invalidGrant('redirect_uri is missing');
    const grant = grants.redeemCode(code, client.clientId, redirectUri);
    return { ...createTokens(grant), ...createIdToken(grant) };
  };

  const refresh = ({ parameters, client }: TokenCall<TelenorClient>) => {
    const refreshToken = requireParameter(parameters, 'refresh_token');
    const grant = grants.spendRefreshToken(refreshToken, client.clientId, parameters.get('scope'));
    const answer = createTokens(grant);
    // OpenID Connect Core section 12.2: no nonce in an ID Token that comes of a refresh.
    return settings.refreshIdToken ? { ...answer, ...createIdToken({ ...grant, nonce: undefined }) } : answer;
  };

  const revoke = (request: RecordedRequest) => {
    const parameters = readFormParameters(request);
    const client = authenticate(request, parameters);
    grants.revokeToken(requireParameter(parameters, 'token'), client.clientId);
    return { status: 200, headers: {}, body: '' };
  };

  const token = createTokenEndpoint<TelenorClient>({
    readParameters: readFormParameters,
    authenticate,
    grantTypes: { authorization_code: redeemCode, refresh_token: refresh },
  });

  base.serve({
    '/oauth/authorize': { GET: authorize },
    [signInPath]: { POST: decide },
    [tokenPath]: { POST: token },
    '/oauth/revoke': { POST: revoke },
    '/oauth/logout': { GET: logout.inBrowser, POST: logout.byToken },
    '/oauth/userinfo': { GET: createUserinfoEndpoint(grants, telenorUserinfo) },
    '/oauth/tokeninfo': { GET: createTelenorTokenInfo({ ...base, logoutTokens }) },
    '/oauth/public_keys.jwks': { GET: () => json(200, { keys: [publicJwk(key, telenorKeyId)] }) },
    '/oauth/.well-known/openid-configuration': { GET: () => json(200, describeTelenor(issuer)) },
  });

  const createLogoutToken = (given: LogoutTokenOptions): string => {
    const logoutToken = tokens.createLogoutToken(given);
    logoutTokens.push(logoutToken);
    return logoutToken;
  };

  /** Posts a logout token to the client, as the provider does; resolves with the client's answer. */
  const sendLogoutToken = (clientId: string, logoutToken: string): Promise<Response> => {
    const uri = clients.get(clientId)?.backChannelLogoutUri;
    if (uri === undefined) throw new Error(`${clientId} has no back-channel logout URI`);
    return fetch(uri, { method: 'POST', body: new URLSearchParams({ logout_token: logoutToken }) });
  };

  return { ...base.surface, issuer, publicKey: key.publicKey, createLogoutToken, sendLogoutToken };
};

const describeTelenor = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/revoke`,
  end_session_endpoint: `${issuer}/logout`,
  userinfo_endpoint: `${issuer}/userinfo`,
  jwks_uri: `${issuer}/public_keys.jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
  scopes_supported: telenorScopes,
  acr_values_supported: ['1', '2'],
});
