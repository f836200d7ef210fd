import { randomUUID } from 'node:crypto';
import { formPostPage, json } from './answers.ts';
import { createAuthorizeEndpoint } from './authorize-endpoint.ts';
import { authenticateClient, type EmulatorClient } from './client-authentication.ts';
import {
  checkDidAuthorization,
  checkDidClient,
  describeDid,
  didChallengeMethod,
  findResponseMode,
  pairwiseSub,
  renderDidRefusal,
} from './did-contract.ts';
import { type DidOptions, didDefaults } from './did-options.ts';
import { createEmulatorBase } from './emulator.ts';
import type { RecordedRequest } from './emulator-server.ts';
import { pickClaims } from './emulator-user.ts';
import type { Grant } from './grants.ts';
import { type Parameters, readFormParameters, readParameters, requireParameter } from './parameters.ts';
import { checkCodeVerifier, readCodeChallenge } from './pkce.ts';
import { invalidRequest } from './refusal.ts';
import { createRsaKey, publicJwk, signJwt } from './signing.ts';
import { tamperClaims } from './token-attacks.ts';
import { createTokenEndpoint, type TokenCall } from './token-endpoint.ts';
import { createUserinfoEndpoint } from './userinfo-endpoint.ts';

export type { DidAttack, DidOptions, DidSettings } from './did-options.ts';

const tokenPath = '/oidc/token';
const signInPath = '/oidc/sign-in';
const hostedFormPath = '/hosted-form';
const keyId = 'did-key';

export type DidEmulator = Awaited<ReturnType<typeof createDidEmulator>>;

/** DID.app, with its issuer and its endpoints on two origins: see section 6 of the provider contracts. */
export const createDidEmulator = async ({ issuerHost, ...options }: DidOptions = {}) => {
  const key = await createRsaKey();
  const base = await createEmulatorBase({
    options,
    defaults: didDefaults,
    tokenPath,
    renderRefusal: renderDidRefusal,
    checkClient: checkDidClient,
  });
  const { origin, seconds, settings, grants, clients, deliveries } = base;
  const issuerServer = await base.listen(issuerHost ?? base.host, 0);
  const issuer = issuerServer.origin;

  /** What the provider tells a client about the person. */
  const describeUser = ({ user, clientId }: Grant) => ({
    ...pickClaims(user, ['email', 'email_verified']),
    sub: pairwiseSub(user.sub, clientId),
  });

  const sign = (claims: Record<string, unknown>): string =>
    signJwt(
      { iss: issuer, iat: seconds(), exp: seconds() + settings.accessTokenSeconds, ...claims },
      { alg: 'RS256', privateKey: key.privateKey, kid: keyId },
    );

  /** Gives out a code without any page: the honest way ends here, and an attacker can start here. */
  const mintCode = (given: Pick<Grant, 'clientId' | 'redirectUri' | 'codeChallenge'>): string =>
    grants.addCode(
      { ...given, user: settings.user, scopes: ['openid', 'email'], authTime: seconds() },
      settings.codeSeconds,
    );

  const { authorize, decide } = createAuthorizeEndpoint<EmulatorClient>(base, {
    providerName: 'DID.app',
    signInPath,
    check: checkDidAuthorization,
    // No other value has a meaning, so that `none` shows the sign-in page too.
    pageKind: ({ parameters }) => (parameters.get('prompt') === 'create' ? 'sign-up' : 'sign-in'),
    approve: ({ client, redirectUri, parameters }) => {
      const codeChallenge = readCodeChallenge(parameters, didChallengeMethod);
      return { parameters: { code: mintCode({ clientId: client.clientId, redirectUri, codeChallenge }) } };
    },
    responseMode: ({ parameters }) =>
      settings.attack === 'get-callback' ? 'query' : (findResponseMode(parameters) ?? 'query'),
    tamper: (parameters) =>
      settings.attack === 'replayed-form' ? (deliveries.at(-1)?.parameters ?? parameters) : parameters,
  });

  /** A secret authenticates the client; without one the verifier has to. */
  const authenticate = (request: RecordedRequest, parameters: Parameters): EmulatorClient => {
    const hasSecret = parameters.has('client_secret') || request.headers.authorization !== undefined;
    const client = clients.get(parameters.get('client_id') ?? '');
    if (client !== undefined && !hasSecret && parameters.has('code_verifier')) return client;
    const rules = { method: 'both', decoding: 'form', realm: 'DID.app' } as const;
    return authenticateClient(clients, { request, parameters }, rules);
  };

  const redeemCode = ({ parameters, client }: TokenCall<EmulatorClient>) => {
    const code = requireParameter(parameters, 'code');
    const grant = grants.redeemCode(code, client.clientId, parameters.get('redirect_uri'));
    checkCodeVerifier(grant, parameters);
    const user = describeUser(grant);
    const idClaims = tamperClaims(settings.attack, { aud: client.clientId, ...user }, { foreignIssuer: '' });
    const accessToken = sign({ aud: client.clientId, sub: user.sub, jti: randomUUID() });
    return {
      userinfo: settings.attack === 'userinfo-sub' ? { ...user, sub: randomUUID() } : user,
      id_token: grants.addIdToken(sign(idClaims)),
      access_token: grants.addAccessToken(grant, settings.accessTokenSeconds * 1000, accessToken),
    };
  };

  const hostedForms: { action: string; fields: Record<string, string> }[] = [];

  const showHostedForm = ({ query }: RecordedRequest) => {
    const form = hostedForms[Number(requireParameter(readParameters(query), 'number'))];
    if (form === undefined) throw invalidRequest('there is no such form');
    return formPostPage(form.action, form.fields);
  };

  /** Puts up a page that posts these fields by itself, and returns its address. */
  const hostForm = (action: string, fields: Record<string, string>): string =>
    `${origin}${hostedFormPath}?number=${hostedForms.push({ action, fields }) - 1}`;

  base.serve({
    '/oidc/authorize': { GET: authorize },
    [signInPath]: { POST: decide },
    [tokenPath]: {
      POST: createTokenEndpoint<EmulatorClient>({
        readParameters: readFormParameters,
        authenticate,
        defaultGrantType: 'authorization_code',
        grantTypes: { authorization_code: redeemCode },
      }),
    },
    '/oidc/userinfo': { GET: createUserinfoEndpoint(grants, describeUser) },
    '/oidc/jwks': { GET: () => json(200, { keys: [publicJwk(key, keyId)] }) },
    [hostedFormPath]: { GET: showHostedForm },
  });
  issuerServer.serve({
    '/.well-known/openid-configuration': { GET: () => json(200, describeDid(issuer, origin)) },
  });

  const close = async (): Promise<void> => {
    await Promise.all([base.surface.close(), issuerServer.close()]);
  };
  return { ...base.surface, issuer, close, mintCode, hostForm, pairwiseSub };
};
