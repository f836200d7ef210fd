import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { providers } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { type BrowserClient, type Callback, createBrowser } from '../support/browser-client.ts';
import { beginLogin, holdCallback, lookAt, refused } from '../support/login-outcome.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const other = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

const NAMES = Array.from({ length: 5 }, (_, index) => `session-login-${index}`);
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, redis: redis.url, ...options });
const loginCookies = ({ jar }: BrowserClient) => jar.all().filter(({ name }) => name.includes('-login-'));
/** A route that asks for a login as the query says. */
const addLoginRoute = (server: Express) =>
  server.get('/ask', (req, _res, next) => {
    const { acr, ...parameters } = req.query as Record<string, string>;
    req.auth.login({ ...parameters, ...(acr && { acrValues: acr.split(' ') }) }).catch(next);
  });

describe('a login under way (N-09)', () => {
  it('has one of five names in its browser, and the oldest gives way', async () => {
    const app = await start();
    const browser = app.browser();
    const callbacks: Callback[] = [];
    for (let tab = 0; tab < 5; tab += 1)
      callbacks.push(await holdCallback(op, browser, { path: `/me?tab=${tab}` }));
    expect(
      loginCookies(browser)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(NAMES);
    callbacks.push(await holdCallback(op, browser, { path: '/me?tab=5' }));
    expect(
      loginCookies(browser)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(NAMES);
    const answers = [];
    for (const callback of callbacks.slice(1))
      answers.push((await browser.deliver(callback)).headers.get('location'));
    expect(answers).toEqual([1, 2, 3, 4, 5].map((tab) => `/me?tab=${tab}`));
    expect(loginCookies(browser)).toEqual([]);
  });

  it.each([
    ['a long address', { path: `/me?q=${'q'.repeat(1500)}` }],
    ['an address of many bytes', { path: `/login?returnTo=${encodeURIComponent(`/${'é😀'.repeat(200)}`)}` }],
    [
      'an address that JSON makes longer',
      { path: `/login?returnTo=${encodeURIComponent(`/?${'"'.repeat(800)}`)}` },
    ],
    ['classes that it asks for', { path: `/ask?acr=${'gold+'.repeat(20)}x&returnTo=/${'x'.repeat(1500)}` }],
  ])('takes at most 600 characters with %s, also with a form', async (_, { path }) => {
    for (const responseMode of ['query', 'form_post'] as const) {
      const app = await start({ oidc: { responseMode }, handlers: addLoginRoute });
      const browser = app.browser();
      await browser.get('/save?a=1');
      await beginLogin(browser, path);
      const lengths = loginCookies(browser).map(({ value }) => value.length);
      expect(lengths).toHaveLength(1);
      expect(lengths[0]).toBeLessThanOrEqual(600);
    }
  });

  it('takes as much as fits into 600 characters, and not one more', async () => {
    for (const responseMode of ['query', 'form_post'] as const) {
      const app = await start({ oidc: { responseMode } });
      const lengths: number[] = [];
      for (let length = 200; length < 500; length += 10) {
        const browser = app.browser();
        await beginLogin(browser, `/login?returnTo=/${'x'.repeat(length)}`);
        lengths.push(loginCookies(browser)[0]!.value.length);
      }
      expect(Math.max(...lengths)).toBeLessThanOrEqual(600);
      expect(Math.max(...lengths)).toBeGreaterThan(580);
    }
  });

  it('keeps an address of 350 characters, and of 280 where it needs room for more', async () => {
    for (const [responseMode, length] of [
      ['query', 350],
      ['form_post', 280],
    ] as const) {
      const app = await start({ oidc: { responseMode }, handlers: addLoginRoute });
      const browser = app.browser();
      await browser.get('/save?a=1');
      const returnTo = `/${'x'.repeat(length - 1)}`;
      const callback = await holdCallback(op, browser, { path: `/ask?returnTo=${returnTo}` });
      expect((await browser.deliver(callback)).headers.get('location')).toBe(returnTo);
    }
  });

  it.each([
    ['classes that no cookie holds', `/ask?acr=${'a-class-of-its-own+'.repeat(40)}x`, {}],
    ['parameters that no header holds', '/login', { authorizationParams: { resource: 'x'.repeat(3400) } }],
    ['both', `/ask?acr=${'a-class+'.repeat(30)}x`, { authorizationParams: { resource: 'x'.repeat(2700) } }],
  ])('is refused as a fault of the configuration with %s: nothing of what must be checked gives way', async (_, path, oidc) => {
    const app = await start({ oidc, handlers: addLoginRoute });
    const browser = app.browser();
    const answer = await browser.get(path);
    expect(answer.status).toBe(500);
    // Express's own handler shows what the route passed on.
    const told = (await answer.text()) + app.errors.map(({ error }) => error.stack).join();
    expect(told).toMatch(/ConfigurationError: A login .* Shorten/);
    expect(browser.jar.all()).toEqual([]);
  });

  it('has a redirect of at most 3,500 characters, its cookie included', async () => {
    let longest = 0;
    for (let size = 2000; size < 3400; size += 100) {
      const app = await start({ oidc: { authorizationParams: { resource: 'x'.repeat(size) } } });
      const answer = await app.browser().get(`/me?q=${'q'.repeat(300)}`);
      if (answer.status !== 302) break;
      const [cookie] = answer.headers.getSetCookie();
      longest = Math.max(longest, answer.headers.get('location')!.length + cookie!.length);
    }
    expect(longest).toBeGreaterThan(3000);
    expect(longest).toBeLessThanOrEqual(3500);
  });

  it('asks nothing of Redis to begin, and begins while it is away', async () => {
    const server = await startRedisServer();
    const app = await start({ redis: server.url, storeTimeoutMs: 300 });
    const browser = app.browser();
    await app.logIn(browser);
    await server.resetCommandCounts();
    const stranger = app.browser();
    for (const path of ['/login', '/me', '/login?returnTo=/x']) await beginLogin(stranger, path);
    expect(await server.commandCounts()).toEqual({});
    server.pause();
    await beginLogin(app.browser());
    // Also somebody who may be logged in: nobody can know.
    await beginLogin(browser);
    server.resume();
    await server.kill();
    await beginLogin(app.browser());
    await server.stop();
  });

  it('is one of forty begun at once, and neither a page nor a login is too large for a proxy then', async () => {
    const app = await start();
    const front = createServer(
      { maxHeaderSize: 8192 },
      (req, res) => void app.server.emit('request', req, res),
    );
    await new Promise<void>((resolve) => front.listen(0, 'localhost', resolve));
    const { port } = front.address() as { port: number };
    const browser = createBrowser(`http://localhost:${port}`, app.browser().jar);
    const page = `/${'x'.repeat(330)}`;
    try {
      const tabs = await Promise.all(
        Array.from({ length: 40 }, (_, tab) => browser.get(`/login?returnTo=${page}${tab}`)),
      );
      expect(tabs.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 302));
      expect(loginCookies(browser).length).toBeLessThanOrEqual(5);
      expect((await browser.get('/')).status).toBe(200);
      const callback = await holdCallback(op, browser, { path: `/login?returnTo=${page}` });
      const answer = await browser.deliver({
        method: 'GET',
        url: callback.url.replace(app.origin, `http://localhost:${port}`),
      });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, page]);
      expect(await whoIs(browser)).toBe('ada');
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });
});

describe('a deployment between the start of a login and its callback (N-09)', () => {
  const changes: Record<string, (before: TestApp) => Partial<TestAppOptions>> = {
    'another provider': () => ({ op: other }),
    'another client': () => ({ oidc: { clientId: 'another' } }),
    'another callback': () => ({ routes: { callback: '/oauth/other' } }),
    'another base URL': (before) => ({
      baseUrl: before.origin.replace('localhost', '127.0.0.1'),
      application: before.origin,
    }),
  };

  it.each(
    Object.keys(changes),
  )('that brings %s leads to a new start, and sends nothing to anybody', async (name) => {
    const before = await start();
    const browser = before.browser();
    const callback = await holdCallback(op, browser, { path: '/me?tab=2' });
    const after = await start({ baseUrl: before.origin, ...changes[name]!(before) });
    op.forgetRequests();
    other.forgetRequests();
    const path = name === 'another callback' ? '/oauth/other' : '/oauth/callback';
    const { search } = new URL(callback.url);
    const there = after.browser(browser.jar);
    const answer = await there.get(path + search, { 'sec-fetch-site': 'cross-site' });
    expect(await answer.clone().text()).toContain(
      '<a href="/login?returnTo=%2Fme%3Ftab%3D2">Sign in again</a>',
    );
    expect(await lookAt(after, there, answer)).toEqual(refused('login_expired', 400));
    expect(loginCookies(there)).toEqual([]);
    expect([...op.requests('token'), ...other.requests('token')]).toEqual([]);
  });

  it('that takes the provider out leads to a new start as well', async () => {
    const before = await start({ application: 'the shop' });
    const browser = before.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    const registered = await other.registerApp(before.origin, { callbackPath: '/oauth/callback/second' });
    const after = await start({
      ...{ baseUrl: before.origin, application: 'the shop' },
      providers: { second: providers.oidc(registered) },
    });
    const { search } = new URL(callback.url);
    const there = after.browser(browser.jar);
    const answer = await there.get(`/oauth/callback/second${search}`, { 'sec-fetch-site': 'cross-site' });
    expect(await lookAt(after, there, answer)).toEqual(refused('login_expired', 400));
    expect(other.requests('token')).toEqual([]);
  });
});
