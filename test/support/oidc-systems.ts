import { X509Certificate } from 'node:crypto';
import { type OidcOptions, type OidcQuirks, providers } from 'express-connect-auth';
import type { ConnectisEmulator } from '../emulators/connectis.ts';
import type { DidEmulator } from '../emulators/did.ts';
import type { FewlinesEmulator } from '../emulators/fewlines.ts';
import type { TelenorEmulator } from '../emulators/telenor.ts';
import { clients, type Preset } from './connect-systems.ts';
import { type ListeningServer, serve } from './listen.ts';

/** Options of `providers.oidc()` that make up a system by hand, every switch it needs thrown. */
export type OidcSystem = (baseUrl: string) => OidcOptions;

/** Changes of them. Quirks replace single switches. */
export type OidcChange = Partial<Omit<OidcOptions, 'quirks'>> & { quirks?: OidcQuirks };

/** `providers.oidc()` as that system. */
export function asOidc(system: OidcSystem, { quirks, ...change }: OidcChange = {}): Preset {
  return (baseUrl) => {
    const options = system(baseUrl);
    return providers.oidc({ ...options, ...change, quirks: { ...options.quirks, ...quirks } });
  };
}

/** Its tokens must name an issuer that may stand in the options: see `tokenIssuer` of the emulator. */
export const fewlinesByHand =
  (emulator: FewlinesEmulator): OidcSystem =>
  (baseUrl) => {
    const { audience, ...credentials } = clients.fewlines;
    emulator.register({ ...clients.fewlines, redirectUris: [`${baseUrl}/oauth/callback`] });
    return {
      ...{ clientId: credentials.clientId, clientSecret: credentials.clientSecret },
      issuer: emulator.origin,
      metadata: {
        authorization_endpoint: emulator.url('/oauth/authorize'),
        token_endpoint: emulator.url('/oauth/token'),
        userinfo_endpoint: emulator.url('/oauth/userinfo'),
      },
      clientAuthentication: 'client_secret_post',
      idTokenSigningAlgorithm: 'HS256',
      trustedAudiences: [audience],
      quirks: {
        ...({ identity: 'access_token', tokenType: 'optional', nonce: false } as const),
        ...{
          popupRedirectUri: emulator.popupUri,
          maxStateLength: 255,
          refreshScope: true,
          silentLogin: false,
        },
      },
    };
  };

/** Found by discovery. */
export const telenorByHand =
  (emulator: TelenorEmulator, { sso = false } = {}): OidcSystem =>
  (baseUrl) => {
    const redirects = {
      redirectUris: [`${baseUrl}/oauth/callback`],
      postLogoutRedirectUris: [`${baseUrl}/`],
    };
    emulator.register({ ...clients.telenor, ...redirects, sso });
    return {
      ...clients.telenor,
      issuer: emulator.issuer,
      quirks: {
        ...({ basicEncoding: 'raw', pkce: 'none', acr: 'minimum' } as const),
        ...{ browserSessionClaim: 'td_sls', revocationHint: false, logoutHint: false },
      },
    };
  };

/** The broker publishes no keys, so they are served here: see `serveKeyOf()`. */
export const connectisByHand =
  (emulator: ConnectisEmulator, jwksUri: string): OidcSystem =>
  (baseUrl) => {
    emulator.register({ ...clients.connectis, redirectUris: [`${baseUrl}/oauth/callback`] });
    const endpoint = (name: string) => emulator.url(`/broker/openidconnect/${name}`);
    return {
      ...clients.connectis,
      issuer: emulator.issuer,
      metadata: {
        authorization_endpoint: endpoint('authorize'),
        token_endpoint: endpoint('token'),
        userinfo_endpoint: endpoint('userinfo'),
        jwks_uri: jwksUri,
      },
      clientAuthentication: 'client_secret_post',
      scope: 'openid',
      quirks: { tokenParams: 'query', expiresInUnit: 'ms', pkce: 'none' },
    };
  };

export const didByHand =
  (emulator: DidEmulator, { isPublic = false } = {}): OidcSystem =>
  (baseUrl) => {
    const { clientId, clientSecret } = { ...clients.did, ...(isPublic && { clientSecret: undefined }) };
    emulator.register({ clientId, clientSecret, redirectUris: [`${baseUrl}/oauth/callback`] });
    return {
      clientId,
      ...(clientSecret !== undefined && { clientSecret }),
      issuer: emulator.issuer,
      metadata: {
        authorization_endpoint: emulator.url('/oidc/authorize'),
        token_endpoint: emulator.url('/oidc/token'),
        userinfo_endpoint: emulator.url('/oidc/userinfo'),
        jwks_uri: emulator.url('/oidc/jwks'),
      },
      clientAuthentication: isPublic ? 'none' : 'client_secret_post',
      scope: 'openid',
      responseMode: 'form_post',
      quirks: {
        ...({ tokenType: 'optional', errorFormat: 'object', authorizationRequest: 'bare' } as const),
        ...({ nonce: false, userinfo: 'in_token_answer', silentLogin: false } as const),
        pkce: isPublic ? 'sha256' : 'none',
      },
    };
  };

/** Publishes the key of a certificate as a JWKS. */
export function serveKeyOf(certificate: string): Promise<ListeningServer> {
  const key = new X509Certificate(certificate).publicKey.export({ format: 'jwk' });
  const body = JSON.stringify({ keys: [{ ...key, alg: 'RS256', use: 'sig' }] });
  return serve(() => (_req, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(body));
}

/**
 * Stands before an authorization endpoint: changes the request's parameters, or refuses it with an error redirect, as
 * a stricter deployment of the same system would.
 */
export function startFront(
  target: string,
  look: (params: URLSearchParams) => string | undefined,
): Promise<ListeningServer> {
  return serve(() => async (req, res) => {
    const params = new URL(req.url!, target).searchParams;
    const error = look(params);
    if (error !== undefined) {
      const answer = new URLSearchParams({ error, state: params.get('state') ?? '' });
      res.writeHead(302, { location: `${params.get('redirect_uri')}?${answer}` }).end();
      return;
    }
    const answer = await fetch(`${target}?${params}`, { redirect: 'manual' });
    const headers = ['location', 'content-type'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    res.writeHead(answer.status, Object.fromEntries(headers)).end(await answer.text());
  });
}
