import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const locationOf = (answer: Response) =>
  new URL(answer.headers.get('location') ?? '', 'http://nowhere.example');

describe('the way back from a logout', () => {
  const logOut = async (handlers = '/out') => {
    const app = await start({
      op,
      handlers: (server) => void server.get('/out', (req) => req.auth.logout({ returnTo: '/bye?a=b' })),
    });
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await browser.get(handlers, { 'sec-fetch-site': 'same-origin' });
    return { app, browser, location: locationOf(answer) };
  };

  it('leads to the page that was asked for, by an address that is registered (R-72, R-74)', async () => {
    const { app, browser, location } = await logOut();
    expect(location.searchParams.get('post_logout_redirect_uri')).toBe(`${app.origin}/signed-out`);
    const state = location.searchParams.get('state')!;
    const back = await browser.get(`/signed-out?${new URLSearchParams({ state })}`);
    expect([back.status, back.headers.get('location')]).toEqual([303, '/bye?a=b']);
    expect(browser.jar.all()).toEqual([]);
  });

  it.each([
    ['another state', '?state=another'],
    ['no state', ''],
    ['an empty state', '?state='],
    ['two states', '?state=a&state=b'],
    [
      'a return address of its own',
      '?state=x&returnTo=https://evil.example&post_logout_redirect_uri=//evil.example',
    ],
    ['an error', '?error=x&error_description=<script>'],
  ])('with %s shows a page, logs nobody in and leads nowhere (R-72, C-56, C-57)', async (_, query) => {
    const { browser } = await logOut();
    const back = await browser.get(`/signed-out${query}`);
    expect([back.status, back.headers.get('location')]).toEqual([200, null]);
    expect(await back.text()).not.toMatch(/evil|script>|bye/);
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get(`/signed-out${query}`)).status).toBe(200);
  });

  it.each([
    '//evil.example',
    '/.//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/logout',
    '%00',
    'x',
  ])('does not follow %j out of a cookie (R-72, R-74, R-121)', async (address) => {
    const { browser } = await logOut();
    const cookie = `session-logout=x.${encodeURIComponent(address)}`;
    const back = await browser.get('/signed-out?state=x', { cookie });
    expect([back.status, back.headers.get('location')]).toEqual([200, null]);
  });

  it('says so when somebody has logged in again meanwhile, and offers a logout', async () => {
    const { app, browser } = await logOut();
    await app.logIn(browser);
    const page = await (await browser.get('/signed-out')).text();
    expect(page).toContain('You are signed in');
    expect(page).toContain('<a href="/logout">Sign out</a>');
    expect(await whoIs(browser)).toBe('ada');
  });

  it('offers no logout where there is no route for one, nor to whom nothing is left to end', async () => {
    const app = await start({ op, routes: { logout: false } });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/signed-out')).text()).not.toContain('Sign out');
    const { browser: other } = await logOut();
    expect(await (await other.get('/signed-out')).text()).not.toContain('Sign out');
  });

  it('says nothing of a session that cannot be read (F-79)', async () => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const away = { redis: 'redis://127.0.0.1:1', storeTimeoutMs: 50 };
    const other = await start({ op, baseUrl: app.origin, ...away });
    expect((await other.browser(browser.jar).get('/signed-out')).status).toBe(503);
  });

  it('leads home with whatever state, where home is all that was asked for (R-72)', async () => {
    const { browser } = await logOut('/logout');
    for (const query of ['', '?state=another']) expect((await browser.get(`/${query}`)).status).toBe(200);
    expect(await whoIs(browser)).toBeNull();
  });
});
