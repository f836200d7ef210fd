import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { createCookieJar } from './cookie-jar.ts';
import { type ListeningServer, listen } from './listen.ts';
import { type OpenIdProvider, type Registration, startOpenIdProvider } from './open-id-provider.ts';

const baseUrl = 'http://localhost:19999';
const redirect_uri = `${baseUrl}/oauth/callback`;

describe('startOpenIdProvider()', () => {
  let op: OpenIdProvider;
  let app: Registration;
  beforeAll(async () => {
    op = await startOpenIdProvider();
    app = await op.registerApp(baseUrl);
  });
  afterAll(() => op.close());

  const authorizationUrl = (params: Record<string, string> = {}) =>
    `${op.issuer}/auth?${new URLSearchParams({
      client_id: app.clientId,
      redirect_uri,
      response_type: 'code',
      scope: 'openid profile email phone',
      state: 'a&"b',
      ...params,
    })}`;

  const callToken = async (params: Record<string, string>) => {
    const credentials = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
    const response = await fetch(`${op.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams(params),
    });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  };

  const exchangeCode = async (url: string) => {
    const code = new URL(url).searchParams.get('code')!;
    return (await callToken({ grant_type: 'authorization_code', code, redirect_uri })).body;
  };

  it('signs in by query, with the claims in the ID token and a refresh token', async () => {
    const callback = await op.signIn(authorizationUrl(), { as: 'grace' });
    expect(callback.method).toBe('GET');
    expect(new URL(callback.url).searchParams.get('state')).toBe('a&"b');
    const tokens = await exchangeCode(callback.url);
    expect(decodeJwt(tokens.id_token!)).toMatchObject({
      sub: 'grace',
      name: 'Grace Hopper',
      email: 'grace@example.com',
      phone_number: '+1 202 555 0109',
    });
    expect(tokens.refresh_token).toBeDefined();
  });

  it('signs in by form_post', async () => {
    const callback = await op.signIn(authorizationUrl({ response_mode: 'form_post' }));
    if (callback.method !== 'POST') throw new Error('not a POST');
    expect(callback.url).toBe(redirect_uri);
    expect(callback.body.get('state')).toBe('a&"b');
    expect(callback.body.get('code')).toBeTruthy();
  });

  it.each(['query', 'form_post'])('brings a cancelled login back by %s', async (response_mode) => {
    const callback = await op.signIn(authorizationUrl({ response_mode }), { cancel: true });
    const answer = callback.method === 'POST' ? callback.body : new URL(callback.url).searchParams;
    expect(answer.get('error')).toBe('access_denied');
  });

  it('says what an error page said', async () => {
    await expect(op.signIn(authorizationUrl({ client_id: 'nobody' }))).rejects.toThrow(/400.*invalid_client/);
  });

  it('remembers the person in the same browser', async () => {
    const jar = createCookieJar();
    await op.signIn(authorizationUrl(), { as: 'alan', jar });
    const again = await op.signIn(authorizationUrl({ prompt: 'none' }), { as: 'ada', jar });
    expect(decodeJwt((await exchangeCode(again.url)).id_token!).sub).toBe('alan');
    expect(jar.all().every(({ name }) => name.startsWith('op_'))).toBe(true);
  });

  it('replaces refresh tokens and revokes all of them when one is used again', async () => {
    const first = await exchangeCode((await op.signIn(authorizationUrl())).url);
    const refresh = (token: string) => callToken({ grant_type: 'refresh_token', refresh_token: token });
    const second = await refresh(first.refresh_token!);
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    expect((await refresh(first.refresh_token!)).body.error).toBe('invalid_grant');
    expect((await refresh(second.body.refresh_token!)).body.error).toBe('invalid_grant');
  });

  it('signs out without asking, and tells the application by the back channel', async () => {
    const told: string[] = [];
    const backChannel: ListeningServer = await listen((req, res) => {
      req.on('data', (chunk) => told.push(String(chunk)));
      req.on('end', () => res.end());
    });
    const back = await op.registerApp(baseUrl, {
      client_id: 'back',
      backchannel_logout_uri: `${backChannel.origin}/logout`,
    });
    const jar = createCookieJar();
    await op.signIn(authorizationUrl({ client_id: back.clientId }), { jar });
    const params = new URLSearchParams({
      client_id: back.clientId,
      post_logout_redirect_uri: `${baseUrl}/`,
      state: 's',
    });
    expect(await op.signOut(`${op.issuer}/session/end?${params}`, jar)).toBe(`${baseUrl}/?state=s`);
    const token = decodeJwt(new URLSearchParams(told.join('')).get('logout_token')!);
    expect(token).toMatchObject({ aud: 'back', sub: 'ada', sid: expect.any(String) });
    await backChannel.close();
  });

  it('counts, answers by wish, loses answers and holds requests', async () => {
    op.resetRequests();
    op.answerNext('token', { status: 500, body: { error: 'server_error' } });
    expect((await callToken({})).status).toBe(500);
    op.loseNextAnswer('token');
    await expect(callToken({})).rejects.toThrow();
    const hold = op.hold('token');
    const answer = callToken({});
    await hold.arrived;
    hold.release();
    expect((await answer).status).toBe(400);
    expect(op.requests()).toMatchObject({ token: 3, jwks: 0 });
  });

  it('goes down and comes up again on its port', async () => {
    await op.down();
    await expect(fetch(`${op.issuer}/jwks`)).rejects.toThrow('fetch failed');
    await op.up();
    expect((await fetch(`${op.issuer}/jwks`)).status).toBe(200);
    expect((await op.signIn(authorizationUrl())).url).toContain('code=');
  });
});
