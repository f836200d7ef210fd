import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bearer,
  createTestClock,
  decodeJwt,
  get,
  postForm,
  type RawParameters,
  rawBasic,
  readCallback,
  readLocation,
} from './raw-client.ts';
import { createTelenorEmulator, type TelenorClient, type TelenorEmulator } from './telenor.ts';

const redirectUri = 'http://localhost:3000/callback';
const afterLogout = 'http://localhost:3000/goodbye';
const application = {
  clientId: 'mycompany-myapp-web',
  clientSecret: 'secret-with+plus%and:colon',
  redirectUris: [redirectUri, 'urn:ietf:wg:oauth:2.0:oob'],
  sso: true,
  postLogoutRedirectUris: [afterLogout],
};
const otherApplication = {
  ...application,
  clientId: 'other-company-web',
  clientSecret: 'other',
  redirectUris: ['https://other.example/callback'],
};
const plainApplication = { ...application, clientId: 'mycompany-plain-web', sso: false };
const publicApplication = { clientId: 'mycompany-myapp-android', redirectUris: ['com.mycompany.app://cb'] };

const clock = createTestClock();
let emulator: TelenorEmulator;

beforeAll(async () => {
  emulator = await createTelenorEmulator({
    clients: [application, otherApplication, plainApplication, publicApplication],
    keyBits: 1024,
    now: clock.now,
  });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const basic = rawBasic(application.clientId, application.clientSecret);

const authorize = (change: RawParameters = {}, cookie = '') =>
  get(
    emulator.url('/oauth/authorize'),
    {
      response_type: 'code',
      client_id: application.clientId,
      redirect_uri: redirectUri,
      scope: 'openid profile email phone',
      state: 'state-1',
      ...change,
    },
    { cookie },
  );

const getCode = async (change: RawParameters = {}) => readCallback(await authorize(change)).code ?? '';

const callToken = (parameters: RawParameters, headers: Record<string, string> = basic) =>
  postForm(emulator.url('/oauth/token'), parameters, headers);

const redeem = (code: string, change: RawParameters = {}, headers?: Record<string, string>) =>
  callToken({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...change }, headers);

const refresh = (token: string) => callToken({ grant_type: 'refresh_token', refresh_token: token });

const logIn = async (change: RawParameters = {}) => (await redeem(await getCode(change))).json();

const logInClaims = async (change: RawParameters = {}) => decodeJwt((await logIn(change)).id_token).claims;

const revoke = (token: string | undefined, headers: Record<string, string> = basic) =>
  postForm(emulator.url('/oauth/revoke'), { token }, headers);

const askUserinfo = (headers: Record<string, string>, parameters: RawParameters = {}) =>
  get(emulator.url('/oauth/userinfo'), parameters, headers);

const readCookie = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';

const refusal = async (response: Response) => [response.status, (await response.json()).error];

describe('a login at Telenor', () => {
  it('answers with all documented members and an ID Token of a 1024-bit key', async () => {
    const callback = readCallback(await authorize({ nonce: 'nonce-1' }));
    expect(callback.state).toBe('state-1');
    const tokens = await (await redeem(callback.code ?? '', { client_id: application.clientId })).json();
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile email phone',
      access_token: expect.not.stringContaining('.'),
      refresh_token: expect.any(String),
    });
    const { header, claims, input, signature } = decodeJwt(tokens.id_token);
    expect(header).toMatchObject({ alg: 'RS256', kid: '1' });
    expect(claims).toMatchObject({
      iss: `${emulator.origin}/oauth`,
      aud: [application.clientId],
      sub: expect.stringMatching(/^\d+$/),
      exp: clock.now() / 1000 + 3600,
      auth_time: clock.now() / 1000,
      acr: '2',
      amr: ['UID_PWD'],
      nonce: 'nonce-1',
      phone_number: '4798765432',
      td_au: '4798765432',
      td_sls: false,
    });
    const { keys } = await (await get(emulator.url('/oauth/public_keys.jwks'))).json();
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(1024);
    expect(verify('sha256', Buffer.from(input), key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('signs with 2048 bits unless asked for less', async () => {
    const other = await createTelenorEmulator();
    expect(other.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    await other.close();
  });

  it('gives an ID Token only with the scope openid', async () => {
    expect(await logIn({ scope: 'profile' })).not.toHaveProperty('id_token');
  });

  it('takes a percent-encoded hyphen only when it decodes Basic', async () => {
    const encoded = rawBasic(
      application.clientId.replaceAll('-', '%2D'),
      encodeURIComponent(application.clientSecret),
    );
    expect(await refusal(await redeem(await getCode(), {}, encoded))).toEqual([401, 'invalid_client']);
    emulator.set({ basicDecoding: 'form' });
    expect((await redeem(await getCode(), {}, encoded)).status).toBe(200);
  });

  it('signs a public client in by its client_id alone', async () => {
    const own = { client_id: publicApplication.clientId, redirect_uri: publicApplication.redirectUris[0] };
    expect((await redeem(await getCode(own), own, {})).status).toBe(200);
  });

  it('grants fewer scopes and says so', async () => {
    emulator.set({ grantedScopes: ['openid', 'email'] });
    const tokens = await logIn();
    expect(tokens.scope).toBe('openid email');
    expect(decodeJwt(tokens.id_token).claims).not.toHaveProperty('phone_number');
    expect(decodeJwt(tokens.id_token).claims).not.toHaveProperty('td_au');
  });

  it('marks a short-lived session', async () => {
    emulator.set({ shortLivedSession: true });
    expect((await logInClaims()).td_sls).toBe(true);
  });

  it('gives access tokens the lifetime that it announces', async () => {
    emulator.set({ accessTokenSeconds: 10 });
    const { access_token, expires_in } = await logIn();
    clock.advance(9_999);
    expect((await askUserinfo(bearer(access_token))).status).toBe(200);
    clock.advance(1);
    expect(await refusal(await askUserinfo(bearer(access_token)))).toEqual([401, 'invalid_token']);
    expect(expires_in).toBe(10);
  });

  it('rotates the refresh token, with an ID Token only when told so', async () => {
    const first = await logIn({ nonce: 'nonce-1' });
    const second = await (await refresh(first.refresh_token)).json();
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(second).not.toHaveProperty('id_token');
    emulator.set({ refreshIdToken: true });
    const third = await (await refresh(second.refresh_token)).json();
    expect(decodeJwt(third.id_token).claims).not.toHaveProperty('nonce');
  });

  it('describes the person by scope and by the claims parameter', async () => {
    const scoped = await logIn({ scope: 'openid email' });
    const { sub, email, name, locale } = emulator.settings.user;
    const described = await (await askUserinfo(bearer(scoped.access_token))).json();
    expect(described).toEqual({ sub, email, email_verified: true });
    const claims = JSON.stringify({ userinfo: { name: { essential: true }, locale: null } });
    const asked = await logIn({ scope: 'openid', claims });
    expect(await (await askUserinfo(bearer(asked.access_token))).json()).toEqual({ sub, name, locale });
  });

  it('tells client, scope, user and rest of life of an access token', async () => {
    const tokens = await logIn({ scope: 'openid' });
    clock.advance(600_000);
    const ask = (token: string) => get(emulator.url('/oauth/tokeninfo'), { access_token: token });
    expect(await (await ask(tokens.access_token)).json()).toEqual({
      clientid: application.clientId,
      scope: 'openid',
      userid: emulator.settings.user.sub,
      ttl: 3000,
    });
    expect(await (await ask(tokens.id_token)).json()).toEqual(decodeJwt(tokens.id_token).claims);
    const logoutToken = emulator.createLogoutToken({ clientId: application.clientId, sub: '1' });
    expect(await (await ask(logoutToken)).json()).toEqual(decodeJwt(logoutToken).claims);
  });

  it('describes itself under its path issuer', async () => {
    const response = await get(emulator.url('/oauth/.well-known/openid-configuration'));
    expect(await response.json()).toMatchObject({
      issuer: emulator.issuer,
      end_session_endpoint: emulator.url('/oauth/logout'),
      revocation_endpoint: emulator.url('/oauth/revoke'),
    });
  });

  it('shows the code on a page for an out-of-band client', async () => {
    const response = await authorize({ redirect_uri: 'urn:ietf:wg:oauth:2.0:oob' });
    expect(await response.text()).toContain(emulator.issued.codes.at(-1));
  });
});

describe('the session of a browser at Telenor', () => {
  it('answers prompt=none with a code when there is a session, for all SSO clients', async () => {
    const cookie = readCookie(await authorize());
    const other = { client_id: otherApplication.clientId, redirect_uri: otherApplication.redirectUris[0] };
    const callback = readCallback(await authorize({ ...other, prompt: 'none' }, cookie));
    const headers = rawBasic(otherApplication.clientId, otherApplication.clientSecret);
    const tokens = await (await redeem(callback.code ?? '', other, headers)).json();
    expect(decodeJwt(tokens.id_token).claims.amr).toEqual(['SSO']);
  });

  it('answers prompt=none with login_required when there is none', async () => {
    expect(readCallback(await authorize({ prompt: 'none' }))).toMatchObject({
      error: 'login_required',
      state: 'state-1',
    });
  });

  it('gives a client without SSO neither a session nor a silent login', async () => {
    const own = { client_id: plainApplication.clientId };
    expect(readCookie(await authorize(own))).toBe('');
    const cookie = readCookie(await authorize());
    expect(readCallback(await authorize({ ...own, prompt: 'none' }, cookie)).error).toBe('login_required');
  });

  it.each(['interaction_required', 'consent_required'] as const)('can answer %s', async (error) => {
    emulator.set({ promptNoneError: error });
    const cookie = readCookie(await authorize());
    expect(readCallback(await authorize({ prompt: 'none' }, cookie)).error).toBe(error);
  });

  it('asks the person again after max_age and for prompt=login', async () => {
    const cookie = readCookie(await authorize());
    const signedInAt = clock.now() / 1000;
    const authTime = async (change: RawParameters) => {
      const { code } = readCallback(await authorize(change, cookie));
      return decodeJwt((await (await redeem(code ?? '')).json()).id_token).claims.auth_time;
    };
    clock.advance(60_000);
    expect(await authTime({ max_age: '60' })).toBe(signedInAt);
    expect(readCallback(await authorize({ max_age: '59', prompt: 'none' }, cookie)).error).toBe(
      'login_required',
    );
    expect(await authTime({ max_age: '59' })).toBe(signedInAt + 60);
    clock.advance(1_000);
    expect(await authTime({ prompt: 'login' })).toBe(signedInAt + 61);
  });

  it('steps up to the level that acr_values asks for', async () => {
    emulator.set({ acr: '1', includeSid: true });
    const first = await authorize();
    const before = decodeJwt((await (await redeem(readCallback(first).code ?? '')).json()).id_token).claims;
    expect([before.acr, before.amr]).toEqual(['1', ['OTP']]);
    const stepUp = readCallback(await authorize({ acr_values: '2' }, readCookie(first)));
    const after = decodeJwt((await (await redeem(stepUp.code ?? '')).json()).id_token).claims;
    expect([after.acr, after.amr, after.sid]).toEqual(['2', ['UID_PWD'], before.sid]);
  });
});

describe('the authorization endpoint of Telenor', () => {
  it.each([
    ['an unknown client', { client_id: 'unknown' }],
    ['an unregistered redirect_uri', { redirect_uri: 'http://localhost:3000/callback2' }],
    ['a missing redirect_uri', { redirect_uri: undefined }],
  ])('refuses %s on a page, without a redirect', async (_, change) => {
    const response = await authorize(change);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['another response_type', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['a missing response_type', { response_type: undefined }, 'invalid_request'],
    ['a missing scope', { scope: undefined }, 'invalid_request'],
    ['the unsupported scope address', { scope: 'openid address' }, 'invalid_scope'],
    ['a missing state', { state: undefined }, 'invalid_request'],
    ['an unknown prompt', { prompt: 'maybe' }, 'invalid_request'],
    ['a max_age that is no number', { max_age: '-1' }, 'invalid_request'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request'],
  ])('refuses %s in the redirect', async (_, change, error) => {
    expect(readCallback(await authorize(change)).error).toBe(error);
  });

  it('answers access_denied when the person cancels', async () => {
    emulator.set({ decision: 'cancel' });
    expect(readCallback(await authorize())).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });

  it.each<[string, Partial<TelenorClient>]>([
    ['a plain-http redirect URI', { redirectUris: ['http://app.example.com/callback'] }],
    ['a redirect URI on 127.0.0.1', { redirectUris: ['http://127.0.0.1:3000/callback'] }],
    ['a redirect URI with a fragment', { redirectUris: ['https://app.example.com/callback#x'] }],
    ['an SSO web client without a post-logout URI', { postLogoutRedirectUris: undefined }],
  ])('registers no %s', (_, change) => {
    expect(() => emulator.register({ ...application, clientId: 'new', ...change })).toThrow('new: ');
  });
});

describe('the token endpoint of Telenor', () => {
  const inBody = { client_id: application.clientId, client_secret: application.clientSecret };

  it.each<[string, RawParameters, Record<string, string>]>([
    ['the secret in the body without Basic', inBody, {}],
    ['a confidential client without Authorization', { client_id: application.clientId }, {}],
    ['a wrong secret', {}, rawBasic(application.clientId, 'wrong')],
    ['a header that is not Basic', {}, bearer('token')],
    ['another client_id in the body', { client_id: otherApplication.clientId }, basic],
  ])('refuses %s with a Basic challenge', async (_, change, headers) => {
    const response = await redeem(await getCode(), change, headers);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="Telenor CONNECT"');
    expect(await refusal(response)).toEqual([401, 'invalid_client']);
  });

  it('refuses the secret in the query without Basic', async () => {
    const body = { grant_type: 'authorization_code', code: await getCode(), redirect_uri: redirectUri };
    const url = `${emulator.url('/oauth/token')}?${new URLSearchParams(inBody)}`;
    expect(await refusal(await postForm(url, body))).toEqual([401, 'invalid_client']);
  });

  it('refuses the secret in the body beside Basic', async () => {
    expect(await refusal(await redeem(await getCode(), inBody))).toEqual([400, 'invalid_request']);
  });

  it.each([
    ['a missing redirect_uri', { redirect_uri: undefined }, 'invalid_grant'],
    ['a different redirect_uri', { redirect_uri: `${redirectUri}?` }, 'invalid_grant'],
    ['an unknown code', { code: 'unknown' }, 'invalid_grant'],
    ['a missing code', { code: undefined }, 'invalid_request'],
    ['a repeated code', { code: ['a', 'b'] }, 'invalid_request'],
    ['another grant type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
  ])('refuses %s', async (_, change, error) => {
    expect(await refusal(await redeem(await getCode(), change))).toEqual([400, error]);
  });

  it('refuses a code that was used before', async () => {
    const code = await getCode();
    const { access_token } = await (await redeem(code)).json();
    expect(await refusal(await redeem(code))).toEqual([400, 'invalid_grant']);
    expect((await askUserinfo(bearer(access_token))).status).toBe(401);
  });

  it('refuses an expired code', async () => {
    const code = await getCode();
    clock.advance(60_000);
    expect(await refusal(await redeem(code))).toEqual([400, 'invalid_grant']);
  });

  it("refuses a foreign client's code", async () => {
    const headers = rawBasic(otherApplication.clientId, otherApplication.clientSecret);
    expect(await refusal(await redeem(await getCode(), {}, headers))).toEqual([400, 'invalid_grant']);
  });

  it('refuses the old refresh token after rotation and revokes its family', async () => {
    const first = await logIn();
    const second = await (await refresh(first.refresh_token)).json();
    expect(await refusal(await refresh(first.refresh_token))).toEqual([400, 'invalid_grant']);
    expect(await refusal(await refresh(second.refresh_token))).toEqual([400, 'invalid_grant']);
    expect((await askUserinfo(bearer(second.access_token))).status).toBe(401);
  });

  it.each(['/oauth/token', '/oauth/revoke'])('refuses a GET on %s', async (path) => {
    expect((await get(emulator.url(path), {}, basic)).status).toBe(405);
  });
});

describe('revocation at Telenor', () => {
  it('ends the refresh token alone', async () => {
    const { access_token, refresh_token } = await logIn();
    expect((await revoke(refresh_token)).status).toBe(200);
    expect(await refusal(await refresh(refresh_token))).toEqual([400, 'invalid_grant']);
    expect((await askUserinfo(bearer(access_token))).status).toBe(200);
  });

  it('ends the access token alone', async () => {
    const { access_token, refresh_token } = await logIn();
    expect((await revoke(access_token)).status).toBe(200);
    expect(await refusal(await askUserinfo(bearer(access_token)))).toEqual([401, 'invalid_token']);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it('answers 200 for an unknown token', async () => {
    expect((await revoke('unknown')).status).toBe(200);
  });

  it('refuses bad Basic with 401', async () => {
    const { access_token } = await logIn();
    const response = await revoke(access_token, rawBasic(application.clientId, 'wrong'));
    expect(await refusal(response)).toEqual([401, 'invalid_client']);
    expect((await askUserinfo(bearer(access_token))).status).toBe(200);
  });

  it('refuses a missing token', async () => {
    expect(await refusal(await revoke(undefined))).toEqual([400, 'invalid_request']);
  });

  it("leaves another client's token alone", async () => {
    const { access_token } = await logIn();
    await revoke(access_token, rawBasic(otherApplication.clientId, otherApplication.clientSecret));
    expect((await askUserinfo(bearer(access_token))).status).toBe(200);
  });
});

describe('logout at Telenor', () => {
  const logOutInBrowser = (change: RawParameters = {}, cookie = '') =>
    get(
      emulator.url('/oauth/logout'),
      {
        client_id: application.clientId,
        post_logout_redirect_uri: afterLogout,
        state: 'bye',
        ...change,
      },
      { cookie },
    );

  const logOutByToken = (headers: Record<string, string>, body: RawParameters = {}) =>
    postForm(emulator.url('/oauth/logout'), body, headers);

  it('returns to the registered URI with the state, without session and tokens', async () => {
    const response = await authorize();
    const cookie = readCookie(response);
    const { access_token } = await (await redeem(readCallback(response).code ?? '')).json();
    const location = readLocation(await logOutInBrowser({}, cookie));
    expect(location.href).toBe(`${afterLogout}?state=bye`);
    expect(readCallback(await authorize({ prompt: 'none' }, cookie)).error).toBe('login_required');
    expect((await askUserinfo(bearer(access_token))).status).toBe(401);
  });

  it('ends the session of an access token', async () => {
    const response = await authorize();
    const tokens = await (await redeem(readCallback(response).code ?? '')).json();
    expect((await logOutByToken(bearer(tokens.access_token))).status).toBe(200);
    const again = await authorize({ prompt: 'none' }, readCookie(response));
    expect(readCallback(again).error).toBe('login_required');
    expect(await refusal(await refresh(tokens.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('can leave the tokens alive', async () => {
    emulator.set({ logoutEndsTokens: false });
    const { access_token } = await logIn();
    expect((await logOutByToken(bearer(access_token))).status).toBe(200);
    expect((await askUserinfo(bearer(access_token))).status).toBe(200);
  });

  it.each([
    ['an unregistered post_logout_redirect_uri', { post_logout_redirect_uri: 'https://attacker.example/' }],
    ['a missing post_logout_redirect_uri', { post_logout_redirect_uri: undefined }],
    ['a client without SSO', { client_id: plainApplication.clientId }],
    ['an unknown client', { client_id: 'unknown' }],
  ])('refuses %s on a page', async (_, change) => {
    const response = await logOutInBrowser(change);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it('refuses a missing or revoked access token with 401', async () => {
    expect((await logOutByToken({})).status).toBe(401);
    const { access_token } = await logIn();
    await revoke(access_token);
    expect(await refusal(await logOutByToken(bearer(access_token)))).toEqual([401, 'invalid_token']);
  });

  it('refuses a body beside the access token', async () => {
    const { access_token } = await logIn();
    const response = await logOutByToken(bearer(access_token), { token: access_token });
    expect(await refusal(response)).toEqual([400, 'invalid_request']);
  });

  it('refuses the token of a client without SSO', async () => {
    const own = rawBasic(plainApplication.clientId, plainApplication.clientSecret);
    const code = await getCode({ client_id: plainApplication.clientId });
    const { access_token } = await (await redeem(code, {}, own)).json();
    expect(await refusal(await logOutByToken(bearer(access_token)))).toEqual([400, 'unauthorized_client']);
  });

  it('posts a signed logout token to the back channel of a client', async () => {
    const bodies: string[] = [];
    const receiver = createServer(async (request, response) => {
      bodies.push(Buffer.concat(await request.toArray()).toString());
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const backChannelLogoutUri = `http://127.0.0.1:${port}/connect/backchannellogout`;
    emulator.register({ ...otherApplication, backChannelLogoutUri });
    const clientId = otherApplication.clientId;
    const token = emulator.createLogoutToken({ clientId, sub: '1', header: { typ: undefined } });
    expect((await emulator.sendLogoutToken(clientId, token)).status).toBe(204);
    expect(new URLSearchParams(bodies[0]).get('logout_token')).toBe(token);
    expect(decodeJwt(token)).toMatchObject({
      header: { alg: 'RS256', kid: '1' },
      claims: { iss: emulator.issuer, aud: [clientId], sub: '1', jti: expect.any(String) },
    });
    await new Promise((resolve) => receiver.close(resolve));
  });
});

describe('userinfo and tokeninfo of Telenor', () => {
  it('refuse a dead token', async () => {
    const { access_token } = await logIn();
    await revoke(access_token);
    expect(await refusal(await get(emulator.url('/oauth/tokeninfo'), { access_token }))).toEqual([
      400,
      'invalid_token',
    ]);
    expect(await refusal(await get(emulator.url('/oauth/tokeninfo')))).toEqual([400, 'invalid_request']);
    const response = await askUserinfo(bearer(access_token));
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('refuse userinfo without the Bearer header', async () => {
    const { access_token } = await logIn();
    expect((await askUserinfo({}, { access_token })).status).toBe(401);
    expect((await askUserinfo(basic)).status).toBe(401);
  });
});

describe('the attacks of Telenor', () => {
  it('answers with an error redirect and a wrong state', async () => {
    emulator.set({ attack: 'wrong-state' });
    const callback = readCallback(await authorize());
    expect(callback.error).toBe('access_denied');
    expect(callback.state).not.toBe('state-1');
  });

  it.each([
    ['foreign-aud', () => ({ aud: ['another-application'] })],
    ['foreign-issuer', () => ({ iss: emulator.origin })],
    ['stale-auth-time', () => ({ auth_time: clock.now() / 1000 - 86_400 })],
    ['lower-acr', () => ({ acr: '1' })],
    ['two-audiences', () => ({ aud: [application.clientId, 'another-application'] })],
  ] as const)('signs an ID Token that is bad by %s', async (attack, bad) => {
    const parameters = { acr_values: '2', max_age: '300' };
    expect(await logInClaims(parameters)).not.toMatchObject(bad());
    emulator.set({ attack });
    const claims = await logInClaims(parameters);
    expect(claims).toMatchObject(bad());
    expect(claims).not.toHaveProperty('azp');
  });
});
