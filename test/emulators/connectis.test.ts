import { createHmac, verify, X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConnectisEmulator, type ConnectisSettings, createConnectisEmulator } from './connectis.ts';
import {
  bearer,
  createTestClock,
  decodeJwt,
  encodeParameters,
  get,
  postForm,
  type RawParameters,
  rawBasic,
  readCallback,
  readLocation,
} from './raw-client.ts';

const redirectUri = 'https://app.example.com/callback';
const application = { clientId: 'sp-web', clientSecret: 'secret & 1', redirectUris: [redirectUri] };
const otherApplication = { ...application, clientId: 'sp-other', clientSecret: 'other secret' };
const implicitType = 'id token token';

const clock = createTestClock();
let emulator: ConnectisEmulator;

beforeAll(async () => {
  emulator = await createConnectisEmulator({ clients: [application, otherApplication], now: clock.now });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const endpoint = (name: string) => emulator.url(`/broker/openidconnect/${name}`);

const authorize = (change: RawParameters = {}) =>
  get(endpoint('authorize'), {
    response_type: 'code',
    client_id: application.clientId,
    scope: 'openid',
    state: 'state-1',
    redirect_uri: redirectUri,
    ...change,
  });

const authorizeImplicit = (change: RawParameters = {}) =>
  authorize({ response_type: implicitType, nonce: 'nonce-1', ...change });

const getCode = async (change: RawParameters = {}) => readCallback(await authorize(change)).code ?? '';

const callToken = (query: RawParameters, body: RawParameters = {}, headers: Record<string, string> = {}) =>
  postForm(`${endpoint('token')}?${encodeParameters(query)}`, body, headers);

const codeParameters = (code: string, change: RawParameters = {}): RawParameters => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirectUri,
  client_id: application.clientId,
  client_secret: application.clientSecret,
  ...change,
});

const redeem = (code: string, change: RawParameters = {}) => callToken(codeParameters(code, change));

const refresh = (refresh_token: string, change: RawParameters = {}) => {
  const { clientId: client_id, clientSecret: client_secret } = application;
  return callToken({ grant_type: 'refresh_token', refresh_token, client_secret, client_id, ...change });
};

const logIn = async (change: RawParameters = {}) => (await redeem(await getCode(change))).json();

const refusal = async (response: Response) => [response.status, (await response.json()).error];

const isSignedByCertificate = (token: string) => {
  const { input, signature } = decodeJwt(token);
  const { publicKey } = new X509Certificate(emulator.certificate);
  return verify('sha256', Buffer.from(input), publicKey, Buffer.from(signature, 'base64url'));
};

describe('a login at Connectis', () => {
  it('takes the token parameters from the query and answers in milliseconds', async () => {
    const callback = readCallback(await authorize({ nonce: 'nonce-1' }));
    expect(callback.state).toBe('state-1');
    const response = await redeem(callback.code ?? '');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    const tokens = await response.json();
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3_600_000 });
    const { header, claims } = decodeJwt(tokens.id_token);
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(claims).toMatchObject({
      iss: emulator.issuer,
      aud: application.clientId,
      nonce: 'nonce-1',
      sub: emulator.settings.user.sub,
      exp: clock.now() / 1000 + 3600,
    });
    expect(isSignedByCertificate(tokens.id_token)).toBe(true);
  });

  it('has a self-signed certificate that verifies itself', () => {
    const certificate = new X509Certificate(emulator.certificate);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=Connectis Identity Broker');
    expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(clock.now());
  });

  it('echoes no nonce that was not sent', async () => {
    expect(decodeJwt((await logIn()).id_token).claims).not.toHaveProperty('nonce');
  });

  it('names the key when told so', async () => {
    emulator.set({ includeKid: true });
    expect(decodeJwt((await logIn()).id_token).header.kid).toBeDefined();
  });

  it('takes any issuer', async () => {
    emulator.set({ issuer: 'https://broker.example' });
    expect(decodeJwt((await logIn()).id_token).claims.iss).toBe('https://broker.example');
  });

  it.each([
    'body',
    'either',
  ] as const)('takes the parameters from the body in %s mode', async (tokenParams) => {
    emulator.set({ tokenParams });
    expect((await callToken({}, codeParameters(await getCode()))).status).toBe(200);
  });

  it('takes some from the query and some from the body in either mode', async () => {
    emulator.set({ tokenParams: 'either' });
    const { client_secret, ...query } = codeParameters(await getCode());
    expect((await callToken(query, { client_secret })).status).toBe(200);
  });

  it('finds the client by the code or refresh token when client_id is absent', async () => {
    const response = await redeem(await getCode(), { client_id: undefined });
    expect(response.status).toBe(200);
    const { refresh_token } = await response.json();
    expect((await refresh(refresh_token, { client_id: undefined })).status).toBe(200);
  });

  it('refreshes without id_token and scope, and rotates', async () => {
    const first = await logIn();
    const second = await (await refresh(first.refresh_token)).json();
    expect(Object.keys(second).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'token_type']);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.expires_in).toBe(3_600_000);
  });

  it('takes the spaced grant type when told so', async () => {
    emulator.set({ acceptSpacedRefreshGrant: true });
    const { refresh_token } = await logIn();
    expect((await refresh(refresh_token, { grant_type: 'refresh token' })).status).toBe(200);
  });

  it.each([
    ['ms', 2000],
    ['s', 2],
  ] as const)('really ends a token after what it announces in %s', async (expiresInUnit, announced) => {
    emulator.set({ accessTokenMs: 2000, expiresInUnit });
    const { access_token, expires_in } = await logIn();
    expect(expires_in).toBe(announced);
    clock.advance(1999);
    expect((await get(endpoint('userinfo'), {}, bearer(access_token))).status).toBe(200);
    clock.advance(1);
    const response = await get(endpoint('userinfo'), {}, bearer(access_token));
    expect(await refusal(response)).toEqual([401, 'invalid_token']);
  });

  it('describes the person at the userinfo endpoint', async () => {
    const { access_token } = await logIn();
    const response = await get(endpoint('userinfo'), {}, bearer(access_token));
    expect(Object.keys(await response.json())).toEqual([
      'sub',
      'name',
      'given_name',
      'family_name',
      'preferred_username',
      'email',
      'picture',
    ]);
  });

  it('answers an implicit request in the query, without access token', async () => {
    const location = readLocation(await authorizeImplicit());
    expect(location.hash).toBe('');
    const { id_token, ...rest } = Object.fromEntries(location.searchParams);
    expect(rest).toEqual({ token_type: 'Bearer', state: 'state-1' });
    expect(isSignedByCertificate(id_token ?? '')).toBe(true);
    expect(decodeJwt(id_token ?? '').claims.nonce).toBe('nonce-1');
  });

  it.each([
    'access_denied',
    'AuthnFailed',
  ] as const)('answers %s when the person cancels', async (cancelError) => {
    emulator.set({ decision: 'cancel', cancelError });
    expect(readCallback(await authorize())).toMatchObject({ error: cancelError, state: 'state-1' });
  });
});

describe('the authorization endpoint of Connectis', () => {
  it.each([
    ['an unknown client', { client_id: 'unknown' }],
    ['an unregistered redirect_uri', { redirect_uri: `${redirectUri}?x=1` }],
  ])('refuses %s on a page, without a redirect', async (_, change) => {
    const response = await authorize(change);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['a missing scope', { scope: undefined }, 'invalid_request'],
    ['a scope without openid', { scope: 'profile' }, 'invalid_scope'],
    ['a scope beside openid', { scope: 'openid profile' }, 'invalid_scope'],
    ['a missing response_type', { response_type: undefined }, 'invalid_request'],
    ['the response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['the response_type Code', { response_type: 'Code' }, 'unsupported_response_type'],
    [
      'the standard spelling of the implicit type',
      { response_type: 'id_token token', nonce: 'n' },
      'unsupported_response_type',
    ],
    ['an implicit request without nonce', { response_type: implicitType }, 'invalid_request'],
  ])('refuses %s in the redirect', async (_, change, error) => {
    expect(readCallback(await authorize(change))).toMatchObject({ error, state: 'state-1' });
  });
});

describe('the token endpoint of Connectis', () => {
  it('refuses a GET', async () => {
    const response = await get(endpoint('token'), codeParameters(await getCode()));
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('refuses parameters in the body only', async () => {
    const response = await callToken({}, codeParameters(await getCode()));
    expect(await refusal(response)).toEqual([400, 'invalid_request']);
  });

  it.each([
    'query',
    'body',
    'either',
  ] as const)('refuses one in both places in %s mode', async (tokenParams) => {
    emulator.set({ tokenParams });
    const parameters = codeParameters(await getCode());
    const response = await callToken(parameters, { client_id: application.clientId });
    expect(await refusal(response)).toEqual([400, 'invalid_request']);
  });

  it('refuses parameters in the query in body mode', async () => {
    emulator.set({ tokenParams: 'body' });
    expect(await refusal(await redeem(await getCode()))).toEqual([400, 'invalid_request']);
  });

  it('refuses a Basic header only', async () => {
    const parameters = codeParameters(await getCode(), { client_secret: undefined });
    const response = await callToken(
      parameters,
      {},
      rawBasic(application.clientId, application.clientSecret),
    );
    expect(await refusal(response)).toEqual([401, 'invalid_client']);
  });

  it.each([
    ['a wrong client_secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    [
      'a wrong client_secret without client_id',
      { client_secret: 'x', client_id: undefined },
      401,
      'invalid_client',
    ],
    ['a missing client_secret', { client_secret: undefined }, 401, 'invalid_client'],
    ['an unknown client_id', { client_id: 'unknown' }, 401, 'invalid_client'],
    [
      "a client_id that is not the code's owner",
      { client_id: otherApplication.clientId, client_secret: otherApplication.clientSecret },
      400,
      'invalid_grant',
    ],
    ['a different redirect_uri', { redirect_uri: `${redirectUri}/` }, 400, 'invalid_grant'],
    ['a missing redirect_uri', { redirect_uri: undefined }, 400, 'invalid_request'],
    ['an unknown code', { code: 'unknown' }, 400, 'invalid_grant'],
    ['an unknown code without client_id', { code: 'unknown', client_id: undefined }, 400, 'invalid_grant'],
    ['neither code nor client_id', { code: undefined, client_id: undefined }, 400, 'invalid_request'],
    ['a repeated code', { code: ['a', 'b'] }, 400, 'invalid_request'],
    ['another grant_type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ])('refuses %s', async (_, change, status, error) => {
    expect(await refusal(await redeem(await getCode(), change))).toEqual([status, error]);
  });

  it('refuses a code that was used before', async () => {
    const code = await getCode();
    const { refresh_token } = await (await redeem(code)).json();
    expect(await refusal(await redeem(code))).toEqual([400, 'invalid_grant']);
    expect(await refusal(await refresh(refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('refuses an expired code', async () => {
    const code = await getCode();
    clock.advance(60_000);
    expect(await refusal(await redeem(code))).toEqual([400, 'invalid_grant']);
  });

  it('refuses the literal grant type "refresh token"', async () => {
    const { refresh_token } = await logIn();
    const response = await refresh(refresh_token, { grant_type: 'refresh token' });
    expect(await refusal(response)).toEqual([400, 'unsupported_grant_type']);
  });

  it('refuses a refresh token that was used before', async () => {
    const first = await logIn();
    const second = await (await refresh(first.refresh_token)).json();
    expect(await refusal(await refresh(first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect(await refusal(await refresh(second.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('refuses an unregistered redirect_uri at refresh', async () => {
    const { refresh_token } = await logIn();
    const response = await refresh(refresh_token, { redirect_uri: 'https://attacker.example/' });
    expect(await refusal(response)).toEqual([400, 'invalid_request']);
  });
});

describe('the userinfo endpoint of Connectis', () => {
  it.each<[string, (token: string) => [RawParameters, Record<string, string>]]>([
    ['no header', () => [{}, {}]],
    ['bearer twice', (token) => [{}, { authorization: `Bearer bearer ${token}` }]],
    ['two spaces', (token) => [{}, { authorization: `Bearer  ${token}` }]],
    ['the token in the query', (token) => [{ access_token: token }, {}]],
    ['an unknown token', () => [{}, bearer('unknown')]],
  ])('refuses %s', async (_, prepare) => {
    const response = await get(endpoint('userinfo'), ...prepare((await logIn()).access_token));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });
});

describe('the attacks of Connectis', () => {
  const attackedToken = async (attack: ConnectisSettings['attack']) => {
    emulator.set({ attack });
    return readCallback(await authorizeImplicit()).id_token ?? '';
  };

  it('signs with the key of another certificate', async () => {
    const token = await attackedToken('foreign-key');
    expect(decodeJwt(token).header.alg).toBe('RS256');
    expect(isSignedByCertificate(token)).toBe(false);
  });

  it('signs not at all', async () => {
    const { header, signature } = decodeJwt(await attackedToken('alg-none'));
    expect([header.alg, signature]).toEqual(['none', '']);
  });

  it('signs with the certificate as the secret', async () => {
    const { header, input, signature } = decodeJwt(await attackedToken('public-key-as-secret'));
    expect(header.alg).toBe('HS256');
    const mac = createHmac('sha256', emulator.certificate).update(input).digest('base64url');
    expect(signature).toBe(mac);
  });

  it.each([
    ['wrong-nonce', () => ({ nonce: 'the-nonce-of-another-login' })],
    ['foreign-issuer', () => ({ iss: 'https://issuer.example/broker/openidconnect' })],
    ['foreign-aud', () => ({ aud: 'another-application' })],
    ['expired', () => ({ exp: clock.now() / 1000 + 3600 - 86_400 })],
  ] as const)('signs an ID Token that is bad by %s, in both flows', async (attack, bad) => {
    expect(decodeJwt(await attackedToken(undefined)).claims).not.toMatchObject(bad());
    const token = await attackedToken(attack);
    expect(decodeJwt(token).claims).toMatchObject(bad());
    expect(isSignedByCertificate(token)).toBe(true);
    expect(decodeJwt((await logIn()).id_token).claims).toMatchObject(bad());
  });

  it('answers with another state', async () => {
    emulator.set({ attack: 'wrong-state' });
    expect(readCallback(await authorizeImplicit()).state).not.toBe('state-1');
  });

  it('answers in the fragment', async () => {
    emulator.set({ attack: 'fragment' });
    const location = readLocation(await authorizeImplicit());
    expect(location.search).toBe('');
    expect(new URLSearchParams(location.hash.slice(1)).get('id_token')).toBe(emulator.issued.idTokens.at(-1));
  });
});
