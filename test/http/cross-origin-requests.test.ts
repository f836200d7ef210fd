import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { requireAuth } from 'express-connect-auth';
import { startApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import type { BrowserClient, RequestHeaders } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { exchange } from '../support/http-exchange.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startOther = useApps();

/** A page of a sibling: browsers send it our cookie, which is SameSite=Lax. */
const SIBLING = { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' };
const BARE = { 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined, 'sec-fetch-site': undefined };

/** What handlers behind the middleware have done. */
const done: string[] = [];
const options: TestAppOptions = {
  op,
  trustedOrigins: ['https://admin.example.com'],
  crossOriginRoutes: ['/notice', '/hooks/*', '/guarded'],
  handlers: (server: Express) => {
    server.post('/guarded', requireAuth, (_req, res) => void res.json('guarded'));
    server.use((req, res, next) => {
      if (req.method === 'GET') return next();
      done.push(`${req.method} ${req.path}`);
      res.json(req.auth.isAuthenticated);
    });
  },
};

describe('an unsafe request to a route that nobody guards', () => {
  let app: TestApp;
  let browser: BrowserClient;
  let cookie: string;

  beforeAll(async () => {
    app = await startApp(options);
    browser = app.browser();
    await app.logIn(browser);
    cookie = `session=${browser.jar.get('session')!.value}`;
  });
  afterAll(() => app.close());
  beforeEach(() => {
    done.length = 0;
    app.errors.length = 0;
  });
  const send = (path: string, headers: RequestHeaders, method = 'POST') =>
    browser.request(method, path, { headers: { cookie, ...headers } });

  it.each<[string, RequestHeaders]>([
    ['another origin of the site', SIBLING],
    ['another site, in a browser that sends it all the same', { ...SIBLING, 'sec-fetch-site': 'cross-site' }],
    ['another origin, in an old browser', { ...BARE, origin: 'https://other.example.com' }],
    ['a page that hides its origin, in an old browser', { ...BARE, origin: 'null' }],
    ['a page that only its referrer tells of', { ...BARE, referer: 'https://other.example.com/' }],
  ])('is refused when it brings our cookie from %s (R-92, R-120, R-135)', async (_, headers) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect([method, (await send('/orders', headers, method)).status]).toEqual([method, 403]);
    }
    expect(done).toEqual([]);
    const [told] = app.errors;
    expect([told?.error.code, told?.during]).toEqual(['cross_origin_request', 'guard']);
    expect(told?.error.message).toMatch(/trustedOrigins.+crossOriginRoutes/);
  });

  it.each<[string, RequestHeaders]>([
    ['our own page', { 'sec-fetch-site': 'same-origin' }],
    ['the address bar', {}],
    ['a client that is no browser', BARE],
    ['an origin that is trusted', { ...SIBLING, origin: 'https://admin.example.com' }],
  ])('is let through from %s (R-92, R-135)', async (_, headers) => {
    expect(await (await send('/orders', headers)).json()).toBe(true);
  });

  it.each([
    'theme=dark',
    `session=s:${'x'.repeat(43)}.forged`,
  ])('is let through with %s instead of our cookie: nothing is done in anybody’s name (R-92)', async (other) => {
    expect(await (await send('/orders', { ...SIBLING, cookie: other })).json()).toBe(false);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('is no %s, which only reads (R-135)', async (method) => {
    expect((await send('/', SIBLING, method)).status).toBe(200);
  });

  it.each([
    '/notice',
    '/hooks/pay',
    '/hooks/a/b',
    '/hooks/..a',
  ])('is let through to %s, which crossOriginRoutes lists', async (path) => {
    expect((await send(path, SIBLING)).status).toBe(200);
    expect(done).toEqual([`POST ${path}`]);
  });

  it.each([
    '/notice/',
    '/noticed',
    '/hooks',
    '/hooksmith/pay',
    '/hooks/../orders',
    '/hooks/./orders',
    '/hooks/..',
    '/hooks/%2e%2E/orders',
    '/hooks/..%2forders',
    '/hooks/..%5corders',
    '/hooks//orders',
    '/orders?/hooks/',
  ])('is refused at %s, which only looks like a route that is listed', async (target) => {
    const answer = await exchange({
      method: 'POST',
      url: app.origin,
      target,
      headers: { ...SIBLING, cookie },
    });
    expect(answer.status).toBe(403);
    expect(done).toEqual([]);
  });

  it('is refused by a guard even where it is listed', async () => {
    expect((await send('/guarded', SIBLING)).status).toBe(403);
    expect((await send('/guarded', { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('has no say over our own routes, which have rules of their own (R-73)', async () => {
    const answer = await send('/logout', SIBLING);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Sign out?')]);
    expect(await (await browser.get('/')).json()).toMatchObject({ user: { sub: 'ada' } });
  });

  it('keeps no session alive when it is refused', async () => {
    const clock = createTestClock();
    const session = { idleTimeoutSeconds: 1000 };
    const other = await startOther({ ...options, session, now: clock.now });
    const idle = other.browser();
    await other.logIn(idle);
    clock.advance(900_000);
    expect((await idle.post('/orders', {}, SIBLING)).status).toBe(403);
    clock.advance(200_000);
    expect(await (await idle.post('/orders')).json()).toBe(false);
  });
});

describe('crossOriginRoutes', () => {
  it.each([
    'hooks',
    '/*',
    '/hooks*',
    '/a/*/b',
    '/a?b',
  ])('refuses %s, and says what it must be', async (path) => {
    await expect(startApp({ ...options, crossOriginRoutes: [path] })).rejects.toThrow(
      /^connectAuth\(\): crossOriginRoutes\[0\] must be a path/,
    );
  });
});
