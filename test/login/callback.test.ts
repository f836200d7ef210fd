import { describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient, Callback } from '../support/browser-client.ts';
import {
  deliverToEnd,
  holdCallback,
  loggedIn,
  lookAt,
  readAnswer,
  refused,
  withAnswer,
} from '../support/login-outcome.ts';
import { attributesOf } from '../support/set-cookie.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

const deliver = async (app: TestApp, browser: BrowserClient, callback: Callback) =>
  lookAt(app, browser, await deliverToEnd(browser, callback));

describe.each(['query', 'form_post'] as const)('a callback by %s', (responseMode) => {
  const startHere = () => start({ op, oidc: { responseMode } });

  it.each(['code', 'state', 'iss', 'error'])('is refused with two of %s (R-42)', async (name) => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const pairs = [...readAnswer(callback)];
    const value = readAnswer(callback).get(name) ?? 'x';
    const twice = withAnswer(callback, [
      ...pairs,
      [name, value],
      ...(name === 'error' ? [[name, value] as const] : []),
    ]);
    expect(await deliver(app, browser, twice)).toEqual(refused('login_invalid', 400));
    expect(op.requests('token')).toEqual([]);
  });

  it('may have parameters that nobody knows, and tokens that nobody looks at (R-43)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const more = withAnswer(callback, [
      ...readAnswer(callback),
      ['session_state', 'a b'],
      ['access_token', 'smuggled'],
      ['user', '{"admin":true}'],
      ['user', 'twice'],
    ]);
    expect(await deliver(app, browser, more)).toEqual(loggedIn);
  });

  it.each([
    'id_token',
    'response',
  ])('is refused with a front-channel %s, whatever is in it (R-43)', async (name) => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const more = withAnswer(callback, [...readAnswer(callback), [name, 'eyJhbGciOiJub25lIn0.e30.']]);
    expect(await deliver(app, browser, more)).toMatchObject({ user: undefined, hasSessionCookie: false });
    expect(op.requests('token')).toEqual([]);
  });

  it('with code and error is an error (R-44)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const both = withAnswer(callback, [...readAnswer(callback), ['error', 'server_error']]);
    expect(await deliver(app, browser, both)).toEqual(refused('provider_unavailable', 503));
    expect(op.requests('token')).toEqual([]);
  });

  it.each([
    ['a slash less', (iss: string) => iss.slice(0, -1)],
    ['capitals', (iss: string) => iss.toUpperCase()],
    ['another port', (iss: string) => iss.replace(/:\d+/, ':1')],
    ['nothing', () => ''],
  ])('is refused when iss has %s, with a code and with an error (R-46)', async (_, spoil) => {
    const app = await startHere();
    const errors = [];
    for (const error of [undefined, 'access_denied']) {
      const browser = app.browser();
      const callback = await holdCallback(op, browser);
      const answer = readAnswer(callback);
      answer.set('iss', spoil(op.issuer));
      if (error) answer.set('error', error);
      errors.push(await deliver(app, browser, withAnswer(callback, answer)));
    }
    expect(errors).toEqual([refused('provider_invalid_response'), refused('provider_invalid_response')]);
    expect(op.requests('token')).toEqual([]);
  });

  it('needs no iss where none is promised (R-46, R-36)', async () => {
    const app = await startHere();
    op.script({
      discovery: ({ authorization_response_iss_parameter_supported: _, ...document }) => document,
      authorization: ({ iss: _, ...answer }) => answer,
    });
    const browser = app.browser();
    expect(await deliver(app, browser, await holdCallback(op, browser))).toEqual(loggedIn);
  });

  it('is refused by the other way than was asked for (R-47)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const answer = readAnswer(callback);
    const url = `${app.origin}/oauth/callback`;
    const otherWay: Callback =
      callback.method === 'POST'
        ? { method: 'GET', url: `${url}?${answer}` }
        : { method: 'POST', url, body: answer };
    expect(await deliver(app, browser, otherWay)).toMatchObject({ status: 400, user: undefined });
    expect(op.requests('token')).toEqual([]);
  });

  it('answers 303 to a page without the code, kept by nobody and referred to by nobody (R-51, R-121)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me?tab=2' });
    const answer = await browser.deliver(callback);
    expect(answer.status).toBe(303);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      location: '/me?tab=2',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(await answer.text()).toBe('');
  });

  it('removes the cookie of its login with the attributes it was set with (R-48, R-76)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const begun = await browser.get('/login');
    const [set = ''] = begun.headers.getSetCookie();
    const ended = await browser.deliver(await op.signIn(begun.headers.get('location')!));
    const cleared = ended.headers.getSetCookie().find((line) => line.startsWith(set.split('=')[0]!)) ?? '';
    expect(attributesOf(set)).toEqual(
      responseMode === 'form_post'
        ? ['HttpOnly', 'Path=/', 'SameSite=None', 'Secure']
        : ['HttpOnly', 'Path=/', 'SameSite=Lax'],
    );
    expect(attributesOf(cleared)).toEqual(attributesOf(set));
    expect(cleared).toContain('Max-Age=0');
    expect(browser.jar.all().map(({ name }) => name)).toEqual(['session']);
  });
});

describe('an error that the provider answers with (R-06)', () => {
  it.each([
    ['login_required', 'login_denied', 403, 'cancelled or refused'],
    ['interaction_required', 'login_denied', 403, 'cancelled or refused'],
    ['access_denied', 'login_denied', 403, 'cancelled or refused'],
    ['made_up_error', 'login_denied', 403, 'cancelled or refused'],
    ['temporarily_unavailable', 'provider_unavailable', 503, 'Please try again soon'],
    ['server_error', 'provider_unavailable', 503, 'Please try again soon'],
    ['unmet_authentication_requirements', 'login_insufficient', 403, 'a stronger or more recent sign-in'],
  ])('reaches the operator as %s, which is %s, and people in our words only', async (error, code, status, words) => {
    const app = await start({ op });
    op.script({
      authorization: ({ code: _, ...answer }) => ({ ...answer, error, error_description: 'a detail' }),
    });
    const answer = await app.logIn(app.browser(), { path: '/me?tab=2' });
    expect(answer.status).toBe(status);
    const page = await answer.text();
    expect(page).toContain(words);
    expect(page).not.toMatch(/a detail|_required|made_up|_error|_unavailable/);
    // The provider has said that the same account proves no more.
    const again = code === 'login_insufficient' ? '&amp;provider=default&amp;prompt=select_account' : '';
    expect(page).toContain(`href="/login?returnTo=%2Fme%3Ftab%3D2${again}"`);
    expect(app.errors[0]?.error).toMatchObject({ code, oauthError: error });
  });
});
