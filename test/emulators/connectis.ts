import { oauthError } from './answers.ts';
import { type Approval, type Authorization, createAuthorizeEndpoint } from './authorize-endpoint.ts';
import { createSelfSignedCertificate } from './certificate.ts';
import { authenticateClient, type EmulatorClient } from './client-authentication.ts';
import { type ConnectisOptions, connectisDefaults } from './connectis-options.ts';
import { nameClient, readConnectisTokenParameters } from './connectis-token-parameters.ts';
import { createEmulatorBase } from './emulator.ts';
import { pickClaims } from './emulator-user.ts';
import type { Grant } from './grants.ts';
import { checkScopes, type Parameters, requireParameter, splitScope } from './parameters.ts';
import { invalidRequest, invalidScope, unsupportedResponseType } from './refusal.ts';
import { createRsaKey, type SigningKey, signJwt } from './signing.ts';
import { forgeKey, tamperClaims } from './token-attacks.ts';
import { createTokenEndpoint, type TokenCall } from './token-endpoint.ts';
import { createUserinfoEndpoint } from './userinfo-endpoint.ts';

export type { ConnectisAttack, ConnectisOptions, ConnectisSettings } from './connectis-options.ts';

const basePath = '/broker/openidconnect';
const tokenPath = `${basePath}/token`;
const signInPath = `${basePath}/sign-in`;
const providerName = 'Connectis Identity Broker';

// The spelling of the documentation; the standard's own, `id_token token`, is not served.
const implicitType = 'id token token';

const userinfoClaims = ['sub', 'name', 'given_name', 'family_name', 'preferred_username', 'email', 'picture'];

export type ConnectisEmulator = Awaited<ReturnType<typeof createConnectisEmulator>>;

/** Connectis Identity Broker, generation `/broker/openidconnect`: see section 5 of the provider contracts. */
export const createConnectisEmulator = async (options: ConnectisOptions = {}) => {
  const key = await createRsaKey();
  const certificate = createSelfSignedCertificate(providerName, key);
  const base = await createEmulatorBase({
    options,
    defaults: connectisDefaults,
    tokenPath,
    renderRefusal: oauthError,
  });
  const { origin, seconds, settings, grants, clients } = base;
  const readIssuer = (): string => settings.issuer ?? `${origin}${basePath}`;

  const createIdToken = async (grant: Grant): Promise<string> => {
    const claims = {
      iss: readIssuer(),
      aud: grant.clientId,
      iat: seconds(),
      exp: seconds() + 3600,
      ...pickClaims(grant.user, settings.idTokenClaims),
      ...(grant.nonce !== undefined && { nonce: grant.nonce }),
    };
    const kid = settings.includeKid ? { kid: 'connectis-key' } : {};
    const honest: SigningKey = { alg: 'RS256', privateKey: key.privateKey, ...kid };
    const signingKey = await forgeKey(settings.attack, honest, () => certificate);
    const foreignIssuer = 'https://issuer.example/broker/openidconnect';
    return grants.addIdToken(signJwt(tamperClaims(settings.attack, claims, { foreignIssuer }), signingKey));
  };

  const { authorize, decide } = createAuthorizeEndpoint<EmulatorClient>(base, {
    providerName,
    signInPath,
    check: checkAuthorization,
    approve: async (authorization): Promise<Approval> => {
      const grant = base.grantAll(authorization);
      if (isImplicit(authorization.parameters)) {
        return { parameters: { token_type: 'Bearer', id_token: await createIdToken(grant) } };
      }
      return { parameters: { code: grants.addCode(grant, settings.codeSeconds) } };
    },
    cancelCode: () => settings.cancelError,
    responseMode: ({ parameters }) =>
      settings.attack === 'fragment' && isImplicit(parameters) ? 'fragment' : 'query',
    tamper: (parameters) =>
      settings.attack === 'wrong-state' ? { ...parameters, state: 'the-state-of-another-login' } : parameters,
  });

  const createTokens = (grant: Grant) => ({
    access_token: grants.addAccessToken(grant, settings.accessTokenMs),
    token_type: 'Bearer',
    expires_in: settings.expiresInUnit === 'ms' ? settings.accessTokenMs : settings.accessTokenMs / 1000,
    refresh_token: grants.addRefreshToken(grant),
  });

  const redeemCode = async ({ parameters, client }: TokenCall<EmulatorClient>) => {
    const redirectUri = requireParameter(parameters, 'redirect_uri');
    const grant = grants.redeemCode(requireParameter(parameters, 'code'), client.clientId, redirectUri);
    return { ...createTokens(grant), id_token: await createIdToken(grant) };
  };

  const refresh = ({ parameters, client }: TokenCall<EmulatorClient>) => {
    const redirectUri = parameters.get('redirect_uri');
    if (redirectUri !== undefined && !client.redirectUris.includes(redirectUri)) {
      throw invalidRequest('redirect_uri is not registered');
    }
    const refreshToken = requireParameter(parameters, 'refresh_token');
    return createTokens(grants.spendRefreshToken(refreshToken, client.clientId));
  };

  const token = createTokenEndpoint<EmulatorClient>({
    readParameters: (request) => readConnectisTokenParameters(request, settings),
    authenticate: (request, parameters) =>
      authenticateClient(
        clients,
        { request, parameters: nameClient(parameters, grants) },
        { method: 'body', decoding: 'raw', realm: providerName },
      ),
    grantTypes: { authorization_code: redeemCode, refresh_token: refresh },
  });

  base.serve({
    [`${basePath}/authorize`]: { GET: authorize },
    [signInPath]: { POST: decide },
    [tokenPath]: { POST: token },
    [`${basePath}/userinfo`]: {
      GET: createUserinfoEndpoint(grants, ({ user }) => pickClaims(user, userinfoClaims)),
    },
  });

  return {
    ...base.surface,
    /** PEM of the certificate whose key signs the ID Tokens, handed to the client beforehand. */
    certificate,
    get issuer() {
      return readIssuer();
    },
  };
};

const isImplicit = (parameters: Parameters): boolean => parameters.get('response_type') === implicitType;

const checkAuthorization = ({ client, parameters }: Authorization<EmulatorClient>): void => {
  const responseType = requireParameter(parameters, 'response_type');
  if (responseType !== 'code' && responseType !== implicitType) throw unsupportedResponseType(responseType);
  const scopes = splitScope(requireParameter(parameters, 'scope'));
  if (!scopes.includes('openid')) throw invalidScope('scope must contain openid');
  checkScopes(scopes, client.scopes ?? ['openid']);
  if (isImplicit(parameters)) requireParameter(parameters, 'nonce');
};
