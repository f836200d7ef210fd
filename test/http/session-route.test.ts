import { describe, expect, it } from '@jest/globals';
import type { SessionAnswer } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient, RequestHeaders } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const HOUR = 3600;

async function start(options: Partial<TestAppOptions> = {}) {
  const clock = createTestClock();
  const session = { idleTimeoutSeconds: HOUR, absoluteTimeoutSeconds: 8 * HOUR, ...options.session };
  const routes = { session: '/auth/session', ...options.routes };
  const app = await startApp({ op, redis: redis.url, now: clock.now, ...options, session, routes });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser, clock };
}

async function ask(browser: BrowserClient, query = '', headers: RequestHeaders = {}): Promise<SessionAnswer> {
  const answer = await browser.get(`/auth/session${query}`, { ...SCRIPT, ...headers });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(answer.headers.get('vary')).toContain('Cookie');
  return answer.json();
}

describe('routes.session', () => {
  it('is there only where it was asked for', async () => {
    const { browser } = await start({ routes: { session: false } });
    expect((await browser.get('/auth/session', SCRIPT)).status).toBe(404);
  });

  it.each(['session', 'keptForm'])('has no path that the cookie is not sent to: routes.%s', async (name) => {
    const routes = {
      login: '/shop/login',
      callback: '/shop/callback',
      logout: '/shop/logout',
      [name]: '/there',
    };
    await expect(startApp({ op, session: { cookiePath: '/shop' }, routes })).rejects.toThrow(
      `session.cookiePath must hold routes.${name}`,
    );
  });

  it('says who is logged in and for how long', async () => {
    const { browser, clock } = await start();
    clock.advance(600_000);
    expect(await ask(browser)).toEqual({
      user: { sub: 'ada', name: expect.any(String) },
      idleSeconds: HOUR - 600,
      absoluteSeconds: 8 * HOUR - 600,
      loginUrl: '/login',
      logoutUrl: '/logout',
    });
  });

  it('tells the fields that are chosen, and of those only what there is', async () => {
    const { browser } = await start({
      session: { userFields: ['id', 'toString', '__proto__', 'nothing'] },
      mapUser: ({ sub }) => ({ sub, id: 7 }) as { sub: string },
    });
    expect((await ask(browser)).user).toEqual({ id: 7 });
  });

  it('says by 200 that nobody is there, to a stranger and after a logout', async () => {
    const { app, browser } = await start();
    const nobody = {
      user: null,
      idleSeconds: 0,
      absoluteSeconds: 0,
      loginUrl: '/login',
      logoutUrl: '/logout',
    };
    expect(await ask(app.browser())).toEqual(nobody);
    await browser.post('/logout');
    expect(await ask(browser)).toEqual(nobody);
  });

  it('leaves out the addresses of routes that are off', async () => {
    const { browser } = await start({ routes: { logout: false } });
    expect(await ask(browser)).not.toHaveProperty('logoutUrl');
  });

  it('keeps no session alive, however often it is asked', async () => {
    const { app, browser, clock } = await start();
    for (let minutes = 0; minutes < 60; minutes += 20) {
      expect((await ask(browser)).idleSeconds).toBe(HOUR - minutes * 60);
      clock.advance(1_200_000);
    }
    clock.advance(1000);
    expect((await ask(browser)).user).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });

  it('keeps it alive with ?slide=true, but not beyond its end', async () => {
    const { browser, clock } = await start({ session: { absoluteTimeoutSeconds: 2 * HOUR } });
    for (let minutes = 0; minutes < 120; minutes += 40) {
      const { idleSeconds, absoluteSeconds } = await ask(browser, '?slide=true');
      expect([idleSeconds, absoluteSeconds]).toEqual([HOUR, 2 * HOUR - minutes * 60]);
      clock.advance(2_400_000);
    }
    expect((await ask(browser, '?slide=true')).user).toBeNull();
  });

  it.each(['?slide=false', '?slide', '?slide=1', '?Slide=true'])('does not with %s', async (query) => {
    const { browser, clock } = await start();
    clock.advance(600_000);
    await ask(browser, query);
    expect((await ask(browser)).idleSeconds).toBe(HOUR - 600);
  });

  it('leads back to the page that asks, by its word or by the referrer', async () => {
    const { app, browser } = await start();
    const addresses = async (query: string, referer?: string) => {
      const { loginUrl, logoutUrl } = await ask(browser, query, referer ? { referer } : {});
      const back = (url?: string) => new URL(url!, app.origin).searchParams.get('returnTo');
      return [back(loginUrl), back(logoutUrl)];
    };
    const page = '/orders?page=2#last';
    expect(await addresses(`?returnTo=${encodeURIComponent(page)}`)).toEqual([page, page]);
    expect(await addresses('', `${app.origin}/orders?page=2`)).toEqual(['/orders?page=2', '/orders?page=2']);
    expect(await addresses('?returnTo=/a', `${app.origin}/b`)).toEqual(['/a', '/a']);
    for (const evil of ['https://evil.example/', '//evil.example', '/\\evil.example', '/login', '/logout'])
      expect(await addresses(`?returnTo=${encodeURIComponent(evil)}`, evil)).toEqual([null, null]);
  });

  it('has addresses that do lead back', async () => {
    const { app, browser } = await start();
    const { loginUrl, logoutUrl } = await ask(browser, '?returnTo=/bye?a=1');
    const answer = await browser.get(logoutUrl!, { 'sec-fetch-site': 'same-origin' });
    const atProvider = new URL(answer.headers.get('location')!);
    expect(atProvider.origin).toBe(op.origin);
    const state = atProvider.searchParams.get('state');
    const returned = await browser.get(`/signed-out?state=${state}`, { 'sec-fetch-site': 'cross-site' });
    expect(returned.headers.get('location')).toBe('/bye?a=1');
    expect((await app.logIn(browser, { path: loginUrl! })).headers.get('location')).toBe('/bye?a=1');
  });

  it('has a logout address that keeps the way back through the page that asks', async () => {
    const { browser } = await start();
    const { logoutUrl } = await ask(browser, '?returnTo=/bye');
    const page = await (await browser.get(logoutUrl!)).text();
    expect(page).toContain('action="/logout?returnTo=%2Fbye"');
    expect(page).toContain('href="/bye"');
  });

  it('is read by GET alone, and asks Redis once', async () => {
    const { browser } = await start();
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await browser.request(method, '/auth/session')).status).toBe(405);
    await redis.resetCommandCounts();
    await ask(browser);
    expect(await redis.commandCounts()).toEqual({ mget: 1 });
  });

  it('answers 503 in JSON while the store is away: nobody knows who is there', async () => {
    const proxy = await startTcpFaultProxy({ port: Number(new URL(redis.url).port) });
    const { browser } = await start({ redis: proxy.url, storeTimeoutMs: 200 });
    await proxy.refuse();
    const answer = await browser.get('/auth/session', SCRIPT);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: 'store_unavailable', reference: expect.any(String) },
    ]);
    expect(answer.headers.has('retry-after')).toBe(true);
    await proxy.close();
  });
});

describe('the loginUrl of a 401', () => {
  const refused = async (app: TestApp, headers: RequestHeaders, method = 'GET') => {
    const answer = await app
      .browser()
      .request(method, '/api/me?secret=1', { headers: { ...SCRIPT, ...headers } });
    expect(answer.status).toBe(401);
    return (await answer.json()).loginUrl;
  };

  it('leads back to where the person is, not to the API (R-97)', async () => {
    const { app } = await start();
    const referer = `${app.origin}/orders?page=2`;
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(await refused(app, { referer }, method)).toBe('/login?returnTo=%2Forders%3Fpage%3D2');
    const loginUrl = await refused(app, { referer });
    expect((await app.logIn(app.browser(), { path: loginUrl })).headers.get('location')).toBe(
      '/orders?page=2',
    );
  });

  it.each([
    undefined,
    'https://evil.example/orders',
    'about:blank',
    'not an address',
  ])('leads home where the browser says %s', async (referer) => {
    const { app } = await start();
    expect(await refused(app, { referer })).toBe('/login');
  });

  it('is that of a form’s page, too', async () => {
    const { app } = await start();
    const headers = { referer: `${app.origin}/order/7` };
    const page = await (await app.browser().post('/api/me', { a: '1' }, headers)).text();
    expect(page).toContain('href="/login?returnTo=%2Forder%2F7"');
  });
});
