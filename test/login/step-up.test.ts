import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { startApp, type TestApp } from '../support/app.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';

describe('a route with rules (R-116)', () => {
  let op: OpenIdProvider;
  let app: TestApp;
  let passed = 0;
  beforeAll(async () => {
    op = await startOpenIdProvider();
    app = await startApp({
      op,
      now: () => Date.now() + passed,
      handlers: (server) => {
        server.all('/recent', requireAuth({ maxAgeSeconds: 300 }), (req, res) => void res.json(req.user));
        server.get(
          '/strong',
          requireAuth({ acrValues: ['gold'] }),
          (req, res) => void res.json(req.auth.acr),
        );
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await op.close();
  });

  it('asks for the age and the class it needs, and lets through whoever has proven them', async () => {
    const browser = app.browser();
    const jar = createCookieJar();
    await app.logIn(browser, { jar });
    await browser.get('/save?cart=3');

    const recent = await browser.get('/recent');
    expect(new URL(recent.headers.get('location')!).searchParams.get('max_age')).toBe('300');
    const answer = await browser.deliver(await op.signIn(recent.headers.get('location')!, { jar }));
    expect(answer.headers.get('location')).toBe('/recent');
    expect((await browser.get('/recent')).status).toBe(200);
    // The same person proved again who they are: what the application knows of them stays.
    expect(await (await browser.get('/save')).json()).toEqual({ cart: '3' });

    const strong = await browser.get('/strong');
    expect(new URL(strong.headers.get('location')!).searchParams.get('acr_values')).toBe('gold');
  });

  it('gives a new session id to whoever proved again who they are; the old one is dead (R-111)', async () => {
    const browser = app.browser();
    await app.logIn(browser);
    const before = browser.jar.clone();
    await app.logIn(browser, { path: '/recent' });
    expect((await browser.get('/recent')).status).toBe(200);
    expect((await app.browser(before).get('/me')).status).toBe(302);
  });

  it('answers a script with 401 and says that the login there is does not do', async () => {
    const browser = app.browser();
    await app.logIn(browser);
    const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
    const answer = await browser.get('/strong', script);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: 'insufficient_user_authentication', loginUrl: '/login' });
  });

  it('asks again when the proof has become too old', async () => {
    const browser = app.browser();
    await app.logIn(browser, { path: '/recent' });
    expect((await browser.get('/recent')).status).toBe(200);
    // Five minutes, and the half minute that clocks may differ by.
    passed += 301_000;
    expect((await browser.get('/recent')).status).toBe(200);
    passed += 30_000;
    expect((await browser.get('/recent')).status).toBe(302);
  });
});

describe('the hooks (R-124)', () => {
  it('are told of logins, of failures and of logouts, without a secret', async () => {
    const op = await startOpenIdProvider();
    const app = await startApp({ op });
    const browser = app.browser();
    await app.logIn(browser, { as: 'grace' });
    await browser.get('/oauth/callback?code=x&state=y', { 'sec-fetch-site': 'cross-site' });
    await app.browser().get('/oauth/callback?code=x&state=y');
    await browser.post('/logout');
    expect(app.logins.map(({ user, provider }) => [user.sub, provider])).toEqual([['grace', 'default']]);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['login_not_found', 'callback'],
    ]);
    expect(app.logouts.map(({ sub, reason }) => [sub, reason])).toEqual([['grace', 'logout']]);
    await app.close();
    await op.close();
  });
});
