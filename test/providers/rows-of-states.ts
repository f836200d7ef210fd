import { providers } from 'express-connect-auth';
import { ADA, CLIENT, type Habits, WRONG_CLIENT } from './habits.ts';
import { OUR_RSA_PEM } from './keys-of-ours.ts';

const FRANCE = 'https://oidc.franceconnect.gouv.fr/api/v2';
const PRO = 'https://pro.example.gouv.fr/api/v2';
const GOV = 'https://secure.login.gov';
const STANDARD_PARAMS = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce'];

/** Providers of states. */
export const STATE_ROWS: readonly Habits[] = [
  {
    preset: 'franceConnect',
    title: 'FranceConnect',
    take: () => providers.franceConnect(CLIENT),
    issuer: FRANCE,
    endpoints: frenchEndpoints(FRANCE),
    clientAuthentication: 'client_secret_post',
    algorithm: 'ES256',
    onlyParams: [...STANDARD_PARAMS, 'acr_values', 'claims', 'prompt', 'idp_hint'],
    neededParams: { acr_values: 'eidas1' },
    idToken: { acr: 'eidas1' },
    userinfo: { given_name: 'Ada', family_name: 'Lovelace', email: ADA.email },
    userinfoAs: 'jwt',
    tokenAnswer: (answer) => ({ ...answer, expires_in: 60 }),
    logout: { needs: ['id_token_hint', 'state'] },
    expected: {
      user: { sub: 'ada', given_name: 'Ada', family_name: 'Lovelace', email: ADA.email },
      refresh: false,
      logout: true,
      revoked: 0,
    },
    wrong: {
      what: 'another algorithm than the registered one',
      take: () => providers.franceConnect({ ...CLIENT, idTokenSigningAlgorithm: 'RS256' }),
      says: /ALG|alg|ES256/,
    },
  },
  {
    preset: 'proConnect',
    title: 'ProConnect',
    take: () => providers.proConnect({ issuer: PRO, ...CLIENT }),
    issuer: PRO,
    endpoints: frenchEndpoints(PRO),
    clientAuthentication: 'client_secret_post',
    onlyParams: [...STANDARD_PARAMS, 'claims', 'prompt', 'idp_hint'],
    idToken: { acr: 'eidas1', amr: ['pwd'] },
    userinfo: { given_name: 'Ada', usual_name: 'Lovelace', email: ADA.email, siret: '00000000000000' },
    userinfoAs: 'jwt',
    tokenAnswer: (answer) => ({ ...answer, expires_in: 60 }),
    logout: { needs: ['id_token_hint', 'state'] },
    expected: {
      user: {
        sub: 'ada',
        given_name: 'Ada',
        usual_name: 'Lovelace',
        email: ADA.email,
        siret: '00000000000000',
      },
      refresh: false,
      logout: true,
      revoked: 0,
    },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.proConnect({ issuer: PRO, ...WRONG_CLIENT }),
      says: /invalid_client/,
    },
  },
  {
    preset: 'loginGov',
    title: 'login.gov',
    take: () => providers.loginGov({ clientId: CLIENT.clientId, clientKey: OUR_RSA_PEM }),
    issuer: `${GOV}/`,
    endpoints: {
      authorization_endpoint: `${GOV}/openid_connect/authorize`,
      token_endpoint: `${GOV}/api/openid_connect/token`,
      jwks_uri: `${GOV}/api/openid_connect/certs`,
      userinfo_endpoint: `${GOV}/api/openid_connect/userinfo`,
      end_session_endpoint: `${GOV}/openid_connect/logout`,
    },
    discovery: { token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    clientAuthentication: 'private_key_jwt',
    pkce: 'refused',
    neededParams: { acr_values: 'urn:acr.login.gov:auth-only' },
    idToken: { acr: 'urn:acr.login.gov:auth-only' },
    userinfo: { email: ADA.email, email_verified: true },
    tokenAnswer: (answer) => ({ ...answer, expires_in: 900 }),
    logout: { needs: ['client_id'], refuses: ['id_token_hint'] },
    expected: {
      user: { sub: 'ada', email: ADA.email, email_verified: true },
      refresh: false,
      logout: true,
      revoked: 0,
    },
    wrong: {
      what: 'a certificate in place of the key',
      take: () => providers.loginGov({ clientId: CLIENT.clientId, clientKey: 'a certificate' }),
      says: /clientKey must be a private key in PEM/,
    },
  },
];

function frenchEndpoints(base: string) {
  return {
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    userinfo_endpoint: `${base}/userinfo`,
    end_session_endpoint: `${base}/session/end`,
  };
}
