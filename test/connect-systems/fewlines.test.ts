import { describe, expect, it } from '@jest/globals';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { atFewlines, clients } from '../support/connect-systems.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createFewlinesEmulator);

describe.each(['redis', 'memory'] as const)('a login at Fewlines, with sessions in %s', (kind) => {
  it('leads from a guarded page to the person, renews tokens and ends here', async () => {
    const { emulator, clock } = bed;
    const redis = kind === 'redis' ? bed.redis.url : 'memory';
    const app = await bed.start(atFewlines(emulator), { redis });
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/me?tab=2' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    const { sub } = emulator.settings.user;
    expect(await (await browser.get('/me')).json()).toEqual({ sub });

    const { refreshCalls } = emulator.counters;
    const first = await ask(browser, '/token');
    expect(first.token).toBe(emulator.issued.accessTokens.at(-1));
    clock.advance(3_600_000);
    const second = await ask(browser, '/token');
    expect(second.token).not.toBe(first.token);
    expect(second.token).toBe(emulator.issued.accessTokens.at(-1));
    expect(emulator.counters.refreshCalls).toBe(refreshCalls + 1);
    expect(await userOf(browser)).toEqual({ sub });

    const out = await browser.post('/logout');
    expect(out.status).toBe(303);
    expect(out.headers.get('location')).toBe('/');
    expect((await browser.get('/me')).status).toBe(302);
    expect(app.errors).toEqual([]);
  });
});

describe('a login at Fewlines', () => {
  it('asks exactly what the guide lists', async () => {
    const app = await bed.start(atFewlines(bed.emulator, { options: { pkce: false } }));
    const redirect = await app.browser().get('/login');
    const url = new URL(redirect.headers.get('location')!);
    expect(`${url.origin}${url.pathname}`).toBe(`${bed.emulator.origin}/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clients.fewlines.clientId,
      response_type: 'code',
      redirect_uri: `${app.origin}/oauth/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it.each([
    ['body', 'body'],
    ['basic', 'basic'],
  ] as const)('proves the client by its secret in the %s', async (auth, clientAuthentication) => {
    bed.emulator.set({ auth });
    const app = await bed.start(atFewlines(bed.emulator, { options: { clientAuthentication } }));
    const browser = app.browser();
    await app.logIn(browser);
    expect(await userOf(browser)).toEqual({ sub: bed.emulator.settings.user.sub });
  });

  it('takes the claims of an ID token, when one comes', async () => {
    bed.emulator.set({ tokenAnswer: 'full' });
    const app = await bed.start(atFewlines(bed.emulator, { options: { scope: 'openid email' } }));
    const browser = app.browser();
    await app.logIn(browser);
    const { sub, email } = bed.emulator.settings.user;
    expect(await userOf(browser)).toEqual({ sub, email, email_verified: true });
  });

  it('keeps those claims through a refresh, which brings none (Q16)', async () => {
    bed.emulator.set({ tokenAnswer: 'full' });
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const before = await userOf(browser);
    expect(before).toMatchObject({ name: 'Kari Nordmann' });
    bed.clock.advance(3_600_000);
    expect((await ask(browser, '/token')).status).toBe(200);
    expect(await userOf(browser)).toEqual(before);
  });

  it('asks userinfo for the rest when told to', async () => {
    const app = await bed.start(atFewlines(bed.emulator, { options: { userinfoAtLogin: true } }));
    const browser = app.browser();
    await app.logIn(browser);
    const { sub, name } = bed.emulator.settings.user;
    expect(await userOf(browser)).toMatchObject({ sub, name });
    expect(await ask(browser, '/userinfo')).toMatchObject({ status: 200, sub, name });
  });

  it('ends when its one-time refresh token was used elsewhere', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const { clientId, clientSecret } = clients.fewlines;
    const params = { client_id: clientId, client_secret: clientSecret, grant_type: 'refresh_token' };
    const body = new URLSearchParams({ ...params, refresh_token: bed.emulator.issued.refreshTokens.at(-1)! });
    await fetch(bed.emulator.url('/oauth/token'), { method: 'POST', body });

    bed.clock.advance(3_600_000);
    expect(await ask(browser, '/token')).toMatchObject({ status: 401, error: 'login_required' });
    expect(await userOf(browser)).toBeNull();
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused' }]);
  });

  it('refreshes with the scopes it was granted, whatever a newer release asks for', async () => {
    bed.emulator.set({ tokenAnswer: 'full' });
    const start = (scope: string) =>
      bed.start(atFewlines(bed.emulator, { options: { scope } }), { application: 'in two releases' });
    const before = await start('openid email');
    const browser = before.browser();
    await before.logIn(browser);

    const after = await start('openid email phone');
    bed.clock.advance(3_600_000);
    expect(await ask(after.browser(browser.jar), '/token')).toMatchObject({ status: 200 });
  });

  it('does not use an access token beyond the end that stands in it', async () => {
    bed.emulator.set({ accessTokenSeconds: 600 });
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser, '/token');
    bed.clock.advance(600_000);
    expect((await ask(browser, '/token')).token).not.toBe(token);
  });

  it('ends here alone: nothing is revoked where nothing can be', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const before = bed.emulator.requests.length;
    expect((await browser.post('/logout')).headers.get('location')).toBe('/');
    expect(bed.emulator.requests).toHaveLength(before);
  });

  it('is never silent: prompt=none is a clear error and no request', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    expect(await ask(app.browser(), '/silent')).toMatchObject({ status: 501, error: 'provider_unsupported' });
  });

  it('shows people nothing of error_description', async () => {
    bed.emulator.set({ decision: 'cancel' });
    const app = await bed.start(atFewlines(bed.emulator));
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('the person cancelled');
    expect(app.errors[0]?.error).toMatchObject({ code: 'login_denied', oauthError: 'access_denied' });
  });
});
