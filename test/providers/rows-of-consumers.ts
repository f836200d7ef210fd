import { providers } from 'express-connect-auth';
import { ADA, CLIENT, type Habits, WRONG_CLIENT } from './habits.ts';
import { OTHER_EC_PEM, OUR_EC_PEM } from './keys-of-ours.ts';

const APPLE = { clientId: CLIENT.clientId, teamId: 'TEAM123456', keyId: 'KEY1234567' };

/** Providers that everybody has an account at, or may open one. */
export const CONSUMER_ROWS: readonly Habits[] = [
  {
    preset: 'google',
    title: 'Google',
    take: () => providers.google({ ...CLIENT, offline: true, hostedDomain: 'example.com' }),
    issuer: 'https://accounts.google.com',
    endpoints: {
      authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
      token_endpoint: 'https://oauth2.googleapis.com/token',
      jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
      userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
      revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
    },
    clientAuthentication: 'client_secret_post',
    idToken: { ...ADA, azp: CLIENT.clientId, email_verified: true, hd: 'example.com' },
    tokenAnswer: (answer) => ({
      ...answer,
      scope:
        'openid https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/userinfo.email',
    }),
    refreshToken: (request) =>
      request.get('access_type') === 'offline' && request.get('prompt') === 'consent',
    expected: {
      user: { sub: 'ada', ...ADA, email_verified: true, hd: 'example.com' },
      refresh: true,
      logout: false,
      revoked: 0,
    },
    wrong: {
      what: 'another hosted domain than the person’s',
      take: () => providers.google({ ...CLIENT, hostedDomain: 'example.org' }),
      says: /hd is another than "example\.org"/,
    },
  },
  {
    preset: 'apple',
    title: 'Apple',
    take: () => providers.apple({ ...APPLE, privateKey: OUR_EC_PEM }),
    issuer: 'https://appleid.apple.com',
    endpoints: {
      authorization_endpoint: 'https://appleid.apple.com/auth/authorize',
      token_endpoint: 'https://appleid.apple.com/auth/token',
      jwks_uri: 'https://appleid.apple.com/auth/keys',
      revocation_endpoint: 'https://appleid.apple.com/auth/revoke',
    },
    discovery: { response_modes_supported: ['query', 'fragment', 'form_post'] },
    clientAuthentication: 'apple',
    pkce: 'refused',
    formPostScopes: ['name', 'email'],
    callbackExtras: { user: JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' } }) },
    idToken: { email: ADA.email, email_verified: 'true', is_private_email: 'false', nonce_supported: true },
    refreshToken: () => true,
    expected: {
      user: { sub: 'ada', email: ADA.email, email_verified: true },
      refresh: true,
      logout: false,
      revoked: 2,
    },
    wrong: {
      what: 'the key of another app',
      take: () => providers.apple({ ...APPLE, privateKey: OTHER_EC_PEM }),
      says: /invalid_client/,
    },
  },
  {
    preset: 'gitlab',
    title: 'GitLab',
    take: () => providers.gitlab(CLIENT),
    issuer: 'https://gitlab.com',
    endpoints: {
      authorization_endpoint: 'https://gitlab.com/oauth/authorize',
      token_endpoint: 'https://gitlab.com/oauth/token',
      jwks_uri: 'https://gitlab.com/oauth/discovery/keys',
      userinfo_endpoint: 'https://gitlab.com/oauth/userinfo',
      revocation_endpoint: 'https://gitlab.com/oauth/revoke',
    },
    clientAuthentication: 'client_secret_basic',
    idToken: { ...ADA, auth_time: 1_700_000_000, nickname: 'ada', groups_direct: ['acme/shop'] },
    tokenAnswer: (answer) => ({ ...answer, expires_in: 7200, created_at: 1_700_000_000 }),
    refreshToken: () => true,
    expected: {
      user: { sub: 'ada', ...ADA, nickname: 'ada', groups_direct: ['acme/shop'] },
      refresh: true,
      logout: false,
      revoked: 2,
    },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.gitlab(WRONG_CLIENT),
      says: /invalid_client/,
    },
  },
  {
    preset: 'slack',
    title: 'Slack',
    take: () => providers.slack({ ...CLIENT, team: 'T0123ABCD' }),
    issuer: 'https://slack.com',
    endpoints: {
      authorization_endpoint: 'https://slack.com/openid/connect/authorize',
      token_endpoint: 'https://slack.com/api/openid.connect.token',
      jwks_uri: 'https://slack.com/openid/connect/keys',
      userinfo_endpoint: 'https://slack.com/api/openid.connect.userInfo',
    },
    clientAuthentication: 'client_secret_post',
    idToken: { ...ADA, 'https://slack.com/team_id': 'T0123ABCD', 'https://slack.com/user_id': 'ada' },
    tokenAnswer: ({ expires_in: _, ...answer }) => ({ ok: true, ...answer }),
    refusal: (error) => ({
      status: 200,
      body: { ok: false, error: error === 'invalid_client' ? 'bad_client_secret' : 'invalid_code' },
    }),
    expected: {
      user: { sub: 'ada', ...ADA, 'https://slack.com/team_id': 'T0123ABCD' },
      refresh: false,
      logout: false,
      revoked: 0,
    },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.slack(WRONG_CLIENT),
      says: /bad_client_secret/,
    },
  },
  {
    preset: 'linkedin',
    title: 'LinkedIn',
    take: () => providers.linkedin(CLIENT),
    issuer: 'https://www.linkedin.com/oauth',
    endpoints: {
      authorization_endpoint: 'https://www.linkedin.com/oauth/v2/authorization',
      token_endpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
      jwks_uri: 'https://www.linkedin.com/oauth/openid/jwks',
      userinfo_endpoint: 'https://api.linkedin.com/v2/userinfo',
    },
    clientAuthentication: 'client_secret_post',
    pkce: 'refused',
    nonce: false,
    idToken: { ...ADA, email_verified: true, at_hash: undefined, locale: 'en_US' },
    tokenAnswer: (answer) => ({ ...answer, expires_in: 5_184_000, scope: 'email,openid,profile' }),
    refusal: (error) => ({ status: 401, body: { error, error_description: 'Client authentication failed' } }),
    expected: {
      user: { sub: 'ada', ...ADA, email_verified: true },
      refresh: false,
      logout: false,
      revoked: 0,
    },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.linkedin(WRONG_CLIENT),
      says: /invalid_client/,
    },
  },
  {
    preset: 'github',
    title: 'GitHub',
    take: () => providers.github(CLIENT),
    issuer: 'https://github.com',
    endpoints: {
      authorization_endpoint: 'https://github.com/login/oauth/authorize',
      token_endpoint: 'https://github.com/login/oauth/access_token',
    },
    discovery: false,
    clientAuthentication: 'client_secret_post',
    tokenAnswer: ({ access_token, expires_in: _ }) => ({
      ...{ access_token, token_type: 'bearer', scope: 'read:user,user:email' },
    }),
    refusal: (error) => ({
      status: 200,
      body: {
        error: error === 'invalid_client' ? 'incorrect_client_credentials' : 'bad_verification_code',
        error_description: 'The client_id and/or client_secret passed are incorrect.',
      },
    }),
    apis: {
      'https://api.github.com/user': `{"login":"ada","id":9007199254740993,"name":"${ADA.name}","email":null,"avatar_url":"https://avatars.githubusercontent.com/u/1"}`,
      'https://api.github.com/user/emails': JSON.stringify([
        { email: 'old@example.com', primary: false, verified: true },
        { email: ADA.email, primary: true, verified: true },
      ]),
    },
    expected: {
      user: {
        sub: '9007199254740993',
        ...ADA,
        email_verified: true,
        preferred_username: 'ada',
        login: 'ada',
      },
      refresh: false,
      logout: false,
      revoked: 0,
    },
    wrong: {
      what: 'the secret of another application',
      take: () => providers.github(WRONG_CLIENT),
      says: /incorrect_client_credentials/,
    },
  },
  {
    preset: 'discord',
    title: 'Discord',
    take: () => providers.discord(CLIENT),
    issuer: 'https://discord.com',
    endpoints: {
      authorization_endpoint: 'https://discord.com/oauth2/authorize',
      token_endpoint: 'https://discord.com/api/oauth2/token',
      revocation_endpoint: 'https://discord.com/api/oauth2/token/revoke',
    },
    discovery: false,
    clientAuthentication: 'client_secret_basic',
    tokenAnswer: (answer) => ({ ...answer, expires_in: 604_800, scope: 'email identify' }),
    refreshToken: () => true,
    apis: {
      'https://discord.com/api/users/@me': `{"id":"80351110224678912","username":"ada","global_name":"${ADA.name}","email":"${ADA.email}","verified":true}`,
    },
    expected: {
      user: { sub: '80351110224678912', ...ADA, email_verified: true, preferred_username: 'ada' },
      refresh: true,
      logout: false,
      revoked: 2,
    },
    wrong: {
      what: 'scopes without `identify`',
      take: () => providers.discord({ ...CLIENT, scope: 'email' }),
      says: /identify/,
    },
  },
];
