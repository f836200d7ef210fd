import { describe, expect, it } from '@jest/globals';
import { createDidEmulator } from '../emulators/did.ts';
import type { Callback } from '../support/browser-client.ts';
import { atDid, clients } from '../support/connect-systems.ts';
import { beginLogin, lookAt, refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createDidEmulator);

/** The person as our client knows them: by a name of its own. */
function person() {
  const { sub, email, emailVerified } = bed.emulator.settings.user;
  return {
    sub: bed.emulator.pairwiseSub(sub, clients.did.clientId),
    email,
    email_verified: emailVerified,
  };
}

describe.each(['redis', 'memory'] as const)('a login at DID.app, with sessions in %s', (kind) => {
  it('leads from a guarded page to the person by a form, and ends here', async () => {
    const { emulator, clock } = bed;
    const redis = kind === 'redis' ? bed.redis.url : 'memory';
    const app = await bed.start(atDid(emulator), { redis });
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/me?tab=2' });
    expect(emulator.deliveries.at(-1)?.mode).toBe('form_post');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    expect(await (await browser.get('/me')).json()).toEqual(person());
    expect(await ask(browser, '/userinfo')).toEqual({ status: 200, ...person() });

    const { token } = await ask(browser, '/token');
    expect(token).toBe(emulator.issued.accessTokens.at(-1));
    // Nobody said when it ends, and there is none to renew it with. The session is ours, and goes on.
    clock.advance(3_600_000);
    expect(await ask(browser, '/token')).toMatchObject({ status: 401, error: 'token_expired' });
    expect(await userOf(browser)).toEqual(person());

    const before = emulator.requests.length;
    expect((await browser.post('/logout')).headers.get('location')).toBe('/');
    expect((await browser.get('/me')).status).toBe(302);
    expect(emulator.requests).toHaveLength(before);
    expect(app.errors).toEqual([]);
  });
});

describe('a login at DID.app', () => {
  it('asks exactly what the guide lists (Q11)', async () => {
    const app = await bed.start(atDid(bed.emulator));
    const url = await beginLogin(app.browser());
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clients.did.clientId,
      redirect_uri: `${app.origin}/oauth/callback`,
      response_mode: 'form_post',
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('asks as the official samples do, when told to', async () => {
    const options = { authorizationRequest: 'standard' } as const;
    const app = await bed.start(atDid(bed.emulator, { options }));
    const browser = app.browser();
    const url = await beginLogin(browser);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ response_type: 'code', scope: 'openid' });
    await app.logIn(browser);
    expect(await userOf(browser)).toEqual(person());
  });

  it('comes back in the query, when told to', async () => {
    const app = await bed.start(atDid(bed.emulator, { options: { responseMode: 'query' } }));
    const browser = app.browser();
    await app.logIn(browser);
    expect(bed.emulator.deliveries.at(-1)?.mode).toBe('query');
    expect(await userOf(browser)).toEqual(person());
  });

  it('crosses sites with a cookie for that login alone; the session stays Lax (Q12)', async () => {
    const app = await bed.start(atDid(bed.emulator));
    const browser = app.browser();
    await beginLogin(browser);
    expect(browser.jar.all()).toMatchObject([{ sameSite: 'none', secure: true, httpOnly: true }]);
    await app.logIn(browser);
    expect(browser.jar.get('session')).toMatchObject({ sameSite: 'lax', httpOnly: true });
  });

  it('proves a public client by PKCE, whose method is called sha256 (Q13)', async () => {
    const change = { clientSecret: undefined };
    const app = await bed.start(atDid(bed.emulator, { options: change, client: change }));
    const browser = app.browser();
    const url = await beginLogin(browser);
    expect(url.searchParams.get('code_challenge_method')).toBe('sha256');
    await app.logIn(browser);
    expect(await userOf(browser)).toEqual(person());
    const form = bed.emulator.requests.filter(({ path }) => path === '/oidc/token').at(-1)!.form;
    expect([form.has('code_verifier'), form.has('client_secret')]).toEqual([true, false]);
  });

  it('opens the sign-up page for /login?prompt=create, if the application lets requests ask for it', async () => {
    const { pagesShown } = bed.emulator;
    const open = await bed.start(atDid(bed.emulator), { loginParameters: { prompt: ['create'] } });
    const browser = open.browser();
    await open.logIn(browser, { path: '/login?prompt=create' });
    expect(pagesShown.at(-1)).toBe('sign-up');
    expect(await userOf(browser)).toEqual(person());
    await open.logIn(open.browser(), { path: '/login?prompt=consent' });
    expect(pagesShown.at(-1)).toBe('sign-in');

    const closed = await bed.start(atDid(bed.emulator));
    await closed.logIn(closed.browser(), { path: '/login?prompt=create' });
    expect(pagesShown.at(-1)).toBe('sign-in');
  });

  it.each([
    ['by a handler', '/silent', {}],
    ['by a request', '/login?prompt=none', {}],
    ['by the options', '/login', { authorizationParams: { prompt: 'none' } }],
  ])('is never silent: prompt=none %s is a clear error (Q23)', async (_by, path, options) => {
    const preset = atDid(bed.emulator, { options });
    const app = await bed.start(preset, { loginParameters: { prompt: ['none'] } });
    const { authorizeCalls } = bed.emulator.counters;
    const browser = app.browser();
    const answer = await browser.get(path);
    expect(answer.status).toBe(501);
    expect(answer.headers.get('location')).toBeNull();
    expect(bed.emulator.counters.authorizeCalls).toBe(authorizeCalls);
    expect(browser.jar.all()).toEqual([]);
  });

  it('reads the error object of the API (Q14)', async () => {
    const app = await bed.start(atDid(bed.emulator, { options: { clientSecret: 'a wrong secret' } }));
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('Token declined');
    expect(app.errors[0]?.error).toMatchObject({ code: 'provider_refused', oauthError: 'token_declined' });
  });

  it('tells of a cancelled login, which comes by a form too', async () => {
    bed.emulator.set({ decision: 'cancel' });
    const app = await bed.start(atDid(bed.emulator));
    expect(await tryLogin(app)).toEqual(refused('login_denied', 403));
    expect(app.errors[0]?.error).toMatchObject({ oauthError: 'access_denied' });
  });
});

describe('who logged in at DID.app', () => {
  /** Changes what the token endpoint answers. */
  const rewrite = (change: (answer: Record<string, unknown>) => Record<string, unknown>) =>
    bed.emulator.set({
      beforeTokenAnswer: ({ answer }) => {
        answer.body = JSON.stringify(change(JSON.parse(answer.body)));
      },
    });

  it('is said by the ID token; userinfo beside it only adds', async () => {
    rewrite(({ userinfo, ...rest }) => ({
      ...rest,
      userinfo: { ...(userinfo as object), email: 'forged@example.com', nickname: 'K' },
    }));
    const app = await bed.start(atDid(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    expect(await userOf(browser)).toEqual({ ...person(), nickname: 'K' });
  });

  it('is known without userinfo, and is nobody without an ID token', async () => {
    const app = await bed.start(atDid(bed.emulator));
    rewrite(({ userinfo: _, ...rest }) => rest);
    expect((await tryLogin(app)).user).toBe(person().sub);
    rewrite(({ id_token: _, ...rest }) => rest);
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it.each([
    ['null', null],
    ['a list', [{ sub: 'kari' }]],
    ['a text', 'kari'],
    ['of nobody', { email: 'kari@example.com' }],
  ])('is not believed when userinfo is %s', async (_what, userinfo) => {
    rewrite((answer) => ({ ...answer, userinfo }));
    expect(await tryLogin(await bed.start(atDid(bed.emulator)))).toEqual(
      refused('provider_invalid_response'),
    );
  });
});

describe('an attack on a login at DID.app', () => {
  it.each(['userinfo-sub', 'foreign-aud'] as const)('%s is refused, and no token is used', async (attack) => {
    bed.emulator.set({ attack });
    const app = await bed.start(atDid(bed.emulator, { options: { userinfoAtLogin: true } }));
    const { userinfoCalls } = bed.emulator.counters;
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(bed.emulator.counters.userinfoCalls).toBe(userinfoCalls);
  });

  it('get-callback is refused before the code is used', async () => {
    bed.emulator.set({ attack: 'get-callback' });
    const app = await bed.start(atDid(bed.emulator));
    const { codeCalls } = bed.emulator.counters;
    expect(await tryLogin(app)).toEqual(refused('login_invalid', 400));
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);
  });

  it('replayed-form finds no login, neither in another browser nor in the one it was for', async () => {
    const app = await bed.start(atDid(bed.emulator));
    const [victim, other] = [app.browser(), app.browser()];
    await app.logIn(victim);
    await victim.post('/logout');
    const { codeCalls } = bed.emulator.counters;
    bed.emulator.set({ attack: 'replayed-form' });
    for (const browser of [victim, other]) {
      await app.logIn(browser);
      expect(await userOf(browser)).toBeNull();
    }
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);
  });

  it("a stranger's code, posted from any site to a browser that began no login, logs nobody in", async () => {
    const app = await bed.start(atDid(bed.emulator));
    const redirectUri = `${app.origin}/oauth/callback`;
    const code = bed.emulator.mintCode({ clientId: clients.did.clientId, redirectUri });
    const { codeCalls } = bed.emulator.counters;
    const form: Callback = {
      method: 'POST',
      url: redirectUri,
      body: new URLSearchParams({ code, state: 'a-state-of-the-attacker' }),
    };
    const browser = app.browser();
    await browser.deliver(form);
    expect(await userOf(browser)).toBeNull();
    expect(browser.jar.all()).toEqual([]);
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);

    const waiting = app.browser();
    await beginLogin(waiting);
    expect(await lookAt(app, waiting, await waiting.deliver(form))).toMatchObject({ user: undefined });
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);
  });
});
