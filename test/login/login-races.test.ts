import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient, Callback } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { beginLogin, holdCallback, loggedIn, lookAt, refused, tryLogin } from '../support/login-outcome.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const loginCookies = (browser: BrowserClient) =>
  browser.jar.all().filter(({ name }) => name.startsWith('session-login-'));

describe.each(['redis', 'memory'] as const)('logins of one browser, kept in %s', (kind) => {
  const start = (options: object = {}) =>
    startApp({ op, redis: kind === 'redis' ? redis.url : 'memory', ...options });

  it.each([
    ['in the order they began', [0, 1, 2]],
    ['the last one first', [2, 1, 0]],
    ['in any order', [1, 2, 0]],
  ])('in several tabs all come to their end %s (F-51)', async (_, order) => {
    const app = await start();
    const browser = app.browser();
    const tabs: Callback[] = [];
    for (const tab of [0, 1, 2]) tabs.push(await holdCallback(op, browser, { path: `/me?tab=${tab}` }));
    for (const tab of order) {
      const answer = await browser.deliver(tabs[tab]!);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `/me?tab=${tab}`]);
    }
    expect(await whoIs(browser)).toBe('ada');
    expect(browser.jar.all().map(({ name }) => name)).toEqual(['session']);
  });

  it('come to their end when they are all delivered at once (F-51)', async () => {
    const app = await start();
    const browser = app.browser();
    const tabs: Callback[] = [];
    for (const tab of [0, 1, 2]) tabs.push(await holdCallback(op, browser, { path: `/me?tab=${tab}` }));
    const answers = await Promise.all(tabs.map((tab) => browser.deliver(tab)));
    expect(answers.map((answer) => answer.headers.get('location'))).toEqual([
      '/me?tab=0',
      '/me?tab=1',
      '/me?tab=2',
    ]);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('send somebody home who comes back to a callback and is logged in (F-52)', async () => {
    const app = await start();
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    await browser.deliver(callback);
    const again = await browser.deliver(callback);
    expect([again.status, again.headers.get('location')]).toEqual([303, '/']);
    expect(again.headers.get('cache-control')).toBe('no-store');
    expect(op.requests('token')).toHaveLength(1);
    expect(app.errors).toEqual([]);
  });

  it('offer a new start to somebody who comes back to a callback and is not logged in (F-52)', async () => {
    const app = await start();
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    await browser.deliver(callback);
    await browser.post('/logout');
    const again = await browser.deliver(callback);
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('<a href="/login">Sign in again</a>');
    expect(op.requests('token')).toHaveLength(1);
  });

  it('send a code once when its callback comes twice at the same time, make one session, and lead all to it (F-53, R-45, N-32)', async () => {
    const app = await start();
    const browser = app.browser();
    const person = 'somebody who logs in once';
    const callback = await holdCallback(op, browser, { path: '/me', as: person });
    const answers = await Promise.all([1, 2, 3, 4].map(() => browser.deliver(callback)));
    const ends = answers.map(({ status, headers }) => [status, headers.get('location')]);
    expect(ends).toEqual(Array(4).fill([303, '/me']));
    expect(
      answers.filter((answer) => answer.headers.getSetCookie().some((line) => /^session=s/.test(line))),
    ).toHaveLength(1);
    expect(op.requests('token')).toHaveLength(1);
    expect(app.logins).toHaveLength(1);
    expect(await whoIs(browser)).toBe(person);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: person })).toHaveLength(1);
  });

  it('keep at most five cookies however many are abandoned, and the newest one works (F-55)', async () => {
    const clock = createTestClock();
    const app = await start({ now: clock.now });
    const browser = app.browser();
    const tabs: Callback[] = [];
    for (let tab = 0; tab < 50; tab += 1) {
      clock.advance(1000);
      tabs.push(await holdCallback(op, browser, { path: `/me?tab=${tab}` }));
      expect(loginCookies(browser).length).toBeLessThanOrEqual(5);
    }
    const names = loginCookies(browser).map(({ name }) => name);
    expect(names).toHaveLength(5);
    expect(JSON.stringify(loginCookies(browser)).length).toBeLessThan(2000);
    // Its cookie has given way: it is begun again, which takes one more of the five.
    const lost = await browser.deliver(tabs[0]!);
    expect([lost.status, new URL(lost.headers.get('location')!).origin]).toEqual([302, op.origin]);
    expect(await lookAt(app, browser, lost)).toMatchObject({ user: undefined, hasSessionCookie: false });
    expect(loginCookies(browser)).toHaveLength(5);
    for (const tab of [49, 46])
      expect((await browser.deliver(tabs[tab]!)).headers.get('location')).toBe(`/me?tab=${tab}`);
  });

  it('that fifty tabs begin at once are brought down to five cookies by the next one (F-55, F-113)', async () => {
    const app = await start();
    const browser = app.browser();
    await Promise.all(Array.from({ length: 50 }, () => browser.get('/me')));
    const answer = await browser.get('/me');
    expect(loginCookies(browser)).toHaveLength(5);
    expect(JSON.stringify([...answer.headers]).length).toBeLessThan(8192);
    const callback = await op.signIn(answer.headers.get('location')!);
    expect((await browser.deliver(callback)).status).toBe(303);
  });

  it('offer a new start to the same page when the person took an hour at the provider (F-56)', async () => {
    const clock = createTestClock();
    const app = await start({ now: clock.now });
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me?tab=2' });
    clock.advance(3_590_000);
    const answer = await browser.deliver(callback);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<a href="/login?returnTo=%2Fme%3Ftab%3D2">Sign in again</a>');
    expect(app.errors[0]?.error.code).toBe('login_expired');
    expect(op.requests('token')).toEqual([]);
    expect(loginCookies(browser)).toEqual([]);
  });

  it.each([
    ['at the end of fifteen minutes', 899_000, loggedIn],
    ['after fifteen minutes', 901_000, refused('login_expired', 400)],
  ])('have fifteen minutes: %s (F-56, R-38)', async (_, time, outcome) => {
    const clock = createTestClock();
    const app = await start({ now: clock.now });
    const browser = app.browser();
    const url = await beginLogin(browser);
    clock.advance(time);
    op.script({
      claims: (claims) => ({
        ...claims,
        iat: Math.floor(clock.now() / 1000),
        exp: Math.floor(clock.now() / 1000) + 300,
      }),
    });
    expect(await lookAt(app, browser, await browser.deliver(await op.signIn(url.href)))).toEqual(outcome);
  });

  it('end the session of somebody else in the same browser, and revoke its tokens (F-59)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser, { as: 'bob' });
    await browser.get('/save?of=bob');
    const bobs = browser.jar.clone();
    op.forgetRequests();
    await app.logIn(browser, { as: 'eve' });
    expect(await whoIs(browser)).toBe('eve');
    expect(await (await browser.get('/save')).json()).toEqual({});
    expect(await whoIs(app.browser(bobs))).toBeNull();
    expect(app.logouts).toEqual([expect.objectContaining({ reason: 'replaced', sub: 'bob' })]);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'bob' })).toEqual([]);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'eve' })).toHaveLength(1);
    const revoked = op.requests('revocation').map(({ params }) => params.get('token'));
    expect(revoked[0]).toMatch(/^refresh/);
  });

  it('leave whoever is logged in alone when they fail (F-59)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser, { as: 'bob' });
    op.script({ claims: ({ nonce: _, ...claims }) => claims });
    expect((await app.logIn(browser, { as: 'eve' })).status).toBe(502);
    expect(await whoIs(browser)).toBe('bob');
    expect(app.logouts).toEqual([]);
  });

  it('cannot be finished after a logout (F-57)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    const callback = await holdCallback(op, browser, { path: '/login', as: 'eve' });
    await browser.post('/logout');
    expect(await lookAt(app, browser, await browser.deliver(callback))).toEqual(
      refused('login_not_found', 400),
    );
  });
});

describe('a login whose store fails after the code was exchanged', () => {
  let own: RedisServer;
  beforeAll(async () => {
    own = await startRedisServer();
  });
  afterAll(() => own.stop());

  it('answers 503, leaves no session and revokes the tokens (F-63)', async () => {
    const app = await startApp({ op, redis: own.url, storeTimeoutMs: 300 });
    const browser = app.browser();
    const callback = await holdCallback(op, browser, { path: '/me' });
    op.script({
      token: (answer) => {
        own.pause();
        return answer;
      },
    });
    const answer = await browser.deliver(callback);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(answer.headers.getSetCookie().some((line) => line.startsWith('session='))).toBe(false);
    expect(op.requests('revocation').map(({ params }) => params.get('token_type_hint'))).toContain(
      'refresh_token',
    );
    own.resume();
    expect(await whoIs(browser)).toBeNull();
    expect(app.logins).toEqual([]);
    op.script();
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });
});
