import { createHmac, generateKeyPairSync } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compactDecrypt, createRemoteJWKSet, importJWK, jwtVerify } from 'jose';
import { createFewlinesEmulator, type FewlinesEmulator } from './fewlines.ts';
import { hashVerifier } from './pkce.ts';
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

const encryption = generateKeyPairSync('rsa', { modulusLength: 2048 });
const clientSecret = 'a secret with + / % & and ø';
const redirectUri = 'https://app.example.com/callback';
const application = {
  clientId: 'AAAAAAAA_AAAAAAAAAAAAA==',
  clientSecret,
  redirectUris: [redirectUri, 'https://app.example.com/other?tenant=1'],
  scopes: ['openid', 'email', 'phone'],
  audience: 'connect-account',
  popup: true,
  encryption: { key: encryption.publicKey },
};
const otherApplication = {
  ...application,
  clientId: 'BBBBBBBB_BBBBBBBBBBBBB==',
  clientSecret: 'other secret',
};
const nativeApplication = {
  clientId: 'CCCCCCCC_CCCCCCCCCCCCC==',
  redirectUris: ['com.example.app:/callback'],
  audience: 'native-app',
};

const clock = createTestClock();
let emulator: FewlinesEmulator;

beforeAll(async () => {
  emulator = await createFewlinesEmulator({
    clients: [application, otherApplication, nativeApplication],
    now: clock.now,
  });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const authorize = (change: RawParameters = {}) =>
  get(emulator.url('/oauth/authorize'), {
    client_id: application.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid email',
    state: 'state-1',
    ...change,
  });

const getCode = async (change: RawParameters = {}) => readCallback(await authorize(change)).code ?? '';

const callToken = (parameters: RawParameters, headers: Record<string, string> = {}) =>
  postForm(emulator.url('/oauth/token'), parameters, headers);

const credentials = { client_id: application.clientId, client_secret: clientSecret };

const redeem = (code: string, change: RawParameters = {}, headers: Record<string, string> = {}) =>
  callToken(
    { ...credentials, code, grant_type: 'authorization_code', redirect_uri: redirectUri, ...change },
    headers,
  );

const refresh = (token: string, change: RawParameters = {}) =>
  callToken({
    ...credentials,
    grant_type: 'refresh_token',
    refresh_token: token,
    scope: 'openid',
    ...change,
  });

const logIn = async (change: RawParameters = {}) => (await redeem(await getCode(change))).json();

const wrapState = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

const popupParameters = (state = 'state-1') => ({
  redirect_uri: emulator.popupUri,
  state: wrapState({ state, current_url: 'https://app.example.com', v: 1 }),
});

describe('a login at Fewlines', () => {
  it('answers with the two documented members and long JWTs', async () => {
    const callback = readCallback(await authorize());
    expect(callback.state).toBe('state-1');
    expect(callback.code?.length).toBeGreaterThan(255);
    expect(callback.code?.split('.')).toHaveLength(3);
    const response = await redeem(callback.code ?? '');
    expect(response.status).toBe(200);
    const tokens = await response.json();
    expect(Object.keys(tokens).sort()).toEqual(['access_token', 'refresh_token']);
    expect(tokens.access_token.length).toBeGreaterThan(255);
    const { payload } = await jwtVerify(tokens.access_token, new TextEncoder().encode(clientSecret), {
      algorithms: ['HS256'],
      audience: 'connect-account',
      currentDate: new Date(clock.now()),
    });
    expect(payload.sub).toBe(emulator.settings.user.sub);
    expect(payload.scope).toBe('openid email');
    expect(payload.aud).toEqual(['connect-account']);
    expect(payload.exp).toBe(clock.now() / 1000 + 3600);
    expect(new URL(payload.iss ?? '').origin).not.toBe(emulator.origin);
  });

  it('leaves iat out of every other access token', async () => {
    const tokens = [await logIn(), await logIn()];
    const present = tokens.map(({ access_token }) => 'iat' in decodeJwt(access_token).claims);
    expect(present.sort()).toEqual([false, true]);
  });

  it('adds the members seen in practice in full mode', async () => {
    emulator.set({ tokenAnswer: 'full' });
    const tokens = await logIn();
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'openid email' });
    expect(decodeJwt(tokens.id_token).claims).toMatchObject({
      aud: ['connect-account'],
      email: emulator.settings.user.email,
      email_verified: true,
      sub: emulator.settings.user.sub,
    });
  });

  it('gives no ID Token without the scope openid', async () => {
    emulator.set({ tokenAnswer: 'full' });
    expect(await logIn({ scope: 'email' })).not.toHaveProperty('id_token');
  });

  it('signs with RS256 and a key of its JWKS', async () => {
    emulator.set({ jwt: 'RS256' });
    const { access_token } = await logIn();
    const keys = createRemoteJWKSet(new URL(emulator.url('/.well-known/jwks.json')));
    const options = { algorithms: ['RS256'], currentDate: new Date(clock.now()) };
    const { protectedHeader } = await jwtVerify(access_token, keys, options);
    expect(protectedHeader.kid).toBeDefined();
  });

  it('encrypts a signed token to the Application', async () => {
    emulator.set({ jwt: 'JWE' });
    const { access_token } = await logIn();
    expect(access_token.split('.')).toHaveLength(5);
    const { plaintext } = await compactDecrypt(access_token, encryption.privateKey);
    expect(decodeJwt(new TextDecoder().decode(plaintext)).header.alg).toBe('RS256');
  });

  it('encrypts bare claims to the Application', async () => {
    emulator.set({ jwt: 'JWE-bare' });
    const { plaintext } = await compactDecrypt((await logIn()).access_token, encryption.privateKey);
    expect(JSON.parse(new TextDecoder().decode(plaintext)).sub).toBe(emulator.settings.user.sub);
  });

  it.each(['basic', 'both'] as const)('takes raw Basic credentials in %s mode', async (auth) => {
    emulator.set({ auth });
    const headers = rawBasic(application.clientId, clientSecret);
    const noBodyCredentials = { client_id: undefined, client_secret: undefined };
    expect((await redeem(await getCode(), noBodyCredentials, headers)).status).toBe(200);
  });

  it.each([
    'a+b/c==',
    'a&b=c&d',
    '100%25%',
    'søk 状態 🙂',
    '"<script>',
  ])('returns the state %s unchanged', async (state) => {
    expect(readCallback(await authorize({ state })).state).toBe(state);
  });

  it('takes a state of 255 characters', async () => {
    expect(readCallback(await authorize({ state: '🙂'.repeat(255) })).code).toBeDefined();
  });

  it('keeps the query of a registered redirect URI', async () => {
    const uri = application.redirectUris[1] ?? '';
    const location = readLocation(await authorize({ redirect_uri: uri })).href;
    expect(location.startsWith(`${uri}&code=`)).toBe(true);
  });

  it('gives a new pair and no ID Token for a refresh token', async () => {
    emulator.set({ tokenAnswer: 'full' });
    const first = await logIn();
    const second = await (await refresh(first.refresh_token)).json();
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second).not.toHaveProperty('id_token');
    expect((await refresh(second.refresh_token)).status).toBe(200);
  });

  it('describes the person at the userinfo endpoint', async () => {
    const { access_token } = await logIn();
    const response = await get(emulator.url('/oauth/userinfo'), {}, bearer(access_token));
    const { sub, email } = emulator.settings.user;
    expect(await response.json()).toEqual({ sub, email, email_verified: true });
  });

  it('describes itself in a discovery document', async () => {
    const document = await (await get(emulator.url('/.well-known/openid-configuration'))).json();
    expect(document).toMatchObject({ token_endpoint: emulator.url('/oauth/token'), issuer: emulator.origin });
    expect(document).not.toHaveProperty('end_session_endpoint');
  });

  it('signs a native Application in with S256', async () => {
    const parameters = {
      client_id: nativeApplication.clientId,
      redirect_uri: nativeApplication.redirectUris[0],
      code_challenge: hashVerifier('verifier'),
      code_challenge_method: 'S256',
    };
    const code = await getCode(parameters);
    const { code_challenge: _, code_challenge_method: __, ...own } = parameters;
    const noSecret = { ...own, client_secret: undefined };
    expect((await redeem(code, { ...noSecret, code_verifier: 'verifier' })).status).toBe(200);
    expect((await redeem(await getCode(parameters), { ...noSecret, code_verifier: 'other' })).status).toBe(
      400,
    );
  });

  it('answers access_denied when the person cancels', async () => {
    emulator.set({ decision: 'cancel' });
    expect(readCallback(await authorize())).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });
});

describe('the popup of Fewlines', () => {
  it('posts the code and the unwrapped state to the page that opened it', async () => {
    const location = readLocation(await authorize(popupParameters('"</script><state')));
    expect(`${location.origin}${location.pathname}`).toBe(emulator.popupUri);
    const html = await (await get(location.href)).text();
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    const posted: unknown[] = [];
    let closed = false;
    let hear: (event: object) => void = () => {};
    const opener = { postMessage: (...message: unknown[]) => posted.push(...message) };
    runInNewContext(/<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? '', {
      opener,
      window: { close: () => (closed = true) },
      addEventListener: (_: string, listener: typeof hear) => (hear = listener),
    });
    const code = location.searchParams.get('code') ?? '';
    expect(posted).toEqual([{ code, state: '"</script><state' }, 'https://app.example.com']);
    hear({ origin: 'https://attacker.example', source: opener, data: 'destroy' });
    expect(closed).toBe(false);
    hear({ origin: 'https://app.example.com', source: opener, data: 'destroy' });
    expect(closed).toBe(true);
    expect((await redeem(code, { redirect_uri: emulator.popupUri })).status).toBe(200);
  });

  it.each([
    [
      'lacks the padding of base64',
      wrapState({ state: '', current_url: 'https://a.example', v: 1 }).replace(/=+$/, ''),
    ],
    ['is not JSON', Buffer.from('state').toString('base64')],
    ['has another version', wrapState({ state: '', current_url: 'https://app.example.com', v: 2 })],
    ['names no origin', wrapState({ state: '', current_url: 'https://app.example.com/', v: 1 })],
  ])('refuses a wrapped state that %s', async (_, state) => {
    const response = await authorize({ redirect_uri: emulator.popupUri, state });
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it('shows an error instead of posting one', async () => {
    emulator.set({ decision: 'cancel' });
    const response = await get(readLocation(await authorize(popupParameters())).href);
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('postMessage');
  });
});

describe('the authorization endpoint of Fewlines', () => {
  it.each([
    ['an unknown client_id', { client_id: 'unknown' }],
    ['a missing client_id', { client_id: undefined }],
    ['an unregistered redirect_uri', { redirect_uri: `${redirectUri}/` }],
    ['a missing redirect_uri', { redirect_uri: undefined }],
    ['a repeated redirect_uri', { redirect_uri: [redirectUri, redirectUri] }],
    ['a state of 256 characters', { state: 'x'.repeat(256) }],
  ])('refuses %s on a page, without a redirect', async (_, change) => {
    const response = await authorize(change);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(response.headers.get('content-type')).toContain('text/html');
  });

  it('refuses the popup callback of a client without popups', async () => {
    const parameters = { ...popupParameters(), client_id: nativeApplication.clientId };
    expect((await authorize(parameters)).status).toBe(400);
  });

  it.each([
    ['a missing response_type', { response_type: undefined }, 'invalid_request'],
    ['a missing scope', { scope: undefined }, 'invalid_request'],
    ['another response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ["a scope outside the Application's", { scope: 'openid address' }, 'invalid_scope'],
    ['the PKCE method plain', { code_challenge: 'x', code_challenge_method: 'plain' }, 'invalid_request'],
    [
      'a challenge that is no hash',
      { code_challenge: 'x', code_challenge_method: 'S256' },
      'invalid_request',
    ],
    [
      'a native Application without PKCE',
      { client_id: nativeApplication.clientId, redirect_uri: nativeApplication.redirectUris[0] },
      'invalid_request',
    ],
  ])('refuses %s in the redirect', async (_, change, error) => {
    expect(readCallback(await authorize(change))).toMatchObject({ error, state: 'state-1' });
  });
});

describe('the token endpoint of Fewlines', () => {
  const refusal = async (response: Response) => [response.status, await response.json()];

  it.each([
    ['a missing code', { code: undefined }, 400, 'invalid_request'],
    ['a missing grant_type', { grant_type: undefined }, 400, 'invalid_request'],
    ['a missing redirect_uri', { redirect_uri: undefined }, 400, 'invalid_request'],
    ['a missing client_id', { client_id: undefined }, 401, 'invalid_client'],
    ['a missing client_secret', { client_secret: undefined }, 401, 'invalid_client'],
    ['a repeated code', { code: ['a', 'b'] }, 400, 'invalid_request'],
    ['a repeated grant_type', { grant_type: ['authorization_code', 'x'] }, 400, 'invalid_request'],
    ['a repeated redirect_uri', { redirect_uri: [redirectUri, redirectUri] }, 400, 'invalid_request'],
    ['a repeated client_id', { client_id: ['a', 'b'] }, 400, 'invalid_request'],
    ['a repeated client_secret', { client_secret: [clientSecret, 'b'] }, 400, 'invalid_request'],
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'unknown' }, 401, 'invalid_client'],
    ['another grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['an unknown code', { code: 'unknown' }, 400, 'invalid_grant'],
    ['a redirect_uri with a slash more', { redirect_uri: `${redirectUri}/` }, 400, 'invalid_grant'],
  ])('refuses %s', async (_, change, status, error) => {
    const response = await redeem(await getCode(), change);
    expect(response.headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(await refusal(response)).toEqual([status, { error }]);
  });

  it('refuses Basic in body mode', async () => {
    const headers = rawBasic(application.clientId, clientSecret);
    const response = await redeem(await getCode(), { client_secret: undefined }, headers);
    expect(await refusal(response)).toEqual([401, { error: 'invalid_client' }]);
  });

  it('refuses a secret in the body in basic mode', async () => {
    emulator.set({ auth: 'basic' });
    expect(await refusal(await redeem(await getCode()))).toEqual([401, { error: 'invalid_client' }]);
  });

  it('refuses two ways of authentication at once', async () => {
    emulator.set({ auth: 'both' });
    const response = await redeem(await getCode(), {}, rawBasic(application.clientId, clientSecret));
    expect(await refusal(response)).toEqual([400, { error: 'invalid_request' }]);
  });

  it('refuses a JSON body', async () => {
    const response = await fetch(emulator.url('/oauth/token'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...credentials, code: await getCode(), grant_type: 'authorization_code' }),
    });
    expect(await refusal(response)).toEqual([400, { error: 'invalid_request' }]);
  });

  it('refuses a GET', async () => {
    expect((await get(emulator.url('/oauth/token'), credentials)).status).toBe(405);
  });

  it('refuses a code that was used before and revokes what it gave', async () => {
    const code = await getCode();
    const tokens = await (await redeem(code)).json();
    expect(await refusal(await redeem(code))).toEqual([400, { error: 'invalid_grant' }]);
    expect(await refusal(await refresh(tokens.refresh_token))).toEqual([400, { error: 'invalid_grant' }]);
    const userinfo = await get(emulator.url('/oauth/userinfo'), {}, bearer(tokens.access_token));
    expect(userinfo.status).toBe(401);
  });

  it("refuses another client's code", async () => {
    const other = { client_id: otherApplication.clientId, client_secret: otherApplication.clientSecret };
    const code = await getCode();
    expect(await refusal(await redeem(code, other))).toEqual([400, { error: 'invalid_grant' }]);
    expect((await redeem(code)).status).toBe(200);
  });

  it('refuses an expired code', async () => {
    const code = await getCode();
    clock.advance(60_000);
    expect(await refusal(await redeem(code))).toEqual([400, { error: 'invalid_grant' }]);
  });

  it('refuses the normal redirect_uri for a popup code, and the reverse', async () => {
    expect((await redeem(await getCode(popupParameters()))).status).toBe(400);
    expect((await redeem(await getCode(), { redirect_uri: emulator.popupUri })).status).toBe(400);
  });

  it('refuses a refresh token that was used before and revokes its family', async () => {
    const first = await logIn();
    const second = await (await refresh(first.refresh_token)).json();
    expect(await refusal(await refresh(first.refresh_token))).toEqual([400, { error: 'invalid_grant' }]);
    expect(await refusal(await refresh(second.refresh_token))).toEqual([400, { error: 'invalid_grant' }]);
  });

  it("refuses another client's refresh token and leaves it alone", async () => {
    const { refresh_token } = await logIn();
    const other = { client_id: otherApplication.clientId, client_secret: otherApplication.clientSecret };
    expect(await refusal(await refresh(refresh_token, other))).toEqual([400, { error: 'invalid_grant' }]);
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  it('refuses a scope that was not granted, and spends no refresh token on it', async () => {
    const { refresh_token } = await logIn();
    const response = await refresh(refresh_token, { scope: 'openid phone' });
    expect(await refusal(response)).toEqual([400, { error: 'invalid_scope' }]);
    expect((await refresh(refresh_token)).status).toBe(200);
  });
});

describe('the attacks of Fewlines', () => {
  const hmac = (token: string, secret: string) =>
    createHmac('sha256', secret).update(decodeJwt(token).input).digest('base64url');

  it('signs with the secret of somebody else', async () => {
    emulator.set({ attack: 'foreign-key' });
    const { access_token } = await logIn();
    expect(decodeJwt(access_token).signature).not.toBe(hmac(access_token, clientSecret));
  });

  it('signs not at all', async () => {
    emulator.set({ attack: 'alg-none' });
    const { header, signature } = decodeJwt((await logIn()).access_token);
    expect([header.alg, signature]).toEqual(['none', '']);
  });

  it('signs with the public key as the secret', async () => {
    emulator.set({ attack: 'public-key-as-secret', jwt: 'RS256' });
    const { access_token } = await logIn();
    const jwks = await (await get(emulator.url('/.well-known/jwks.json'))).json();
    const publicKey = (await importJWK(jwks.keys[0], 'RS256')) as CryptoKey;
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64');
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki.replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`;
    expect(decodeJwt(access_token).header).toMatchObject({ alg: 'HS256', kid: jwks.keys[0].kid });
    expect(decodeJwt(access_token).signature).toBe(hmac(access_token, pem));
  });

  it.each([
    ['expired', ({ exp }: Record<string, unknown>) => Number(exp) < clock.now() / 1000],
    ['foreign-aud', ({ aud }: Record<string, unknown>) => !String(aud).includes('connect-account')],
    ['missing-sub', (claims: Record<string, unknown>) => !('sub' in claims)],
  ] as const)('signs claims that are bad by %s', async (attack, isBad) => {
    expect(isBad(decodeJwt((await logIn()).access_token).claims)).toBe(false);
    emulator.set({ attack });
    const { access_token } = await logIn();
    expect(isBad(decodeJwt(access_token).claims)).toBe(true);
    expect(decodeJwt(access_token).signature).toBe(hmac(access_token, clientSecret));
  });

  it('attacks the ID Token alone when told so', async () => {
    emulator.set({ attack: 'missing-sub', attackOn: 'id_token', tokenAnswer: 'full' });
    const { access_token, id_token } = await logIn();
    expect(decodeJwt(access_token).claims).toHaveProperty('sub');
    expect(decodeJwt(id_token).claims).not.toHaveProperty('sub');
  });
});
