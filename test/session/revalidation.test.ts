import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { construct } from '../support/construct.ts';
import { json, send } from '../support/scripted-answers.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const EVERY_SECONDS = 60;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, now: clock.now, session: { revalidateSeconds: EVERY_SECONDS }, ...options });

/** A login with a refresh token, or without one; nothing has been asked since. */
async function logIn(app: TestApp, { refreshToken = true } = {}) {
  op.script(refreshToken ? {} : { token: ({ refresh_token: _, ...answer }) => answer });
  const browser = app.browser();
  await app.logIn(browser);
  op.script();
  op.forgetRequests();
  return browser;
}

const asked = () => [...op.requests('token'), ...op.requests('userinfo')].length;
const pass = () => clock.advance(EVERY_SECONDS * 1000);
const INVALID_TOKEN = send(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' });

describe('a provider that is asked every so often whether it stands by a login', () => {
  it('is asked by a refresh once the time has come, and then not again until it comes once more', async () => {
    const app = await start();
    const browser = await logIn(app);
    const askAfter = async (ms: number) => {
      clock.advance(ms);
      expect([await whoIs(browser), await whoIs(browser)]).toEqual(['ada', 'ada']);
      return op.requests('token').length;
    };
    expect(await askAfter(0)).toBe(0);
    expect(await askAfter(EVERY_SECONDS * 1000)).toBe(1);
    expect(await askAfter(EVERY_SECONDS * 500)).toBe(1);
    expect(await askAfter(EVERY_SECONDS * 500)).toBe(2);
    expect(op.requests('userinfo')).toEqual([]);
  });

  it('tells of new claims, which the same request sees', async () => {
    const app = await start();
    const browser = await logIn(app);
    op.script({ claims: (claims) => ({ ...claims, name: 'Ada, Countess' }) });
    pass();
    const { user } = await (await browser.get('/')).json();
    expect(user.name).toBe('Ada, Countess');
  });

  it.each<[string, boolean, Parameters<typeof op.script>[0]]>([
    ['to the refresh', true, { refresh: () => json(400, { error: 'invalid_grant' }) }],
    ['at the userinfo endpoint', false, { userinfo: () => INVALID_TOKEN }],
  ])('ends the session by its "no" %s, which is told once', async (_where, refreshToken, script) => {
    const app = await start();
    const browser = await logIn(app, { refreshToken });
    op.script(script);
    expect(await whoIs(browser)).toBe('ada');
    pass();
    expect([await whoIs(browser), await whoIs(browser)]).toEqual([null, null]);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['refresh_refused', 'ada']]);
  });

  it.each<[string, boolean, Parameters<typeof op.script>[0]]>([
    ['a refresh that fails', true, { refresh: () => json(503, {}) }],
    ['a client that is refused', true, { refresh: () => json(401, { error: 'invalid_client' }) }],
    ['a userinfo endpoint that fails', false, { userinfo: () => json(503, {}) }],
    ['a 401 that does not say why', false, { userinfo: () => send(401, '', {}) }],
    [
      'a 403',
      false,
      { userinfo: () => send(403, '', { 'www-authenticate': 'Bearer error="insufficient_scope"' }) },
    ],
    ['words about somebody else', false, { userinfo: () => ({ sub: 'grace' }) }],
  ])('ends nothing by %s, which is told to onError, and is left alone until the time comes again', async (_what, refreshToken, script) => {
    const app = await start();
    const browser = await logIn(app, { refreshToken });
    op.script(script);
    pass();
    expect([await whoIs(browser), await whoIs(browser)]).toEqual(['ada', 'ada']);
    expect(asked()).toBe(1);
    expect(app.errors).toHaveLength(1);
    // This provider takes a refresh token once, whatever it answered.
    if (refreshToken) return;
    pass();
    expect(await whoIs(browser)).toBe('ada');
    expect([asked(), app.logouts, app.errors.length]).toEqual([2, [], 2]);
  });

  it('is not asked with a token that has ended by itself', async () => {
    const app = await start();
    const browser = await logIn(app, { refreshToken: false });
    op.script({ userinfo: () => INVALID_TOKEN });
    clock.advance(2 * 3_600_000);
    expect(await whoIs(browser)).toBe('ada');
    expect(asked()).toBe(0);
  });

  it('is asked once for requests that come together, in all processes; those of one process wait for it', async () => {
    const one = await start({ redis: redis.url });
    const two = await start({ redis: redis.url, baseUrl: one.origin });
    const browser = await logInWith(op, one);
    op.forgetRequests();
    op.script({ refresh: () => json(400, { error: 'invalid_grant' }) });
    pass();
    const here = Array.from({ length: 5 }, () => whoIs(browser));
    const there = Array.from({ length: 5 }, () => whoIs(two.browser(browser.jar.clone())));
    await Promise.all([...here, ...there]);
    expect(op.requests('token')).toHaveLength(1);
    expect([...one.logouts, ...two.logouts].map(({ reason }) => reason)).toEqual(['refresh_refused']);
    expect([await whoIs(browser), await whoIs(two.browser(browser.jar.clone()))]).toEqual([null, null]);
  });

  it('is asked once at its userinfo endpoint as well, whatever process is asked for a page', async () => {
    const one = await start({ redis: redis.url });
    const two = await start({ redis: redis.url, baseUrl: one.origin });
    const browser = await logIn(one, { refreshToken: false });
    pass();
    for (const app of [one, two, one, two]) expect(await whoIs(app.browser(browser.jar.clone()))).toBe('ada');
    expect(op.requests('userinfo')).toHaveLength(1);
  });

  it('is asked nothing by our own routes, nor unless it is an option', async () => {
    const app = await start();
    const browser = await logIn(app);
    pass();
    await browser.post('/logout');
    expect(op.requests('token')).toEqual([]);
    const plain = await startApp({ op, now: clock.now });
    const other = await logIn(plain);
    clock.advance(3_600_000);
    expect([await whoIs(other), asked()]).toEqual(['ada', 0]);
  });

  it.each([
    [9, 'session.revalidateSeconds must be a number from 10 to'],
    ['60', 'session.revalidateSeconds must be a number from 10 to'],
  ])('is not asked every %j seconds (F-123)', (revalidateSeconds, message) => {
    expect(construct({ session: { revalidateSeconds } })).toContain(message);
  });
});
