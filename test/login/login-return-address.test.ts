import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { startApp, type TestApp } from '../support/app.ts';
import { followLogin, requestTarget } from '../support/follow-login.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { createRedirectPayloads } from '../support/redirect-payloads.ts';

const HARMLESS = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/;

let op: OpenIdProvider;
let app: TestApp;
beforeAll(async () => {
  op = await startOpenIdProvider();
  app = await startApp({
    op,
    handlers: (express) => {
      express.get('/go', (req) => req.auth.login({ returnTo: req.query.to as string }));
      express.get('/leave', (req) => req.auth.logout({ returnTo: req.query.to as string }));
    },
  });
});
afterAll(async () => {
  await app.close();
  await op.close();
});

const logInFrom = (target: string) => followLogin({ app, op }, target);

describe('GET /login?returnTo=…', () => {
  it.each([
    ...['//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', ' //evil.example'],
    ...[
      '/.//evil.example',
      '/%2e//evil.example',
      '/a/..//evil.example',
      'https://evil.example',
      'https:evil',
    ],
    ...[
      'http://localhost@evil.example',
      'javascript:alert(1)',
      'me',
      '/x\r\nSet-Cookie: session=evil',
      '/\0',
    ],
    ...['/login', '/logout', '/oauth/callback?code=x'],
  ])('ends at the home page for %j (F-89, F-90, F-91, F-92, F-95, F-96)', async (address) => {
    expect(await logInFrom(`/login?returnTo=${encodeURIComponent(address)}`)).toBe('/');
  });

  it.each([
    ...['/me?tab=2#part', '/x?next=//evil.example', '/x?u=https://evil.example/', '/%2f/evil.example'],
    ...['/%5cevil.example', '/%09/evil.example', '/%252f%252fevil.example'],
  ])('ends at %s, which stays as it is (F-93, F-100)', async (address) => {
    expect(await logInFrom(`/login?returnTo=${encodeURIComponent(address)}`)).toBe(address);
  });

  it.each([
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/me&returnTo=//evil.example', '/me'],
    ['//evil.example&returnTo=/me', '/'],
    ['/%ED%A0%80', '/%EF%BF%BD%EF%BF%BD%EF%BF%BD'],
    ['/%E2%80%A8', '/%E2%80%A8'],
    ['/%zz', '/%zz'],
  ])('reads %s, written into the request line as it is, as %s (F-90, F-96)', async (text, followed) => {
    expect(await logInFrom(`/login?returnTo=${text}`)).toBe(followed);
  });

  it('goes on after addresses of 10 KB, 16 KB and 1 MB (F-96)', async () => {
    expect(await logInFrom(`/login?returnTo=/${'a'.repeat(10_000)}`)).toBe('/');
    for (const length of [16_384, 1_048_576]) {
      // Node answers before us, and may cut the connection while the rest is still being sent.
      const answer = await requestTarget(app, `/login?returnTo=/${'a'.repeat(length)}`).catch(
        () => undefined,
      );
      expect(answer?.status ?? 431).toBe(431);
    }
    expect(await logInFrom('/login?returnTo=/me')).toBe('/me');
  });

  it.each([
    ...[
      'http://a:99999/login',
      'http://%zz/login',
      'http://[/login',
      'x:/login',
      '//login',
      '/login?%',
      '/login??',
    ],
    ...['http://evil.example/login?returnTo=//evil.example', 'http:///login'],
  ])('answers the request line GET %s without a fault of its own (F-94, F-125)', async (target) => {
    const { status, headers } = await requestTarget(app, target);
    expect([302, 400, 404]).toContain(status);
    expect(headers.get('location') ?? `${op.issuer}/`).toContain(`${op.issuer}/`);
  });

  it('keeps the address out of what goes over the browser and the provider (R-41)', async () => {
    const answer = await requestTarget(app, '/login?returnTo=/where-this-leads');
    expect([...answer.headers].join()).not.toContain('where-this-leads');
  });

  it('leads each of two logins to its own address, whatever the callback says besides (R-41)', async () => {
    const browser = app.browser();
    const one = (await browser.get('/login?returnTo=/one')).headers.get('location')!;
    const two = (await browser.get('/login?returnTo=/two')).headers.get('location')!;
    expect((await browser.deliver(await op.signIn(two))).headers.get('location')).toBe('/two');
    const callback = await op.signIn(one);
    const changed = { ...callback, url: `${callback.url}&returnTo=//evil.example` };
    expect((await browser.deliver(changed)).headers.get('location')).toBe('/one');
  });

  it('offers no link off the origin on the page that asks for a provider, for the whole table (F-89)', async () => {
    const provider = providers.oidc({ issuer: op.issuer, clientId: 'app', clientSecret: 'of no use here' });
    const chooser = await startApp({
      op: { ...op, registerApp },
      providers: { one: provider, two: provider },
    });
    const offending = await filterPayloads(chooser.origin, async (returnTo) => {
      const answer = await chooser.browser().get(`/login?${new URLSearchParams({ returnTo })}`);
      const addresses = readLinks(await answer.text(), chooser.origin).map((link) =>
        link.searchParams.get('returnTo'),
      );
      return addresses.length === 2 && addresses.every((address) => HARMLESS.test(address!));
    });
    await chooser.close();
    expect(offending).toEqual([]);
  });
});

describe('an address that a handler passes on unchecked', () => {
  it('never leaves the origin after a logout, for the whole table (F-89, F-99, R-74)', async () => {
    const offending = await filterPayloads(app.origin, async (to) => {
      const answer = await app.browser().get(`/leave?${new URLSearchParams({ to })}`);
      return answer.status === 303 && HARMLESS.test(answer.headers.get('location')!);
    });
    expect(offending).toEqual([]);
  });

  it.each([
    ['//evil.example', '/'],
    ['/.//evil.example', '/'],
    ['https://evil.example/', '/'],
    ['/login', '/'],
    ['/goodbye?x=//evil.example', '/goodbye?x=//evil.example'],
  ])('leads over the provider to a page of ours after a logout: %s (F-99, R-74)', async (address, followed) => {
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await browser.get(`/leave?${new URLSearchParams({ to: address })}`);
    const { origin, searchParams } = new URL(answer.headers.get('location')!);
    expect(origin).toBe(op.issuer);
    const back = new URL(searchParams.get('post_logout_redirect_uri')!);
    expect(back.origin).toBe(app.origin);
    const end = await browser.get(`${back.pathname}?state=${searchParams.get('state')}`);
    expect(end.headers.get('location') ?? back.pathname).toBe(followed);
  });

  it('never leaves the origin when somebody changed the cookie it waits in, for the whole table (F-99)', async () => {
    const offending = await filterPayloads(app.origin, async (text) => {
      const browser = app.browser();
      const value = encodeURIComponent(`state.${encodeURIComponent(Buffer.from(text).toString())}`);
      browser.jar.set({ name: 'session-logout', value, domain: 'localhost' });
      const answer = await browser.get('/signed-out?state=state');
      return answer.status === 200 || HARMLESS.test(answer.headers.get('location')!);
    });
    expect(offending).toEqual([]);
  });

  it.each([
    'to=/a&to=/b',
    'to=//evil.example',
    'to=',
    'to=%00',
  ])('is dropped by a login that it cannot serve: %s (F-96)', async (query) => {
    expect(await logInFrom(`/go?${query}`)).toBe('/');
  });
});

/** For an app that brings its own providers. */
async function registerApp() {
  return { issuer: op.issuer, clientId: 'app', clientSecret: 'of no use here' };
}

/** The payloads for which `isHarmless` does not hold. Pairs of separators are left to the test of the reader. */
async function filterPayloads(
  origin: string,
  isHarmless: (text: string) => Promise<boolean>,
): Promise<string[]> {
  const offending: string[] = [];
  for (const { kind, text } of createRedirectPayloads(origin)) {
    if (kind !== 'two separators' && !(await isHarmless(text))) offending.push(text);
  }
  return offending;
}

function readLinks(page: string, base: string): URL[] {
  return [...page.matchAll(/href="([^"]*)"/g)].map(
    ([, href]) => new URL(href!.replaceAll('&amp;', '&'), base),
  );
}
