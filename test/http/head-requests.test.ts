import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

const FRAMED = `/oauth/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: 'session-1' })}`;

describe('a question for the headers (N-32)', () => {
  it.each([
    '/signed-out',
    '/signed-out?state=x',
    '/login',
    '/login?display=popup',
    '/logout',
    '/oauth/callback?code=x&state=y',
    FRAMED,
  ])('is answered where there is a page: %s', async (path) => {
    const app = await start({ op });
    const browser = app.browser();
    const answer = await browser.request('HEAD', path);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(answer.headers.get('location')).toBeNull();
    expect(browser.jar.all()).toEqual([]);
    expect([op.requests(), app.errors, app.logins]).toEqual([[], [], []]);
  });

  it.each(['/logout', FRAMED])('ends no session at %s', async (path) => {
    op.script({ claims: (claims) => ({ ...claims, sid: 'session-1' }) });
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await browser.request('HEAD', path, { headers: { 'sec-fetch-site': 'same-origin' } });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect([await whoIs(browser), app.logouts]).toEqual(['ada', []]);
    // The same by GET does.
    await browser.get(path, { 'sec-fetch-site': 'same-origin' });
    expect(await whoIs(browser)).toBeNull();
  });

  it('finishes no login, and spoils none', async () => {
    const app = await start({ op });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href);
    const { pathname, search } = new URL(callback.url);
    expect((await browser.request('HEAD', pathname + search)).status).toBe(200);
    expect(op.requests('token')).toEqual([]);
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('leaves the way back from a logout to the page itself', async () => {
    const app = await start({
      op,
      handlers: (server) => void server.get('/out', (req) => req.auth.logout({ returnTo: '/bye' })),
    });
    const browser = app.browser();
    await app.logIn(browser);
    const { searchParams } = new URL((await browser.get('/out')).headers.get('location')!);
    const back = `/signed-out?${new URLSearchParams({ state: searchParams.get('state')! })}`;
    expect((await browser.request('HEAD', back)).status).toBe(200);
    expect((await browser.get(back)).headers.get('location')).toBe('/bye');
  });

  it('is refused where there is no page', async () => {
    const app = await start({ op, routes: { login: false } });
    const answer = await app.browser().request('HEAD', '/oauth/backchannel-logout');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await app.browser().request('HEAD', '/login')).status).toBe(404);
  });

  it('is promised where another method is refused', async () => {
    const app = await start({ op });
    for (const [path, allowed] of [
      ['/signed-out', 'GET, HEAD'],
      ['/oauth/callback', 'GET, HEAD, POST'],
    ] as const) {
      const answer = await app.browser().request('DELETE', path);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });
});
