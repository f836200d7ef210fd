import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTestClock, startTestProvider, type TestProvider } from 'express-connect-auth/testing';
import * as client from 'openid-client';
import { createCookieJar } from '../support/cookie-jar.ts';
import { asOp, useTestProvider } from '../support/kit-provider.ts';
import { useApps } from '../support/use-apps.ts';

const startApp = useApps();
const provider = await useTestProvider();
const op = asOp(provider);

describe('startTestProvider()', () => {
  it('logs people in at an application that checks everything', async () => {
    const app = await startApp({ op });
    const browser = app.browser();
    expect((await app.logIn(browser, { as: 'grace' })).status).toBe(303);
    expect(await (await browser.get('/me')).json()).toMatchObject({
      sub: 'grace',
      name: 'Grace Hopper',
      email: 'grace@example.com',
      email_verified: true,
    });
    expect(app.logins[0]).toMatchObject({ acr: '1', amr: ['pwd'] });
    expect(app.errors).toEqual([]);
  });

  it('signs in somebody who is made up for one test, as well as they say', async () => {
    const app = await startApp({ op });
    const browser = app.browser();
    const start = await browser.get('/login');
    const { path } = provider.signIn(start.headers.get('location')!, {
      as: { sub: 'eve', roles: ['admin'] },
      acr: 'high',
      amr: ['hwk'],
      authTime: new Date('2026-01-01T00:00:00Z'),
    });
    await browser.get(path);
    expect(await (await browser.get('/me')).json()).toMatchObject({ sub: 'eve', roles: ['admin'] });
    const authTime = new Date('2026-01-01T00:00:00Z');
    expect(app.logins[0]).toMatchObject({ acr: 'high', amr: ['hwk'], authTime });
  });

  it('says whom there is, when it is asked for somebody else', () => {
    expect(() => provider.signIn(authorizationUrl(), { as: 'nobody' })).toThrow(
      /Nobody is called "nobody"\. People are: ada, grace, alan/,
    );
  });

  it('answers by a form where the application wants one', async () => {
    const app = await startApp({ op, oidc: { responseMode: 'form_post' } });
    const browser = app.browser();
    expect((await app.logIn(browser, { as: 'ada' })).status).toBe(303);
    expect((await browser.get('/me')).status).toBe(200);
  });

  it('sends who cancels back without a login', async () => {
    const app = await startApp({ op });
    const browser = app.browser();
    expect((await app.logIn(browser, { cancel: true })).status).toBe(403);
    expect(app.errors[0]?.error.code).toBe('login_denied');
  });

  it('refreshes tokens, when its clock and that of the application say so', async () => {
    const clock = createTestClock(new Date('2030-01-01T00:00:00Z'));
    const later = await startTestProvider({ now: clock.now, accessTokenSeconds: 600 });
    const app = await startApp({
      ...{ op: asOp(later), now: clock.now },
      handlers: (express) =>
        express.get('/token', (req, res, next) => {
          req.auth.getAccessToken().then((token) => res.send(token), next);
        }),
    });
    const browser = app.browser();
    await app.logIn(browser);
    const tokens: string[] = [];
    for (const minutes of [0, 5, 6, 11]) {
      clock.advance({ minutes });
      tokens.push(await (await browser.get('/token')).text());
    }
    await later.close();
    expect(tokens[1]).toBe(tokens[0]);
    expect(new Set(tokens).size).toBe(3);
    const { exp } = JSON.parse(Buffer.from(tokens[0]!.split('.')[1]!, 'base64url').toString());
    expect(new Date(exp * 1000).getUTCFullYear()).toBe(2030);
  });

  it('revokes tokens at the logout, and sends the browser back from its own', async () => {
    const app = await startApp({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const logout = new URL((await browser.post('/logout')).headers.get('location')!);
    expect(logout.origin + logout.pathname).toBe(`${provider.issuer}/logout`);
    const back = await fetch(logout, { redirect: 'manual' });
    expect(back.headers.get('location')).toMatch(new RegExp(`^${app.origin}/`));
    expect(app.errors).toEqual([]);
  });

  it('ends sessions by a back-channel logout, of a person and of one session', async () => {
    const app = await startApp({ op });
    const [ada, grace] = [app.browser(), app.browser()];
    await app.logIn(ada, { as: 'ada' });
    await app.logIn(grace, { as: 'grace' });
    const url = `${app.origin}/oauth/backchannel-logout`;
    expect((await provider.sendLogout(url, 'ada')).status).toBe(200);
    expect((await ada.get('/me')).status).toBe(302);
    expect((await grace.get('/me')).status).toBe(200);
    const token = await provider.createLogoutToken({ sub: 'grace' });
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
    expect(answer.status).toBe(200);
    expect((await grace.get('/me')).status).toBe(302);
  });

  it('shows a page with a button for each person, and remembers who pressed one', async () => {
    const app = await startApp({ op });
    const atProvider = createCookieJar();
    const browser = app.browser();
    const url = (await browser.get('/login')).headers.get('location')!;
    const page = await (await fetch(url)).text();
    expect(page).toContain('<h1>Sign in</h1>');
    expect(page).toMatch(/name="person" value="ada" aria-label="Ada Lovelace"/);
    expect(page).toContain('>Cancel</button>');
    const pressed = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ person: 'alan' }),
      redirect: 'manual',
    });
    atProvider.store(url, pressed.headers.getSetCookie());
    await browser.deliver({ method: 'GET', url: pressed.headers.get('location')! });
    expect((await (await browser.get('/me')).json()).sub).toBe('alan');

    const again = async (change: Record<string, string>) => {
      const headers = { cookie: atProvider.header(new URL(url)) ?? '' };
      const target = authorizationUrl(change);
      return fetch(target, { headers, redirect: 'manual' });
    };
    expect((await again({ prompt: 'none' })).headers.get('location')).toContain('code=');
    expect((await again({ prompt: 'login' })).status).toBe(200);
    expect((await again({ acr_values: 'high' })).status).toBe(200);
    const stranger = await fetch(authorizationUrl({ prompt: 'none' }), { redirect: 'manual' });
    expect(stranger.headers.get('location')).toContain('error=login_required');
  });

  it.each([
    [{ client_id: 'another' }, 'client_id must be test-app'],
    [{ code_challenge_method: 'plain' }, 'code_challenge_method must be S256'],
    [{ response_type: 'token' }, 'response_type must be code'],
    [{ scope: 'profile' }, 'scope must hold openid'],
  ])('names what is wrong with an authorization request: %j', async (change, problem) => {
    const answer = await fetch(authorizationUrl(change));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(problem);
  });

  it('redeems a code once, for who has its verifier, and takes back what it brought', async () => {
    const { code, verifier } = newCode();
    expect((await redeem({ code, code_verifier: 'x'.repeat(43) })).status).toBe(400);
    const other = newCode();
    const first = await redeem({ code: other.code, code_verifier: other.verifier });
    expect(first.status).toBe(200);
    const { access_token: token } = (await first.json()) as { access_token: string };
    const ask = () => fetch(`${provider.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    expect((await redeem({ code: other.code, code_verifier: other.verifier })).status).toBe(400);
    expect((await ask()).status).toBe(401);
    expect((await redeem({ code, code_verifier: verifier, client_secret: 'wrong' })).status).toBe(401);
  });

  it('takes the redirect URIs that it was given, and no other', async () => {
    const strict = await startTestProvider({ redirectUris: ['http://localhost:3000/oauth/callback'] });
    try {
      const answer = await fetch(authorizationUrl({ redirect_uri: 'http://localhost:4000/x' }, strict));
      expect(await answer.text()).toContain(
        'redirect_uri must be one of: http://localhost:3000/oauth/callback',
      );
      expect((await fetch(authorizationUrl({}, strict))).status).toBe(200);
    } finally {
      await strict.close();
    }
  });

  it('is an OpenID provider to openid-client by itself', async () => {
    const configuration = await client.discovery(
      new URL(provider.issuer),
      provider.clientId,
      undefined,
      client.ClientSecretPost(provider.clientSecret),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    );
    const [verifier, nonce, state] = [
      client.randomPKCECodeVerifier(),
      client.randomNonce(),
      client.randomState(),
    ];
    const url = client.buildAuthorizationUrl(configuration, {
      ...{
        redirect_uri: 'http://localhost:3000/oauth/callback',
        scope: 'openid',
        nonce,
        state,
        max_age: '60',
      },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    });
    const back = new URL(provider.signIn(url, { as: 'ada' }).url);
    const tokens = await client.authorizationCodeGrant(configuration, back, {
      ...{ pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, maxAge: 60 },
      idTokenExpected: true,
    });
    expect(tokens.claims()).toMatchObject({ sub: 'ada', iss: provider.issuer, aud: provider.clientId });
    const info = await client.fetchUserInfo(configuration, tokens.access_token, 'ada');
    expect(info.email).toBe('ada@example.com');
    const fresh = await client.refreshTokenGrant(configuration, tokens.refresh_token!);
    // The old one a second time: somebody else has it, and nobody keeps what follows from it.
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(client.refreshTokenGrant(configuration, fresh.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await client.tokenRevocation(configuration, tokens.access_token);
  });
});

/** An authorization request that is right but for what a test changes. */
function authorizationUrl(change: Record<string, string> = {}, at: TestProvider = provider): string {
  const params = new URLSearchParams({
    ...{
      client_id: at.clientId,
      redirect_uri: 'http://localhost:3000/oauth/callback',
      response_type: 'code',
    },
    ...{ scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', ...change },
  });
  return `${at.issuer}/authorize?${params}`;
}

function newCode(): { code: string; verifier: string } {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const { url } = provider.signIn(authorizationUrl({ code_challenge: challenge }));
  return { code: new URL(url).searchParams.get('code')!, verifier };
}

function redeem(params: Record<string, string>): Promise<Response> {
  const { clientId, clientSecret, issuer } = provider;
  const body = new URLSearchParams({
    ...{ grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret },
    ...{ redirect_uri: 'http://localhost:3000/oauth/callback', ...params },
  });
  return fetch(`${issuer}/token`, { method: 'POST', body });
}
