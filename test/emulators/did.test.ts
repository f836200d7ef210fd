import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createDidEmulator, type DidEmulator } from './did.ts';
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
  readPageForm,
} from './raw-client.ts';

const redirectUri = 'http://localhost:3000/callback';
const application = { clientId: 'test_web', clientSecret: 'secret_1', redirectUris: [redirectUri] };
const otherApplication = { ...application, clientId: 'test_other', clientSecret: 'secret_2' };
const spaApplication = { clientId: 'test_spa', redirectUris: [redirectUri] };

const clock = createTestClock();
let emulator: DidEmulator;

beforeAll(async () => {
  emulator = await createDidEmulator({
    clients: [application, otherApplication, spaApplication],
    now: clock.now,
  });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

const authorize = (change: RawParameters = {}) =>
  get(emulator.url('/oidc/authorize'), {
    client_id: application.clientId,
    redirect_uri: redirectUri,
    state: 'state-1',
    ...change,
  });

const getCode = async (change: RawParameters = {}) => readCallback(await authorize(change)).code ?? '';

const readForm = async (response: Response) => readPageForm(await response.text());

const redeem = (code: string, change: RawParameters = {}, headers: Record<string, string> = {}) => {
  const { clientId: client_id, clientSecret: client_secret } = application;
  return postForm(emulator.url('/oidc/token'), { client_id, client_secret, code, ...change }, headers);
};

const logIn = async () => (await redeem(await getCode())).json();

const withChallenge = { code_challenge: hashVerifier('verifier'), code_challenge_method: 'sha256' };

const refusal = async (response: Response) => {
  const { error } = await response.json();
  return [response.status, error.status, error.code];
};

describe('a login at DID.app', () => {
  it('answers with userinfo and two JWTs, and nothing else', async () => {
    const callback = readCallback(await authorize());
    expect(callback.state).toBe('state-1');
    const tokens = await (await redeem(callback.code ?? '')).json();
    expect(Object.keys(tokens).sort()).toEqual(['access_token', 'id_token', 'userinfo']);
    const keys = createRemoteJWKSet(new URL(emulator.url('/oidc/jwks')));
    const { payload } = await jwtVerify(tokens.id_token, keys, {
      issuer: emulator.issuer,
      audience: application.clientId,
      algorithms: ['RS256'],
      currentDate: new Date(clock.now()),
    });
    const { email } = emulator.settings.user;
    expect(tokens.userinfo).toEqual({ sub: payload.sub, email, email_verified: true });
    expect(payload).toMatchObject(tokens.userinfo);
    expect(tokens.access_token.split('.')).toHaveLength(3);
    const response = await get(emulator.url('/oidc/userinfo'), {}, bearer(tokens.access_token));
    expect(await response.json()).toEqual(tokens.userinfo);
  });

  it('has issuer and endpoints on two origins', async () => {
    const response = await get(`${emulator.issuer}/.well-known/openid-configuration`);
    const document = await response.json();
    expect(document.issuer).toBe(emulator.issuer);
    expect(document.token_endpoint).toBe(`${emulator.origin}/oidc/token`);
    expect(emulator.origin).not.toBe(emulator.issuer);
    expect(document).not.toHaveProperty('end_session_endpoint');
  });

  it('names a person differently at every application', async () => {
    const parameters = {
      client_id: otherApplication.clientId,
      client_secret: otherApplication.clientSecret,
    };
    const code = await getCode({ client_id: otherApplication.clientId });
    const other = await (await redeem(code, parameters)).json();
    const { userinfo } = await logIn();
    expect(userinfo.sub).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(other.userinfo.sub).not.toBe(userinfo.sub);
    expect(userinfo.sub).toBe(emulator.pairwiseSub(emulator.settings.user.sub, application.clientId));
  });

  it.each(['"<&', "'>=%+ ø"])('posts the state %s in an escaped form', async (state) => {
    const response = await authorize({ response_mode: 'form_post', state });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-store');
    const html = await response.text();
    expect(html).toContain('document.forms[0].submit()');
    const code = emulator.issued.codes.at(-1);
    expect(readPageForm(html)).toEqual({ action: redirectUri, fields: { code, state } });
    expect(html).not.toContain(state);
  });

  it('answers in the fragment when asked to', async () => {
    const location = readLocation(await authorize({ response_mode: 'fragment' }));
    expect(location.search).toBe('');
    expect(new URLSearchParams(location.hash.slice(1)).get('state')).toBe('state-1');
  });

  it('takes the parameters that the samples send', async () => {
    const code = await getCode({ response_type: 'code', scope: 'openid', response_mode: 'query' });
    const sent = { grant_type: 'authorization_code', redirect_uri: redirectUri };
    expect((await redeem(code, sent)).status).toBe(200);
  });

  it('takes Basic', async () => {
    const none = { client_id: undefined, client_secret: undefined };
    const headers = rawBasic(application.clientId, application.clientSecret);
    expect((await redeem(await getCode(), none, headers)).status).toBe(200);
    const encoded = rawBasic(application.clientId.replace('_', '%5F'), 'secret%5F1');
    expect((await redeem(await getCode(), none, encoded)).status).toBe(200);
  });

  it.each([
    application,
    spaApplication,
  ])('takes a verifier instead of the secret of $clientId', async (client) => {
    const client_id = client.clientId;
    const code = await getCode({ client_id, ...withChallenge });
    const noSecret = { client_id, client_secret: undefined };
    expect((await redeem(code, { ...noSecret, code_verifier: 'verifier' })).status).toBe(200);
  });

  it.each([
    ['create', 'sign-up'],
    ['none', 'sign-in'],
    ['login', 'sign-in'],
  ])('shows for prompt=%s the %s page', async (prompt, kind) => {
    await authorize({ prompt });
    expect(emulator.pagesShown.at(-1)).toBe(kind);
    emulator.set({ interactive: true });
    const html = await (await authorize({ prompt })).text();
    expect(html).toContain(kind === 'sign-up' ? 'Create an account as' : 'Sign in as');
  });

  it.each(['query', 'form_post'])('answers a cancelled login by %s', async (response_mode) => {
    emulator.set({ decision: 'cancel' });
    const response = await authorize({ response_mode });
    const answer = response_mode === 'query' ? readCallback(response) : (await readForm(response)).fields;
    expect(answer).toMatchObject({ error: 'access_denied', state: 'state-1' });
  });
});

describe('the authorization endpoint of DID.app', () => {
  it.each([
    ['a missing client_id', { client_id: undefined }],
    ['a missing redirect_uri', { redirect_uri: undefined }],
    ['an unregistered redirect_uri', { redirect_uri: `${redirectUri}/` }],
    ['an unknown client', { client_id: 'test_unknown' }],
  ])('refuses %s on a page, without a redirect', async (_, change) => {
    const response = await authorize(change);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['another response_type', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['an unknown response_mode', { response_mode: 'web_message' }, 'invalid_request'],
    ['the PKCE method S256', { ...withChallenge, code_challenge_method: 'S256' }, 'invalid_request'],
    ['the PKCE method plain', { ...withChallenge, code_challenge_method: 'plain' }, 'invalid_request'],
    [
      'a challenge without a method',
      { ...withChallenge, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['a public client without PKCE', { client_id: spaApplication.clientId }, 'invalid_request'],
  ])('refuses %s in the redirect', async (_, change, error) => {
    expect(readCallback(await authorize(change))).toMatchObject({ error, state: 'state-1' });
  });

  it('sets up loopback redirect URIs for test applications only', () => {
    expect(() => emulator.register({ clientId: 'live', redirectUris: [redirectUri] })).toThrow('live');
    const foreign = { clientId: 'test_x', redirectUris: ['http://app.example.com/'] };
    expect(() => emulator.register(foreign)).toThrow('test_x');
  });
});

describe('the token endpoint of DID.app', () => {
  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 403, 'token_declined'],
    ['neither secret nor verifier', { client_secret: undefined }, 403, 'token_declined'],
    ['an unknown code', { code: 'unknown' }, 403, 'token_declined'],
    [
      "a foreign client's code",
      { client_id: otherApplication.clientId, client_secret: otherApplication.clientSecret },
      403,
      'token_declined',
    ],
    ['a different redirect_uri', { redirect_uri: `${redirectUri}/` }, 403, 'token_declined'],
    ['a verifier without a challenge', { code_verifier: 'verifier' }, 403, 'token_declined'],
    ['another grant_type', { grant_type: 'refresh_token' }, 400, 'unsupported_grant_type'],
    ['a missing code', { code: undefined }, 400, 'invalid_request'],
    ['a repeated code', { code: ['a', 'b'] }, 400, 'invalid_request'],
  ])('refuses %s with the error object', async (_, change, status, code) => {
    expect(await refusal(await redeem(await getCode(), change))).toEqual([status, status, code]);
  });

  it('words its refusals in five members', async () => {
    const { error } = await (await redeem('unknown')).json();
    expect(Object.keys(error)).toEqual(['id', 'status', 'code', 'title', 'detail']);
  });

  it('refuses a code that was used before', async () => {
    const code = await getCode();
    const { access_token } = await (await redeem(code)).json();
    expect(await refusal(await redeem(code))).toEqual([403, 403, 'token_declined']);
    expect((await get(emulator.url('/oidc/userinfo'), {}, bearer(access_token))).status).toBe(401);
  });

  it('refuses an expired code', async () => {
    const code = await getCode();
    clock.advance(60_000);
    expect(await refusal(await redeem(code))).toEqual([403, 403, 'token_declined']);
  });

  it.each([
    ['a wrong verifier', { client_secret: undefined, code_verifier: 'wrong' }],
    ['a wrong verifier beside the secret', { code_verifier: 'wrong' }],
    ['a secret in place of the verifier', {}],
  ])('refuses %s for a code with a challenge', async (_, change) => {
    const response = await redeem(await getCode(withChallenge), change);
    expect(await refusal(response)).toEqual([403, 403, 'token_declined']);
  });

  it('refuses a GET', async () => {
    expect(await refusal(await get(emulator.url('/oidc/token')))).toEqual([405, 405, 'invalid_request']);
  });
});

describe('the attacks of DID.app', () => {
  it('names another person in userinfo than in the ID Token', async () => {
    emulator.set({ attack: 'userinfo-sub' });
    const { userinfo, id_token } = await logIn();
    expect(userinfo.sub).not.toBe(decodeJwt(id_token).claims.sub);
  });

  it('gives an ID Token for another client', async () => {
    emulator.set({ attack: 'foreign-aud' });
    expect(decodeJwt((await logIn()).id_token).claims.aud).not.toBe(application.clientId);
  });

  it('answers by a redirect although form_post was asked for', async () => {
    emulator.set({ attack: 'get-callback' });
    expect(readCallback(await authorize({ response_mode: 'form_post' })).code).toBeDefined();
  });

  it('answers with the form of the time before', async () => {
    const first = await readForm(await authorize({ response_mode: 'form_post' }));
    emulator.set({ attack: 'replayed-form' });
    const second = await readForm(await authorize({ response_mode: 'form_post', state: 'state-2' }));
    expect(second).toEqual(first);
  });

  it('hosts a form with a code of the attacker, for a browser that began no login', async () => {
    const code = emulator.mintCode({ clientId: application.clientId, redirectUri });
    const page = await get(emulator.hostForm(redirectUri, { code, state: 'forged' }));
    expect(await readForm(page)).toEqual({ action: redirectUri, fields: { code, state: 'forged' } });
    expect((await redeem(code)).status).toBe(200);
  });
});
