import { providers } from 'express-connect-auth';
import { ADA, CLIENT, type Habits, WRONG_CLIENT } from './habits.ts';
import { OUR_RSA_PEM } from './keys-of-ours.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const ENTRA = 'https://login.microsoftonline.com';

/** Entra leaves out of the answer's scope what brought tokens, and takes a refresh token for a scope. */
const ENTRA_LIKE = {
  clientAuthentication: 'client_secret_post',
  tokenAnswer: (answer) => ({ ...answer, scope: 'profile email' }),
  refreshToken: (request) => request.get('scope')!.split(' ').includes('offline_access'),
} satisfies Partial<Habits>;

/** Providers of companies and their staff. */
export const WORKFORCE_ROWS: readonly Habits[] = [
  {
    preset: 'entra',
    title: 'Microsoft Entra ID',
    take: () => providers.entra({ tenant: TENANT, ...CLIENT }),
    issuer: `${ENTRA}/${TENANT}/v2.0`,
    endpoints: entraEndpoints(`${ENTRA}/${TENANT}`),
    discovery: { token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'] },
    ...ENTRA_LIKE,
    idToken: { ...ADA, tid: TENANT, oid: 'ada-object', ver: '2.0', at_hash: undefined, login_hint: 'O.ada' },
    userinfo: { ...ADA, picture: 'https://graph.microsoft.com/v1.0/me/photo/$value' },
    expected: {
      user: { sub: 'ada', ...ADA, tid: TENANT, oid: 'ada-object' },
      refresh: true,
      logout: true,
      revoked: 0,
    },
    wrong: {
      what: 'a domain for the tenant',
      take: () => providers.entra({ tenant: 'contoso.onmicrosoft.com', ...CLIENT }),
      says: /tenant must be the id of a tenant/,
    },
  },
  {
    preset: 'entra',
    title: 'Microsoft Entra ID, several tenants',
    take: () => providers.entra({ tenants: [OTHER_TENANT, TENANT], ...CLIENT }),
    issuer: `${ENTRA}/${TENANT}/v2.0`,
    endpoints: entraEndpoints(`${ENTRA}/organizations`),
    discovery: false,
    ...ENTRA_LIKE,
    idToken: { ...ADA, tid: TENANT, oid: 'ada-object', ver: '2.0', at_hash: undefined },
    keyExtras: { issuer: `${ENTRA}/{tenantid}/v2.0` },
    userinfo: { ...ADA },
    expected: { user: { sub: 'ada', ...ADA, tid: TENANT }, refresh: true, logout: true, revoked: 0 },
    wrong: {
      what: 'a tenant that is not the person’s',
      take: () => providers.entra({ tenants: [OTHER_TENANT], ...CLIENT }),
      says: /tid is another than one of the tenants/,
    },
  },
  {
    preset: 'okta',
    title: 'Okta',
    take: () => providers.okta({ domain: 'acme.okta.com', authorizationServer: 'default', ...CLIENT }),
    issuer: 'https://acme.okta.com/oauth2/default',
    endpoints: {
      authorization_endpoint: 'https://acme.okta.com/oauth2/default/v1/authorize',
      token_endpoint: 'https://acme.okta.com/oauth2/default/v1/token',
      jwks_uri: 'https://acme.okta.com/oauth2/default/v1/keys',
      userinfo_endpoint: 'https://acme.okta.com/oauth2/default/v1/userinfo',
      end_session_endpoint: 'https://acme.okta.com/oauth2/default/v1/logout',
      revocation_endpoint: 'https://acme.okta.com/oauth2/default/v1/revoke',
    },
    clientAuthentication: 'client_secret_basic',
    idToken: { ...ADA, amr: ['pwd'], idp: 'an idp', preferred_username: 'ada@example.com', ver: 1 },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    logout: { needs: ['id_token_hint'] },
    expected: {
      user: { sub: 'ada', ...ADA, preferred_username: 'ada@example.com' },
      refresh: false,
      logout: true,
      revoked: 1,
    },
    wrong: {
      what: 'an address for the domain',
      take: () => providers.okta({ domain: 'acme.okta.com/oauth2/default', ...CLIENT }),
      says: /domain must be the name of a host/,
    },
  },
  {
    preset: 'okta',
    title: 'Okta, by a key',
    take: () =>
      providers.okta({
        domain: 'acme.okta.com',
        clientId: CLIENT.clientId,
        clientKey: OUR_RSA_PEM,
        scope: 'openid profile email offline_access',
      }),
    issuer: 'https://acme.okta.com',
    endpoints: {
      authorization_endpoint: 'https://acme.okta.com/oauth2/v1/authorize',
      token_endpoint: 'https://acme.okta.com/oauth2/v1/token',
      jwks_uri: 'https://acme.okta.com/oauth2/v1/keys',
      userinfo_endpoint: 'https://acme.okta.com/oauth2/v1/userinfo',
      end_session_endpoint: 'https://acme.okta.com/oauth2/v1/logout',
    },
    clientAuthentication: 'private_key_jwt',
    idToken: { ...ADA, amr: ['pwd'] },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    logout: { needs: ['id_token_hint'] },
    expected: { user: { sub: 'ada', ...ADA }, refresh: true, logout: true, revoked: 0 },
    wrong: {
      what: 'a secret in place of the key',
      take: () => providers.okta({ domain: 'acme.okta.com', ...CLIENT }),
      says: /invalid_client/,
    },
  },
  {
    preset: 'auth0',
    title: 'Auth0',
    take: () =>
      providers.auth0({
        domain: 'acme.eu.auth0.com',
        ...CLIENT,
        scope: 'openid profile email offline_access',
      }),
    issuer: 'https://acme.eu.auth0.com/',
    endpoints: {
      authorization_endpoint: 'https://acme.eu.auth0.com/authorize',
      token_endpoint: 'https://acme.eu.auth0.com/oauth/token',
      jwks_uri: 'https://acme.eu.auth0.com/.well-known/jwks.json',
      userinfo_endpoint: 'https://acme.eu.auth0.com/userinfo',
      end_session_endpoint: 'https://acme.eu.auth0.com/oidc/logout',
      revocation_endpoint: 'https://acme.eu.auth0.com/oauth/revoke',
    },
    clientAuthentication: 'client_secret_post',
    idToken: {
      ...ADA,
      nickname: 'ada',
      sid: 'a session',
      at_hash: undefined,
      updated_at: '2026-01-01T00:00:00Z',
    },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    refusal: (error) => ({
      status: error === 'invalid_client' ? 401 : 403,
      body: {
        error: error === 'invalid_client' ? 'access_denied' : error,
        error_description: 'Unauthorized',
      },
    }),
    expected: { user: { sub: 'ada', ...ADA, nickname: 'ada' }, refresh: true, logout: true, revoked: 2 },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.auth0({ domain: 'acme.eu.auth0.com', ...WRONG_CLIENT }),
      says: /access_denied/,
    },
  },
  {
    preset: 'salesforce',
    title: 'Salesforce',
    take: () => providers.salesforce({ issuer: 'https://acme.my.salesforce.com', ...CLIENT }),
    issuer: 'https://acme.my.salesforce.com',
    endpoints: {
      authorization_endpoint: 'https://acme.my.salesforce.com/services/oauth2/authorize',
      token_endpoint: 'https://acme.my.salesforce.com/services/oauth2/token',
      jwks_uri: 'https://acme.my.salesforce.com/id/keys',
      userinfo_endpoint: 'https://acme.my.salesforce.com/services/oauth2/userinfo',
      end_session_endpoint: 'https://acme.my.salesforce.com/services/auth/idp/oidc/logout',
      revocation_endpoint: 'https://acme.my.salesforce.com/services/oauth2/revoke',
    },
    clientAuthentication: 'client_secret_post',
    idToken: {},
    userinfo: { ...ADA, user_id: '005', organization_id: '00D', email_verified: true },
    tokenAnswer: ({ expires_in: _, ...answer }) => ({
      ...answer,
      ...{
        issued_at: '1278448384422',
        instance_url: 'https://acme.my.salesforce.com/',
        signature: 'a signature',
      },
      ...{ id: 'https://login.salesforce.com/id/00D/005', scope: 'refresh_token email profile openid' },
    }),
    refreshToken: (request) => request.get('scope')!.includes('refresh_token'),
    expected: {
      user: { sub: 'ada', ...ADA, organization_id: '00D', email_verified: true },
      refresh: true,
      logout: true,
      revoked: 2,
    },
    wrong: {
      what: 'the common address where the app belongs to a My Domain',
      take: () => providers.salesforce({ ...CLIENT }),
      says: /openid-configuration: .*404.* issuer/,
    },
  },
];

function entraEndpoints(base: string) {
  return {
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  };
}
