import { providers } from 'express-connect-auth';
import { ADA, CLIENT, type Habits } from './habits.ts';

const REALM = 'https://id.example.com/realms/acme';
const ROLES = {
  realm_access: { roles: ['staff'] },
  resource_access: { [CLIENT.clientId]: { roles: ['editor'] } },
};
const ZITADEL = 'https://acme-x7k2p9.us1.zitadel.cloud';
const AUTHENTIK = 'https://id.example.com/application/o/shop';

/** Providers that one may run oneself. */
export const OWN_SERVER_ROWS: readonly Habits[] = [
  {
    preset: 'keycloak',
    title: 'Keycloak',
    take: () => providers.keycloak({ issuer: REALM, ...CLIENT }),
    issuer: REALM,
    endpoints: {
      authorization_endpoint: `${REALM}/protocol/openid-connect/auth`,
      token_endpoint: `${REALM}/protocol/openid-connect/token`,
      jwks_uri: `${REALM}/protocol/openid-connect/certs`,
      userinfo_endpoint: `${REALM}/protocol/openid-connect/userinfo`,
      end_session_endpoint: `${REALM}/protocol/openid-connect/logout`,
      revocation_endpoint: `${REALM}/protocol/openid-connect/revoke`,
    },
    discovery: { backchannel_logout_supported: true, require_pushed_authorization_requests: false },
    clientAuthentication: 'client_secret_basic',
    idToken: { ...ADA, typ: 'ID', azp: CLIENT.clientId, sid: 'a session', preferred_username: 'ada' },
    accessToken: { aud: 'account', typ: 'Bearer', ...ROLES },
    refreshToken: () => true,
    logout: { needs: ['id_token_hint'] },
    expected: {
      user: { sub: 'ada', ...ADA, preferred_username: 'ada', typ: 'ID', ...ROLES },
      refresh: true,
      logout: true,
      revoked: 2,
    },
    wrong: {
      what: 'the address of the server without its realm',
      take: () => providers.keycloak({ issuer: 'https://id.example.com', ...CLIENT }),
      says: /openid-configuration: .*404.* issuer/,
    },
  },
  {
    preset: 'zitadel',
    title: 'ZITADEL',
    take: () =>
      providers.zitadel({ issuer: ZITADEL, ...CLIENT, scope: 'openid profile email offline_access' }),
    issuer: ZITADEL,
    endpoints: {
      authorization_endpoint: `${ZITADEL}/oauth/v2/authorize`,
      token_endpoint: `${ZITADEL}/oauth/v2/token`,
      jwks_uri: `${ZITADEL}/oauth/v2/keys`,
      userinfo_endpoint: `${ZITADEL}/oidc/v1/userinfo`,
      end_session_endpoint: `${ZITADEL}/oidc/v1/end_session`,
      revocation_endpoint: `${ZITADEL}/oauth/v2/revoke`,
    },
    clientAuthentication: 'client_secret_basic',
    idToken: {
      aud: [CLIENT.clientId, 'another application', 'the project'],
      azp: CLIENT.clientId,
      amr: ['pwd'],
    },
    userinfo: { ...ADA, email_verified: true },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    expected: { user: { sub: 'ada', ...ADA, email_verified: true }, refresh: true, logout: true, revoked: 2 },
    wrong: {
      what: 'a list of audiences without the project',
      take: () =>
        providers.zitadel({ issuer: ZITADEL, ...CLIENT, trustedAudiences: ['another application'] }),
      says: /aud/,
    },
  },
  {
    preset: 'authentik',
    title: 'authentik, without a signing key',
    take: () =>
      providers.authentik({
        ...{ issuer: `${AUTHENTIK}/`, ...CLIENT, idTokenSigningAlgorithm: 'HS256' },
        scope: 'openid profile email offline_access',
      }),
    issuer: `${AUTHENTIK}/`,
    endpoints: {
      authorization_endpoint: 'https://id.example.com/application/o/authorize/',
      token_endpoint: 'https://id.example.com/application/o/token/',
      jwks_uri: `${AUTHENTIK}/jwks/`,
      userinfo_endpoint: 'https://id.example.com/application/o/userinfo/',
      end_session_endpoint: `${AUTHENTIK}/end-session/`,
      revocation_endpoint: 'https://id.example.com/application/o/revoke/',
    },
    clientAuthentication: 'client_secret_basic',
    algorithm: 'HS256',
    idToken: { ...ADA, groups: ['staff'], acr: 'goauthentik.io/providers/oauth2/default' },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    expected: { user: { sub: 'ada', ...ADA, groups: ['staff'] }, refresh: true, logout: true, revoked: 2 },
    wrong: {
      what: 'RS256 where no signing key is chosen',
      take: () => providers.authentik({ issuer: `${AUTHENTIK}/`, ...CLIENT }),
      says: /ALG|alg|HS256/,
    },
  },
];
