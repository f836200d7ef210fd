import { describe, expect, it } from '@jest/globals';
import { LoginError } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { beginLogin, readAnswer } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const start = useApps();

/** Posts from another tab, which keeps nothing of the answer: the cookies of this one stay. */
const postBeside = (app: TestApp, browser: BrowserClient, path: string) =>
  app.browser(browser.jar.clone()).post(path);

describe('a login that fails', () => {
  const retry = (path: string) =>
    `<a href="/login?${new URLSearchParams({ returnTo: path })}">Sign in again</a>`;

  it.each<[string, number, () => void, boolean]>([
    ['cancelled', 403, () => undefined, true],
    [
      'refused by the token endpoint',
      502,
      () => void op.script({ token: () => json(400, { error: 'invalid_grant' }) }),
      false,
    ],
  ])('because it is %s leads to the same place when it is begun again, and onError is told which (R-124)', async (_, status, script, cancel) => {
    const app = await start({ op, now: clock.now });
    script();
    const answer = await app.logIn(app.browser(), { path: '/login?returnTo=/me?tab=2', cancel });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(retry('/me?tab=2'));
    expect(app.errors.map(({ during, returnTo }) => [during, returnTo])).toEqual([['callback', '/me?tab=2']]);
  });

  it('leaves the error as it was thrown: the application may throw one for everybody', async () => {
    const denied = Object.freeze(new LoginError('Come again on Monday.', { code: 'login_denied' }));
    const app = await start({
      op,
      now: clock.now,
      mapUser: () => {
        throw denied;
      },
    });
    for (const path of ['/orders', '/me']) {
      const answer = await app.logIn(app.browser(), { path: `/login?returnTo=${path}` });
      expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining(retry(path))]);
    }
    const elsewhere = await app.browser().get('/oauth/callback?state=x');
    expect(await elsewhere.text()).toContain('<a href="/login">Sign in again</a>');
    expect(app.errors.map(({ error, returnTo }) => [error === denied, returnTo])).toEqual([
      [true, '/orders'],
      [true, '/me'],
      [false, undefined],
    ]);
  });

  it('in a window of its own is told to the page that opened it, and no other is', async () => {
    const app = await start({ op, now: clock.now });
    const fail = async (path: string) => {
      const browser = app.browser();
      const { href } = await beginLogin(browser, path);
      return (await browser.deliver(await op.signIn(href, { cancel: true }))).text();
    };
    const told =
      'data-broadcast="{&quot;type&quot;:&quot;login_failed&quot;,&quot;error&quot;:&quot;login_denied&quot;}"';
    expect(await fail('/login?display=popup')).toContain(told);
    expect(await fail('/login')).not.toContain('data-broadcast');
  });

  it.each<[string, (app: TestApp, browser: BrowserClient) => Promise<unknown>, string]>([
    ['took too long', async () => clock.advance(20 * 60_000), 'login_expired'],
    ['was overtaken by a logout', (app, browser) => postBeside(app, browser, '/logout'), 'login_ended'],
  ])('in a window of its own is told to the page that opened it also when it %s', async (_, meanwhile, error) => {
    const app = await start({ op, now: clock.now });
    for (const display of ['popup', 'page']) {
      const browser = app.browser();
      const { href } = await beginLogin(browser, `/login?display=${display}`);
      const callback = await op.signIn(href);
      await meanwhile(app, browser);
      const page = await (await browser.deliver(callback)).text();
      const told = `data-broadcast="{&quot;type&quot;:&quot;login_failed&quot;,&quot;error&quot;:&quot;${error}&quot;}"`;
      expect(page.includes(told)).toBe(display === 'popup');
      expect(app.errors.at(-1)?.error.code).toBe(error);
    }
  });

  it.each([
    true,
    false,
  ])('in a window of its own is told to the page also when what should be a form comes by the address, cancelled: %s', async (cancel) => {
    const app = await start({ op, now: clock.now, oidc: { responseMode: 'form_post' } });
    const browser = app.browser();
    const { href } = await beginLogin(browser, '/login?display=popup&returnTo=/me');
    const answer = readAnswer(await op.signIn(href, { cancel }));
    const result = await browser.get(`/oauth/callback?${answer}`, { 'sec-fetch-site': 'cross-site' });
    expect(result.status).toBe(400);
    const page = await result.text();
    expect(page).toContain('&quot;error&quot;:&quot;login_invalid&quot;');
    expect(page).toContain(retry('/me'));
    expect(op.requests('token')).toEqual([]);
  });

  it.each([
    '/login?returnTo=/me',
    '/login?returnTo=/me&display=popup',
  ])('before it leaves for the provider offers what any page does: %s', async (path) => {
    const app = await start({ op, now: clock.now });
    op.script({ discovery: () => json(503, {}) });
    const page = await (await app.browser().get(path)).text();
    expect(page).toContain('<a href="/login">Sign in again</a>');
    expect(app.errors.map(({ returnTo }) => returnTo)).toEqual([undefined]);
  });
});
