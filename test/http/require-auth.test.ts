import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import express from 'express';
import { requireAuth } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient, RequestHeaders } from '../support/browser-client.ts';
import { listen } from '../support/listen.ts';

// A cookie path of one's own is warned of: that is shown in options/cookie-name.test.ts.
jest.spyOn(process, 'emitWarning').mockReturnValue();

const bed = setUpBed();
const SCRIPT = {
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'sec-fetch-site': 'same-origin',
  accept: '*/*',
};
/** A client that sends none of what browsers add. */
const BARE = {
  'sec-fetch-mode': undefined,
  'sec-fetch-dest': undefined,
  'sec-fetch-site': undefined,
  accept: undefined,
};

describe('requireAuth, when nobody is logged in', () => {
  it.each<[string, RequestHeaders]>([
    ['opens a page', {}],
    ['follows a link of another site', { 'sec-fetch-site': 'cross-site' }],
    ['opens a page in a browser without Fetch Metadata', { ...BARE, accept: 'text/html,*/*' }],
  ])('sends a person to the provider who %s (R-97)', async (_, headers) => {
    const app = await bed.start();
    const answer = await app.browser().get('/me', headers);
    expect([answer.status, new URL(answer.headers.get('location')!).origin]).toEqual([302, bed.op.issuer]);
  });

  it.each<[string, string, RequestHeaders]>([
    ['a fetch', 'GET', SCRIPT],
    ['a fetch that prefers HTML', 'GET', { ...SCRIPT, accept: 'text/html' }],
    ['a fetch of another origin', 'GET', { ...SCRIPT, 'sec-fetch-site': 'cross-site' }],
    ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', 'GET', { 'sec-fetch-dest': 'iframe' }],
    ['a browser that loads ahead', 'GET', { 'sec-purpose': 'prefetch' }],
    [
      'XMLHttpRequest of an old browser',
      'GET',
      { ...BARE, accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' },
    ],
    ['an API client', 'GET', { ...BARE, accept: 'application/json' }],
    ['an API client that accepts anything', 'GET', { ...BARE, accept: '*/*' }],
    ['an API client that says nothing', 'GET', BARE],
    ['a question for the headers', 'HEAD', {}],
    ['a form of a script', 'POST', { ...SCRIPT, 'sec-fetch-site': 'same-origin' }],
    ['a form in a frame', 'POST', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe' }],
    ['a form of an old browser', 'POST', { ...BARE, accept: 'text/html' }],
    ['a removal', 'DELETE', SCRIPT],
  ])('answers %s by 401 and JSON, leads nowhere and sets no cookie (R-97)', async (_, method, headers) => {
    const app = await bed.start();
    const browser = app.browser();
    const answer = await browser.request(method, '/api/me', { headers });
    expect([answer.status, answer.headers.get('location')]).toEqual([401, null]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(browser.jar.all()).toEqual([]);
    if (method !== 'HEAD')
      expect(await answer.json()).toEqual({ error: 'login_required', loginUrl: '/login' });
  });

  it('answers a form that a person sends by 401 and a page that says so, and leads nowhere (R-97, F-97)', async () => {
    const app = await bed.start();
    const browser = app.browser();
    const answer = await browser.post('/api/me', { a: '1' }, { 'sec-fetch-site': 'same-origin' });
    expect([answer.status, answer.headers.get('location')]).toEqual([401, null]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(browser.jar.all()).toEqual([]);
    const page = await answer.text();
    expect(page).toContain('<h1>Please sign in again</h1>');
    expect(page).toContain('Your session has ended');
    expect(page).toContain('was not saved');
    expect(page).toContain('href="/login"');
  });

  it('lets no handler behind it run (R-97)', async () => {
    const ran: string[] = [];
    const app = await bed.start({
      handlers: (server) => {
        server.all('/guarded', requireAuth, (req, res) => {
          ran.push(req.method);
          res.end();
        });
      },
    });
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      await app.browser().request(method, '/guarded', { headers: { 'sec-fetch-site': 'same-origin' } });
    }
    expect(ran).toEqual([]);
  });
});

describe('requireAuth, when somebody is logged in', () => {
  let app: TestApp;
  let browser: BrowserClient;
  /** The same cookie whatever the request says of its source, as a cookie with SameSite=None would be. */
  let cookie: string;
  const logIn = async () => {
    app = await bed.start({ trustedOrigins: ['https://admin.example.com'] });
    browser = app.browser();
    await app.logIn(browser);
    cookie = `session=${browser.jar.get('session')!.value}`;
  };

  const foreign: [string, RequestHeaders][] = [
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['of another site that hides its origin', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['of another site that sends no origin', { 'sec-fetch-site': 'cross-site', origin: undefined }],
    ['of a sibling domain', { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' }],
    ['of a sibling domain that sends no origin', { 'sec-fetch-site': 'same-site' }],
    ['of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' }],
    ['of another site, in an old browser', { ...BARE, origin: 'https://evil.example' }],
    [
      'of an origin that begins like ours, in an old browser',
      { ...BARE, origin: 'http://localhost.evil.example' },
    ],
    ['of an opaque origin, in an old browser', { ...BARE, origin: 'null' }],
    ['that tells its referrer alone', { ...BARE, referer: 'https://evil.example/http://localhost' }],
    ['whose referrer is no address', { ...BARE, referer: 'localhost' }],
    ['of a made-up site', { 'sec-fetch-site': 'friendly' }],
  ];

  it.each(foreign)('refuses an unsafe request %s, whatever its method (R-120, R-135)', async (_, headers) => {
    await logIn();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      const answer = await app.browser().request(method, '/api/me', { headers: { ...headers, cookie } });
      expect([method, answer.status]).toEqual([method, 403]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(app.errors[0]?.error.code).toBe('cross_origin_request');
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each<[string, RequestHeaders]>([
    ['of our own page', { 'sec-fetch-site': 'same-origin' }],
    ['of our own page, in an old browser', { ...BARE, origin: 'our' }],
    ['that tells our referrer alone', { ...BARE, referer: 'our' }],
    ['of a client that is no browser', BARE],
    ['of an origin that is trusted', { 'sec-fetch-site': 'cross-site', origin: 'https://admin.example.com' }],
    ['of an origin that is trusted, in an old browser', { ...BARE, origin: 'https://admin.example.com' }],
  ])('lets an unsafe request %s pass (R-120, R-135)', async (_, headers) => {
    await logIn();
    const given = Object.entries(headers).map(([name, value]) => [
      name,
      value === 'our' ? app.origin : value,
    ]);
    const answer = await app
      .browser()
      .request('POST', '/api/me', { headers: { ...Object.fromEntries(given), cookie } });
    expect(answer.status).toBe(200);
  });

  it('lets safe requests pass, wherever they come from (R-135)', async () => {
    await logIn();
    for (const method of ['GET', 'HEAD']) {
      const answer = await app
        .browser()
        .request(method, '/api/me', { headers: { cookie, 'sec-fetch-site': 'cross-site' } });
      expect(answer.status).toBe(200);
    }
  });

  it('believes no header that names a person, and hands on none (F-114)', async () => {
    await logIn();
    const claims = Buffer.from('{"sub":"eve"}').toString('base64');
    const headers = {
      ...{
        'x-user': 'eve',
        'x-forwarded-user': 'eve',
        'x-remote-user': 'eve',
        'remote-user': 'eve',
        'x-auth-request-user': 'eve',
      },
      ...{
        authorization: 'Basic ZXZlOmV2ZQ==',
        'x-ms-client-principal': claims,
        'oidc-claim-sub': 'eve',
        'x-userinfo': claims,
      },
    };
    expect((await app.browser().get('/api/me', { ...SCRIPT, ...headers })).status).toBe(401);
    expect(await (await browser.get('/me', headers)).json()).toMatchObject({ sub: 'ada' });
  });
});

describe('requireAuth without connectAuth before it', () => {
  let origin: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const app = express().set('env', 'test');
    app.get('/me', requireAuth, (_req, res) => void res.send('secret'));
    app.use(
      ((error, _req, res, _next) => void res.status(500).send(error.message)) as express.ErrorRequestHandler,
    );
    ({ origin, close } = await listen(app));
  });
  afterAll(() => close());

  it('stops every request, and says what is missing', async () => {
    const answer = await fetch(`${origin}/me`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('connectAuth');
  });
});

describe('requireAuth on a page that the cookie is not sent to', () => {
  const routes = { login: '/shop/login', callback: '/shop/callback', logout: '/shop/logout' };
  const startShop = (cookiePath: string) =>
    bed.start({
      routes,
      session: { cookiePath },
      handlers: (server) => {
        for (const path of ['/admin', '/shop', '/shop/cart', '/shopping', '/Shop/cart'])
          server.get(path, requireAuth, (_req, res) => void res.json('secret'));
      },
    });

  it.each([
    ['/shop', '/admin?a=/shop/'],
    ['/shop', '/shopping'],
    ['/shop', '/Shop/cart'],
    ['/shop/', '/shop'],
  ])('does not go round: with cookiePath %s, %s says what is wrong', async (cookiePath, path) => {
    const app = await startShop(cookiePath);
    const answer = await app.browser().get(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([500, null]);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([['configuration', 'guard']]);
    expect(app.errors[0]!.error.message).toContain('Leave session.cookiePath out');
  });

  it.each([
    ['/shop', '/shop'],
    ['/shop', '/shop/cart?a=1'],
    ['/shop/', '/shop/cart'],
    ['/', '/admin'],
  ])('leads to the login where it is: with cookiePath %s, %s', async (cookiePath, path) => {
    const app = await startShop(cookiePath);
    expect((await app.browser().get(path)).status).toBe(302);
  });
});
