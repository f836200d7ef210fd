import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient, Callback } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { holdCallback, readAnswer, withAnswer } from '../support/login-outcome.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, redis: redis.url, ...options });
const loginCookies = ({ jar }: BrowserClient) => jar.all().filter(({ name }) => name.includes('-login-'));
const MODES = ['query', 'form_post'] as const;

/** Begins two logins that meet on one cookie, as those of two tabs may that begin at once. The second keeps it. */
async function meet(browser: BrowserClient): Promise<{ loser: Callback; winner: Callback }> {
  const loser = await holdCallback(op, browser, { path: '/me?tab=0' });
  const { name } = loginCookies(browser)[0]!;
  browser.jar.delete(name);
  const winner = await holdCallback(op, browser, { path: '/me?tab=1' });
  const [cookie] = loginCookies(browser);
  browser.jar.delete(cookie!.name);
  browser.jar.set({ ...cookie!, name });
  return { loser, winner };
}

/** Goes on from a callback's answer until nobody is sent to the provider any more. Returns how often they were. */
async function goOn(browser: BrowserClient, answer: Response): Promise<{ trips: number; end: Response }> {
  let end = answer;
  for (let trips = 0; trips < 10; trips += 1) {
    const location = end.headers.get('location');
    if (!location?.startsWith(op.origin)) return { trips, end };
    end = await browser.deliver(await op.signIn(location));
  }
  throw new Error('The browser goes round.');
}

describe.each(
  MODES,
)('two logins that began at the same moment, and met on one cookie, answered by %s', (responseMode) => {
  it('both come to their end: the loser is begun again by itself (F-51)', async () => {
    const app = await start({ oidc: { responseMode } });
    const browser = app.browser();
    const { loser, winner } = await meet(browser);
    const { trips, end } = await goOn(browser, await browser.deliver(loser));
    expect([trips, end.status, end.headers.get('location')]).toEqual([1, 303, '/']);
    expect(await whoIs(browser)).toBe('ada');
    expect((await browser.deliver(winner)).headers.get('location')).toBe('/me?tab=1');
    expect(op.requests('token')).toHaveLength(2);
    expect(app.errors).toEqual([]);
    expect(loginCookies(browser)).toEqual([]);
  });

  it('leave a browser that is logged in where it is', async () => {
    const app = await start({ oidc: { responseMode } });
    const browser = app.browser();
    const { loser, winner } = await meet(browser);
    await holdCallback(op, browser, { path: '/login' });
    await browser.deliver(winner);
    const late = await browser.deliver(loser);
    expect([late.status, late.headers.get('location')]).toEqual([303, '/']);
    expect(op.requests('token')).toHaveLength(1);
  });

  it('are begun again once: whose cookie is lost again is told (F-51)', async () => {
    const app = await start({ oidc: { responseMode } });
    const browser = app.browser();
    const { loser } = await meet(browser);
    const frozen = browser.jar.clone();
    const again = await browser.deliver(loser);
    const callback = await op.signIn(again.headers.get('location')!);
    // No cookie that is set from now on is kept, and the old ones still come along.
    const end = await app.browser(frozen).deliver(callback);
    expect([end.status, app.errors.map(({ error }) => error.code)]).toEqual([400, ['login_not_found']]);
    expect(await end.text()).toContain('Sign in again');
    expect(op.requests('token')).toEqual([]);
  });
});

describe('a callback that no login waits for (F-51)', () => {
  it('is told, and begins nothing, in a browser that keeps no cookies', async () => {
    const app = await start();
    const callback = await holdCallback(op, app.browser());
    const answer = await app.browser().deliver(callback);
    expect([answer.status, app.errors.map(({ error }) => error.code)]).toEqual([400, ['login_not_found']]);
  });

  it.each([
    [
      'an error of the provider',
      (answer: URLSearchParams) => [
        ['error', 'access_denied'],
        ['state', answer.get('state')!],
      ],
    ],
    ['a state alone', (answer: URLSearchParams) => [['state', answer.get('state')!]]],
  ] as const)('is told, and begins nothing, when it brings %s', async (_, change) => {
    const app = await start();
    const browser = app.browser();
    const { loser } = await meet(browser);
    const answer = await browser.deliver(withAnswer(loser, change(readAnswer(loser)) as [string, string][]));
    expect([answer.status, app.errors.map(({ error }) => error.code)]).toEqual([400, ['login_not_found']]);
  });

  it.each([
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['a script', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a browser that loads ahead', { 'sec-purpose': 'prefetch' }],
  ])('begins nothing for %s', async (_, headers) => {
    const app = await start();
    const browser = app.browser();
    const { loser } = await meet(browser);
    const answer = await browser.deliver(loser, headers);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });
});

describe('ten tabs that begin and come back at once (F-51)', () => {
  const race = async (apps: readonly TestApp[]) => {
    const jar = createCookieJar();
    const browsers = apps.map((app) => app.browser(jar));
    const tabs = Array.from({ length: 10 }, (_, tab) => browsers[tab % browsers.length]!);
    const begun = await Promise.all(tabs.map((browser, tab) => browser.get(`/me?tab=${tab}`)));
    const callbacks = await Promise.all(begun.map(({ headers }) => op.signIn(headers.get('location')!)));
    const ends = await Promise.all(
      tabs.map(async (browser, tab) => goOn(browser, await browser.deliver(callbacks[tab]!))),
    );
    for (const { trips, end } of ends) {
      expect(trips).toBeLessThanOrEqual(1);
      expect([303, 400]).toContain(end.status);
    }
    expect(await whoIs(browsers[0]!)).toBe('ada');
  };

  it.each(MODES)('never go round, answered by %s', async (responseMode) => {
    await race([await start({ oidc: { responseMode } })]);
  });

  it('never go round between two processes', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    await race([one, two]);
  });
});
