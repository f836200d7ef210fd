import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const HOUR_MS = 3_600_000;
const bed = setUpBed();
const scripted = await useScriptedProvider();

/** Registers both pages that a logout may come back to, as the README says. */
const start = (options: Partial<TestAppOptions> = {}) =>
  bed.start({
    op: {
      signIn: bed.op.signIn,
      registerApp: (baseUrl) =>
        bed.op.registerApp(baseUrl, {
          post_logout_redirect_uris: [`${baseUrl}/`, `${baseUrl}/signed-out`],
        }),
    },
    handlers: (server: Express) => {
      server.get('/out', (req) => req.auth.logout({ returnTo: '/bye?a=b#c' }));
    },
    now: bed.clock.now,
    ...options,
  });

/** Goes the way of a logout over the provider, and returns the path it comes back to. */
async function followLogout(app: TestApp, browser: BrowserClient, answer: Response, jar = createCookieJar()) {
  expect(answer.status).toBe(303);
  const end = await bed.op.signOut(answer.headers.get('location')!, jar);
  expect(new URL(end).origin).toBe(app.origin);
  return browser.get(end, { 'sec-fetch-site': 'cross-site' });
}

describe('a logout over a real provider', () => {
  it('ends the session there too: the next login asks who it is (C-55, R-70)', async () => {
    const app = await start();
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar, as: 'ada' });
    const home = await followLogout(app, browser, await browser.post('/logout'), jar);
    expect([home.status, await home.json()]).toEqual([200, { user: null }]);
    await app.logIn(browser, { jar, as: 'grace' });
    expect(await whoIs(browser)).toBe('grace');
  });

  it('leads to the page that was asked for, over an address that is registered (C-55, R-72)', async () => {
    const app = await start();
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    const back = await followLogout(app, browser, await browser.get('/out'), jar);
    expect([back.status, back.headers.get('location')]).toEqual([303, '/bye?a=b#c']);
    expect(browser.jar.all()).toEqual([]);
  });

  it('works with an ID token that has long expired (R-77)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 86_400 } });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    bed.clock.advance(20 * HOUR_MS);
    const home = await followLogout(app, browser, await browser.post('/logout'), jar);
    expect(await home.json()).toEqual({ user: null });
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
  });

  it('works when our session has expired, and ends theirs (R-75, R-77)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 600 } });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar, as: 'ada' });
    bed.clock.advance(700_000);
    const home = await followLogout(app, browser, await browser.post('/logout'), jar);
    expect(await home.json()).toEqual({ user: null });
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
    await app.logIn(browser, { jar, as: 'grace' });
    expect(await whoIs(browser)).toBe('grace');
  });
});

describe('the page after a logout', () => {
  it('of ours says so, and leads to a login by a link and not by itself (R-72, R-117)', async () => {
    const app = await start({ routes: { afterLogout: '/signed-out' } });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    const answer = await browser.post('/logout');
    const target = new URL(answer.headers.get('location')!).searchParams.get('post_logout_redirect_uri');
    expect(target).toBe(`${app.origin}/signed-out`);
    const page = await followLogout(app, browser, answer, jar);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain('<a href="/login">Sign in</a>');
    expect(html).not.toMatch(/<script|http-equiv|<form|<img|<iframe/);
    expect(page.headers.get('refresh')).toBeNull();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(app.logins).toHaveLength(1);
  });

  it('of ours may be switched off: every logout leads to the application’s own (R-72)', async () => {
    const app = await start({ routes: { signedOut: false } });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    const home = await followLogout(app, browser, await browser.get('/out'), jar);
    expect(await home.json()).toEqual({ user: null });
    expect((await browser.get('/signed-out')).status).toBe(404);
  });
});

describe('a browser at its logout', () => {
  const headerOf = async (clearSiteData: boolean | undefined) => {
    const app = await start(clearSiteData === undefined ? {} : { clearSiteData });
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.get('/')).headers.get('clear-site-data')).toBeNull();
    return (await browser.post('/logout')).headers.get('clear-site-data');
  };

  it('is told to clear what it keeps, where the options say so (R-134)', async () => {
    expect(await headerOf(true)).toBe('"cache", "storage"');
    expect(await headerOf(false)).toBeNull();
    expect(await headerOf(undefined)).toBeNull();
  });
});

describe('an address of a provider’s logout', () => {
  const EXTRA = 'tenant=a%20b&p=policy';
  const logIn = async (groups: number) => {
    scripted.script({
      discovery: (document) => ({
        ...document,
        end_session_endpoint: `${scripted.issuer}end_session?${EXTRA}`,
      }),
      claims: (claims) => ({ ...claims, groups: Array.from({ length: groups }, (_, at) => `group-${at}`) }),
    });
    const app = await bed.start({ op: scripted });
    const browser = app.browser();
    await app.logIn(browser);
    return browser;
  };
  const FETCH = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

  it('keeps the query that it has in the metadata, by a redirect and by a form (R-70, R-77)', async () => {
    const location = (await (await logIn(0)).post('/logout')).headers.get('location');
    const { searchParams } = new URL(location!);
    expect([searchParams.get('tenant'), searchParams.get('p')]).toEqual(['a b', 'policy']);
    const page = await (await (await logIn(400)).post('/logout')).text();
    const action = /<form method="post" action="([^"]+)">/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    expect(action).toBe(`${scripted.issuer}end_session?tenant=a+b&p=policy`);
    const names = [...page.matchAll(/<input type="hidden" name="(\w+)"/g)].map((match) => match[1]);
    expect(names.sort()).toEqual(['client_id', 'id_token_hint', 'post_logout_redirect_uri']);
  });

  it('is never too long for a script, which cannot post a form there: the hint is left out (R-77)', async () => {
    const small = await (await (await logIn(0)).post('/logout', {}, FETCH)).json();
    expect(new URL(small.redirectTo).searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    const answer = await (await logIn(400)).post('/logout', {}, FETCH);
    const { redirectTo } = await answer.json();
    expect(redirectTo.length).toBeLessThan(1000);
    const names = [...new URL(redirectTo).searchParams.keys()].sort();
    expect(names).toEqual(['client_id', 'p', 'post_logout_redirect_uri', 'tenant']);
  });

  it('is told to a script as a page of ours when the provider is away (R-70, F-78)', async () => {
    const browser = await logIn(0);
    const one = await bed.start({ op: scripted });
    const jar = createCookieJar();
    const other = one.browser(jar);
    await one.logIn(other);
    scripted.script({ discovery: () => (res) => void res.writeHead(503).end() });
    const fresh = await bed.start({ op: scripted, baseUrl: one.origin });
    const answer = await fresh.browser(jar).post('/logout', {}, { ...FETCH, origin: one.origin });
    expect([answer.status, (await browser.get('/')).status]).toEqual([200, 200]);
    expect(await answer.json()).toEqual({ redirectTo: '/', provider: 'unreachable' });
  });
});
