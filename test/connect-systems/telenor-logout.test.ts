import { describe, expect, it } from '@jest/globals';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import { atTelenor, clients } from '../support/connect-systems.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createTelenorEmulator);

/** Path and, where there is one, the token that each request since then spoke of. */
function callsSince(count: number) {
  return bed.emulator.requests.slice(count).map(({ path, form, headers }) => {
    const token = form.get('token') ?? form.get('refresh_token') ?? headers.authorization?.split(' ')[1];
    return [path, token];
  });
}

const lastOf = (tokens: readonly string[]) => tokens.at(-1)!;

describe('a logout of a single sign-on client at Telenor, by the browser', () => {
  it('ends the session here and at Telenor, and comes back', async () => {
    const { emulator } = bed;
    const options = { singleSignOnLogout: 'browser' } as const;
    const app = await bed.start(atTelenor(emulator, { options, client: { sso: true } }));
    const browser = app.browser();
    const jar = createCookieJar();
    await app.logIn(browser, { jar });
    const { refreshTokens, accessTokens } = emulator.issued;

    const before = emulator.requests.length;
    const out = await browser.post('/logout');
    expect(out.status).toBe(303);
    const target = new URL(out.headers.get('location')!);
    expect(target.origin + target.pathname).toBe(`${emulator.issuer}/logout`);
    expect(Object.fromEntries(target.searchParams)).toEqual({
      client_id: clients.telenor.clientId,
      post_logout_redirect_uri: `${app.origin}/`,
    });
    expect(callsSince(before)).toEqual([
      ['/oauth/revoke', lastOf(refreshTokens)],
      ['/oauth/revoke', lastOf(accessTokens)],
    ]);

    const cookie = jar.header(target)!;
    const back = await fetch(target, { headers: { cookie }, redirect: 'manual' });
    expect(back.status).toBe(302);
    const returned = new URL(back.headers.get('location')!);
    expect(returned.searchParams.get('state')).toBe(target.searchParams.get('state'));
    const home = await browser.deliver({ method: 'GET', url: returned.href });
    expect(home.status).toBe(200);
    expect(await home.json()).toEqual({ user: null });

    await app.logIn(browser, { path: '/silent', jar });
    expect(emulator.deliveries.at(-1)?.parameters.error).toBe('login_required');
    expect(await userOf(browser)).toBeNull();
  });

  it('goes there also when the revocation fails', async () => {
    const { emulator } = bed;
    const options = { singleSignOnLogout: 'browser' } as const;
    const app = await bed.start(atTelenor(emulator, { options, client: { sso: true } }));
    const browser = app.browser();
    await app.logIn(browser);
    emulator.faults.next('server-error', { path: '/oauth/revoke', times: 2 });
    const out = await browser.post('/logout');
    expect(out.headers.get('location')).toContain(`${emulator.issuer}/logout?`);
    expect(await userOf(browser)).toBeNull();
    expect(app.errors).toMatchObject([{ error: { code: 'provider_unavailable' }, during: 'logout' }]);
  });
});

describe('a logout of a single sign-on client at Telenor, by a call', () => {
  const options = { singleSignOnLogout: 'api' } as const;
  const sso = { options, client: { sso: true } };

  it('is called with the access token, before it is revoked', async () => {
    const { emulator } = bed;
    const app = await bed.start(atTelenor(emulator, sso));
    const browser = app.browser();
    const jar = createCookieJar();
    await app.logIn(browser, { jar });
    const accessToken = lastOf(emulator.issued.accessTokens);
    const refreshToken = lastOf(emulator.issued.refreshTokens);

    const before = emulator.requests.length;
    const out = await browser.post('/logout');
    expect(out.headers.get('location')).toBe('/');
    expect(callsSince(before)).toEqual([
      ['/oauth/logout', accessToken],
      ['/oauth/revoke', refreshToken],
      ['/oauth/revoke', accessToken],
    ]);
    expect(emulator.requests[before]).toMatchObject({ method: 'POST', body: '', status: 200 });
    expect(app.errors).toEqual([]);
    await app.logIn(browser, { path: '/silent', jar });
    expect(emulator.deliveries.at(-1)?.parameters.error).toBe('login_required');
    expect(await userOf(browser)).toBeNull();
  });

  it('pressed twice at once is called and told once, and the second is quiet (N-24)', async () => {
    const { emulator } = bed;
    const app = await bed.start(atTelenor(emulator, sso));
    const other = await bed.start(atTelenor(emulator, sso), { baseUrl: app.origin });
    const browser = app.browser();
    await app.logIn(browser);
    const before = emulator.requests.length;
    const press = (at: typeof app) =>
      at.browser(browser.jar.clone()).post('/logout', {}, { origin: app.origin });
    const outs = await Promise.all([press(app), press(app), press(other)]);
    for (const out of outs) expect([out.status, out.headers.get('location')]).toEqual([303, '/']);
    const calls = callsSince(before).filter(([path]) => path === '/oauth/logout');
    expect(calls).toHaveLength(1);
    expect([...app.logouts, ...other.logouts].map(({ reason }) => reason)).toEqual(['logout']);
    expect([...app.errors, ...other.errors]).toEqual([]);
  });

  it('refreshes a stale access token first, and revokes the new ones', async () => {
    const { emulator, clock } = bed;
    const app = await bed.start(atTelenor(emulator, sso));
    const browser = app.browser();
    await app.logIn(browser);
    const stale = lastOf(emulator.issued.refreshTokens);
    clock.advance(3_600_000);

    const before = emulator.requests.length;
    await browser.post('/logout');
    expect(callsSince(before)).toEqual([
      ['/oauth/token', stale],
      ['/oauth/logout', lastOf(emulator.issued.accessTokens)],
      ['/oauth/revoke', lastOf(emulator.issued.refreshTokens)],
      ['/oauth/revoke', lastOf(emulator.issued.accessTokens)],
    ]);
    expect(app.errors).toEqual([]);
  });

  it.each([
    ['fresh', 0],
    ['refreshed', 3_600_000],
  ])('ends here when it fails there, says so, and revokes tokens that are %s', async (_age, ms) => {
    const { emulator, clock } = bed;
    const app = await bed.start(atTelenor(emulator, sso));
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(ms);
    emulator.faults.next('server-error', { path: '/oauth/logout' });

    const before = emulator.requests.length;
    const out = await browser.post('/logout');
    expect(out.status).toBe(200);
    expect(await out.text()).toContain('you may still be signed in there');
    expect(await userOf(browser)).toBeNull();
    expect(callsSince(before).slice(-2)).toEqual([
      ['/oauth/revoke', lastOf(emulator.issued.refreshTokens)],
      ['/oauth/revoke', lastOf(emulator.issued.accessTokens)],
    ]);
    expect(app.errors).toMatchObject([{ error: { code: 'provider_unavailable' }, during: 'logout' }]);
  });

  it('says so when the provider refuses it', async () => {
    const app = await bed.start(atTelenor(bed.emulator, { options }));
    const browser = app.browser();
    await app.logIn(browser);
    const out = await browser.post('/logout');
    expect(await out.text()).toContain('you may still be signed in there');
    expect(app.errors).toMatchObject([{ error: { code: 'provider_refused' } }]);
  });

  it('ends here when the refresh before it fails', async () => {
    const { emulator, clock } = bed;
    const app = await bed.start(atTelenor(emulator, sso));
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(3_600_000);
    emulator.faults.next('reset');
    const out = await browser.post('/logout');
    expect(out.status).toBe(200);
    expect(await userOf(browser)).toBeNull();
    expect(app.errors).toMatchObject([{ error: { code: 'provider_unavailable' } }]);
  });
});

describe('a logout that Telenor announces', () => {
  it('ends the session of that person here', async () => {
    const { emulator } = bed;
    let baseUrl = '';
    const app = await bed.start((origin) => {
      baseUrl = origin;
      const backChannelLogoutUri = `${origin}/oauth/backchannel-logout`;
      return atTelenor(emulator, { client: { backChannelLogoutUri } })(origin);
    });
    const browser = app.browser();
    await app.logIn(browser);
    bed.clock.advance(1000);
    const { clientId } = clients.telenor;
    const { sub } = emulator.settings.user;
    const answer = await emulator.sendLogoutToken(clientId, emulator.createLogoutToken({ clientId, sub }));
    expect([baseUrl, answer.status]).toEqual([app.origin, 200]);
    expect(await userOf(browser)).toBeNull();
    expect(app.logouts).toMatchObject([{ sub }]);
  });
});
