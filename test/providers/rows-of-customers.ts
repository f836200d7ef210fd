import { providers } from 'express-connect-auth';
import { ADA, CLIENT, type Habits, WRONG_CLIENT } from './habits.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';
const POOL = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI';
const COGNITO = 'https://shop.auth.eu-west-1.amazoncognito.com';
const B2C = `https://contoso.b2clogin.com/${TENANT}/b2c_1_signin`;
const CIAM = `https://contoso.ciamlogin.com/${TENANT}`;

/** Directories in which a company keeps its customers. */
export const CUSTOMER_ROWS: readonly Habits[] = [
  {
    preset: 'cognito',
    title: 'Amazon Cognito',
    take: () => providers.cognito({ userPoolId: 'eu-west-1_AbCdEfGhI', ...CLIENT }),
    issuer: POOL,
    endpoints: {
      authorization_endpoint: `${COGNITO}/oauth2/authorize`,
      token_endpoint: `${COGNITO}/oauth2/token`,
      jwks_uri: `${POOL}/.well-known/jwks.json`,
      userinfo_endpoint: `${COGNITO}/oauth2/userInfo`,
      end_session_endpoint: `${COGNITO}/logout`,
      revocation_endpoint: `${COGNITO}/oauth2/revoke`,
    },
    clientAuthentication: 'client_secret_basic',
    idToken: {
      ...ADA,
      email_verified: true,
      token_use: 'id',
      'cognito:username': 'ada',
      auth_time: 1_700_000_000,
    },
    userinfo: { ...ADA, email_verified: 'true', username: 'ada' },
    refreshToken: () => true,
    logout: { returnParam: 'logout_uri', needs: ['client_id'] },
    expected: {
      user: { sub: 'ada', ...ADA, email_verified: true, 'cognito:username': 'ada' },
      refresh: true,
      logout: true,
      revoked: 1,
    },
    wrong: {
      what: 'the domain in place of the pool’s id',
      take: () => providers.cognito({ userPoolId: 'shop.auth.eu-west-1.amazoncognito.com', ...CLIENT }),
      says: /userPoolId must be the id of a user pool/,
    },
  },
  {
    preset: 'entraExternalId',
    title: 'Microsoft Entra External ID',
    take: () => providers.entraExternalId({ tenant: TENANT, domain: 'contoso.ciamlogin.com', ...CLIENT }),
    issuer: `https://${TENANT}.ciamlogin.com/${TENANT}/v2.0`,
    endpoints: {
      authorization_endpoint: `${CIAM}/oauth2/v2.0/authorize`,
      token_endpoint: `${CIAM}/oauth2/v2.0/token`,
      jwks_uri: `${CIAM}/discovery/v2.0/keys`,
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      end_session_endpoint: `${CIAM}/oauth2/v2.0/logout`,
    },
    discovery: false,
    clientAuthentication: 'client_secret_post',
    idToken: { ...ADA, tid: TENANT, oid: 'ada-object', at_hash: undefined },
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    expected: { user: { sub: 'ada', ...ADA, tid: TENANT }, refresh: true, logout: true, revoked: 0 },
    wrong: {
      what: 'the secret of another application',
      take: () =>
        providers.entraExternalId({ tenant: TENANT, domain: 'contoso.ciamlogin.com', ...WRONG_CLIENT }),
      says: /invalid_client/,
    },
  },
  {
    preset: 'azureB2c',
    title: 'Azure AD B2C',
    take: () =>
      providers.azureB2c({
        ...{ domain: 'contoso.b2clogin.com', tenant: TENANT, policy: 'B2C_1_signin', ...CLIENT },
      }),
    issuer: `https://contoso.b2clogin.com/${TENANT}/v2.0/`,
    endpoints: {
      authorization_endpoint: `${B2C}/oauth2/v2.0/authorize`,
      token_endpoint: `${B2C}/oauth2/v2.0/token`,
      jwks_uri: `${B2C}/discovery/v2.0/keys`,
      end_session_endpoint: `${B2C}/oauth2/v2.0/logout`,
    },
    discovery: false,
    clientAuthentication: 'client_secret_post',
    idToken: { name: ADA.name, emails: [ADA.email], tfp: 'B2C_1_signin', ver: '1.0', at_hash: undefined },
    tokenAnswer: (answer) => ({ ...answer, not_before: 1_700_000_000, id_token_expires_in: 3600 }),
    refreshToken: (request) => request.get('scope')!.includes('offline_access'),
    expected: {
      user: { sub: 'ada', name: ADA.name, emails: [ADA.email], tfp: 'B2C_1_signin' },
      refresh: true,
      logout: true,
      revoked: 0,
    },
    wrong: {
      what: 'the tenant by its domain',
      take: () =>
        providers.azureB2c({
          ...{ domain: 'contoso.b2clogin.com', tenant: 'contoso.onmicrosoft.com', policy: 'B2C_1_signin' },
          ...CLIENT,
        }),
      says: /tenant must be the id of a tenant/,
    },
  },
];
