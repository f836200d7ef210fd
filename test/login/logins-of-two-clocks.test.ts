import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

/** A process whose clock is off, and one whose clock is that of Redis, at the same address. */
async function startBoth(offMs: number, options: Partial<TestAppOptions> = {}) {
  const start = (ahead: number, baseUrl?: string) =>
    startApp({
      ...{ op, redis: redis.url, ...(baseUrl && { baseUrl }), ...options },
      now: { now: () => Date.now() + ahead, monotonic: () => performance.now(), store: Date.now },
    });
  const off = await start(offMs);
  return { off, right: await start(0, off.origin) };
}

/** Brings what was begun at one process to the other. */
async function finishAt(app: TestApp, browser: BrowserClient, url: string): Promise<Response> {
  const { pathname, search } = new URL(url);
  return app.browser(browser.jar).get(pathname + search, { 'sec-fetch-site': 'cross-site' });
}

const codesOf = ({ errors }: TestApp) => errors.map(({ error }) => error.code);

describe('a login that begins at a process whose clock is off, and ends at another (N-06)', () => {
  it.each([
    ['ahead', 4 * MINUTE],
    ['behind', -4 * MINUTE],
  ])('works when they are four minutes apart: %s', async (_, offMs) => {
    const { off, right } = await startBoth(offMs);
    const browser = off.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    const copy = browser.jar.clone();
    const answer = await finishAt(right, browser, callback.url);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me']);
    expect(await whoIs(right.browser(browser.jar))).toBe('ada');
    const again = await finishAt(right, right.browser(copy), callback.url);
    expect(again.headers.getSetCookie().filter((line) => /^session=s/.test(line))).toEqual([]);
    expect(op.requests('token')).toHaveLength(1);
  });

  it.each([
    ['ahead', 60 * MINUTE],
    ['behind', -59 * MINUTE],
  ])('is refused each time when they are an hour apart, told each time, and never goes round: %s', async (_, offMs) => {
    const { off, right } = await startBoth(offMs);
    const browser = off.browser();
    for (const times of [1, 2]) {
      const callback = await holdCallback(op, browser, { path: '/me' });
      const copy = browser.jar.clone();
      const answer = await finishAt(right, browser, callback.url);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(await answer.text()).toContain('<a href="/login?returnTo=%2Fme">Sign in again</a>');
      expect((await finishAt(right, right.browser(copy), callback.url)).status).toBe(400);
      expect(codesOf(right)).toEqual(Array(2 * times).fill('login_expired'));
    }
    expect(await whoIs(right.browser(browser.jar))).toBeNull();
    expect(op.requests('token')).toEqual([]);
  });

  it('is said to be a fault of the clocks where it comes from the future', async () => {
    const { off, right } = await startBoth(60 * MINUTE);
    const browser = off.browser();
    await finishAt(right, browser, (await holdCallback(op, browser)).url);
    const { error } = right.errors[0]!;
    expect(error).toMatchObject({ code: 'login_expired', needsOperator: true });
    expect(error.message).toMatch(/comes from the future: set the clocks/);
  });

  it.each([4, 60, -4, -59])('lets nobody in after a logout: %i minutes ahead', async (minutes) => {
    const { off, right } = await startBoth(minutes * MINUTE);
    const browser = off.browser();
    const callback = await holdCallback(op, browser);
    const copies = [browser.jar.clone(), browser.jar.clone()];
    await right.browser(browser.jar).post('/logout');
    for (const [index, app] of [right, off].entries()) {
      const copy = app.browser(copies[index]!);
      const answer = await finishAt(app, copy, callback.url);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await whoIs(copy)).toBeNull();
    }
    expect(op.requests('token')).toEqual([]);
  });
});

describe('a secret that changes while a login is under way', () => {
  const [old, next] = [
    'the old secret of the tests, long enough',
    'the new secret of the tests, long enough',
  ];
  const change = async (secret: string | string[]) => {
    const before = await startApp({ op, redis: redis.url, secret: old! });
    const browser = before.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    const after = await startApp({ op, redis: redis.url, secret, baseUrl: before.origin });
    return { after, browser, answer: await finishAt(after, browser, callback.url) };
  };

  it('finishes it while the old one is listed still', async () => {
    const { after, browser, answer } = await change([next!, old!]);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me']);
    expect(await whoIs(after.browser(browser.jar))).toBe('ada');
    expect(op.requests('token')).toHaveLength(1);
  });

  it('leads to a page that offers to begin anew when it is not, and sends no code', async () => {
    const { after, browser, answer } = await change(next!);
    expect([answer.status, codesOf(after)]).toEqual([400, ['login_not_found']]);
    expect(after.errors[0]!.error.message).toContain('do all processes have the same secret');
    expect(await answer.text()).toContain('Sign in again');
    expect(op.requests('token')).toEqual([]);
    const anew = await holdCallback(op, after.browser(browser.jar));
    expect((await finishAt(after, browser, anew.url)).status).toBe(303);
  });
});

describe('a callback whose answer is lost on its way to the browser', () => {
  it('leads on when it is loaded again: to the page, which the provider lets them into at once', async () => {
    const app = await startApp({ op, redis: redis.url });
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    // The answer and its cookies go elsewhere.
    expect((await app.browser(browser.jar.clone()).deliver(callback)).status).toBe(303);
    const again = await browser.deliver(callback);
    expect([again.status, again.headers.get('location')]).toEqual([303, '/me']);
    expect(await whoIs(browser)).toBeNull();
    expect(op.requests('token')).toHaveLength(1);
    expect((await app.logIn(browser, { path: '/me' })).headers.get('location')).toBe('/me');
    expect(await whoIs(browser)).toBe('ada');
  });
});
