import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { withFreePort } from '../support/free-port.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const PATH = '/initiate-login';
const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    op,
    returnOrigins: ['https://shop.example.com'],
    ...options,
    routes: { initiateLogin: PATH, ...options.routes },
  });
const FROM_ELSEWHERE = {
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const queryOf = (given: Record<string, string>) => new URLSearchParams({ iss: op.issuer, ...given });
const get = (browser: BrowserClient, given: Record<string, string> = {}) =>
  browser.get(`${PATH}?${queryOf(given)}`, FROM_ELSEWHERE);
const post = (browser: BrowserClient, given: Record<string, string> = {}) =>
  browser.post(PATH, queryOf(given), FROM_ELSEWHERE);

/** Goes on from the redirect to the provider, to the end. */
const finish = async (browser: BrowserClient, answer: Response) => {
  const callback = await op.signIn(answer.headers.get('location')!, { as: 'ada' });
  return (await browser.deliver(callback)).headers.get('location');
};

describe('a login that the provider begins', () => {
  it('by a GET is a login like any other, and leads to the page that it names (C-54)', async () => {
    const app = await start();
    const browser = app.browser();
    const answer = await get(browser, {
      target_link_uri: `${app.origin}/orders?x=1`,
      login_hint: 'ada@example.com',
    });
    expect(answer.status).toBe(302);
    const request = new URL(answer.headers.get('location')!).searchParams;
    expect(request.get('login_hint')).toBe('ada@example.com');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(request.get(name)).toMatch(/^[\w-]{43,}/);
    expect(await finish(browser, answer)).toBe('/orders?x=1');
    expect(await whoIs(browser)).toBe('ada');
  });

  it('by a POST leads to the GET that says the same', async () => {
    const app = await start();
    const browser = app.browser();
    const answer = await post(browser, {
      target_link_uri: `${app.origin}/orders`,
      login_hint: 'ada',
      other: 'x',
    });
    expect(answer.status).toBe(303);
    const next = new URL(answer.headers.get('location')!, app.origin);
    expect(next.pathname).toBe(PATH);
    expect(Object.fromEntries(next.searchParams)).toEqual({
      iss: op.issuer,
      login_hint: 'ada',
      target_link_uri: '/orders',
    });
    expect(await finish(browser, await browser.get(next.pathname + next.search, FROM_ELSEWHERE))).toBe(
      '/orders',
    );
    expect(await whoIs(browser)).toBe('ada');
  });

  it('may lead to an origin that is listed', async () => {
    const browser = (await start()).browser();
    const target = 'https://shop.example.com/basket';
    expect(await finish(browser, await get(browser, { target_link_uri: target }))).toBe(target);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'https://shop.example.com.evil.example/',
    'javascript:alert(1)',
    '/initiate-login?iss=x',
    '/logout',
    '',
  ])('leads home where target_link_uri is %j', async (target) => {
    const app = await start();
    for (const begin of [get, post]) {
      const browser = app.browser();
      let answer = await begin(browser, { target_link_uri: target });
      if (answer.status === 303) answer = await browser.get(answer.headers.get('location')!, FROM_ELSEWHERE);
      expect(await finish(browser, answer)).toBe('/');
    }
  });

  it.each([
    ['another issuer', `iss=${encodeURIComponent('https://evil.example/')}`],
    ['no issuer', 'login_hint=ada'],
    [
      'two issuers',
      `${new URLSearchParams([
        ['iss', 'https://evil.example/'],
        ['iss', 'x'],
      ])}`,
    ],
  ])('is refused that names %s, and begins nothing (C-54)', async (_, query) => {
    const app = await start();
    const browser = app.browser();
    for (const answer of [
      await browser.get(`${PATH}?${query}`, FROM_ELSEWHERE),
      await browser.post(PATH, new URLSearchParams(query), FROM_ELSEWHERE),
    ]) {
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(op.requests()).toEqual([]);
  });

  it.each([
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['an image', { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
    ['a fetch', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }],
    ['what is loaded ahead', { 'sec-purpose': 'prefetch' }],
  ])('is refused in %s', async (name, headers) => {
    const browser = (await start()).browser();
    const asked = { ...FROM_ELSEWHERE, ...headers };
    expect((await browser.get(`${PATH}?${queryOf({})}`, asked)).status).toBe(401);
    if (name !== 'what is loaded ahead')
      expect((await browser.post(PATH, queryOf({}), asked)).status).toBe(401);
  });

  it('drops a hint that is longer than any name', async () => {
    const browser = (await start()).browser();
    const answer = await get(browser, { login_hint: 'a'.repeat(257) });
    expect(new URL(answer.headers.get('location')!).searchParams.has('login_hint')).toBe(false);
  });

  it('proves nothing: whoever comes from there without signing in is nobody', async () => {
    const browser = (await start()).browser();
    await get(browser, { login_hint: 'ada' });
    expect(await whoIs(browser)).toBeNull();
  });

  it('is nowhere unless asked for', async () => {
    const browser = (await start({ routes: { initiateLogin: false } })).browser();
    expect((await get(browser)).status).toBe(404);
  });
});

describe('a login that an issuer begins of which there are two clients', () => {
  const startTwo = () =>
    withFreePort(async (port) => {
      const define = async (name: string) =>
        providers.oidc(
          await op.registerApp(`http://localhost:${port}`, {
            callbackPath: `/oauth/callback/${name}`,
            clientId: `client ${name}`,
          }),
        );
      const other = providers.oidc({ issuer: 'https://other.example', clientId: 'x', clientSecret: 'x' });
      return startApp({
        ...{ op, port, routes: { initiateLogin: PATH } },
        providers: { staff: await define('staff'), partners: await define('partners'), other },
      });
    });
  const clientOf = (answer: Response) =>
    new URL(answer.headers.get('location')!).searchParams.get('client_id');

  it.each(['staff', 'partners'])('is that of the client whose address names it: %s', async (name) => {
    const app = await startTwo();
    const browser = app.browser();
    const answer = await get(browser, { provider: name, target_link_uri: '/me' });
    expect(clientOf(answer)).toBe(`client ${name}`);
    expect(await finish(browser, answer)).toBe('/me');
    const begun = await browser.post(
      `${PATH}?provider=${name}`,
      queryOf({ login_hint: 'ada' }),
      FROM_ELSEWHERE,
    );
    const next = new URL(begun.headers.get('location')!, app.origin);
    expect(Object.fromEntries(next.searchParams)).toEqual({
      ...{ provider: name, iss: op.issuer, login_hint: 'ada' },
    });
    expect(clientOf(await browser.get(next.pathname + next.search, FROM_ELSEWHERE))).toBe(`client ${name}`);
  });

  it.each([
    ['no client is named', ''],
    ['another one is', 'nobody'],
    ['one of another issuer is', 'other'],
  ])('begins nothing where %s, and says so', async (_, name) => {
    const app = await startTwo();
    const browser = app.browser();
    const named = name === '' ? '' : `?provider=${name}`;
    for (const answer of [
      await get(browser, name === '' ? {} : { provider: name }),
      await browser.post(`${PATH}${named}`, queryOf({}), FROM_ELSEWHERE),
      // What is sent there is the provider's, and the address is ours.
      await browser.post(PATH, queryOf({ provider: 'staff' }), FROM_ELSEWHERE),
      await browser.get(`${PATH}?provider=staff&${queryOf({ provider: 'staff' })}`, FROM_ELSEWHERE),
    ]) {
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(app.errors[0]!.error.message).toMatch(
      name === '' ? /several clients; .*\?provider=NAME/ : /provider= another issuer/,
    );
  });
});
