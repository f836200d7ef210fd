import { describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient, Callback } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import {
  beginLogin,
  deliverToEnd,
  holdCallback,
  loggedIn,
  lookAt,
  readAnswer,
  refused,
  withAnswer,
} from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const start = useApps();
const notFound = refused('login_not_found', 400);

/** A browser with another login under way is sent to the provider again, once, and is nobody. */
const expectRestart = async (app: TestApp, browser: BrowserClient, callback: Callback) => {
  const answer = await browser.deliver(callback);
  const location = new URL(answer.headers.get('location')!);
  expect([answer.status, location.origin]).toEqual([302, op.origin]);
  expect(await lookAt(app, browser, answer)).toMatchObject({ user: undefined, hasSessionCookie: false });
};

const deliver = async (app: TestApp, browser: BrowserClient, callback: Callback) =>
  lookAt(app, browser, await deliverToEnd(browser, callback));

describe.each(['redis', 'memory'] as const)('a pending login, kept in %s', (kind) => {
  const startHere = () => start({ op, redis: kind === 'redis' ? redis.url : 'memory' });

  it('has a state, a nonce and a verifier of its own, each beyond guessing (R-05, R-38, R-40)', async () => {
    const app = await startHere();
    for (let round = 0; round < 5; round += 1) await app.logIn(app.browser());
    const asked = op.requests('authorization').map(({ params }) => params);
    const sent = op.requests('token').map(({ params }) => params);
    const secrets = [
      ...asked.flatMap((params) => [
        params.get('state')!,
        params.get('nonce')!,
        params.get('code_challenge')!,
      ]),
      ...sent.map((params) => params.get('code_verifier')!),
    ];
    expect(new Set(secrets).size).toBe(20);
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43,128}$/);
    expect(asked.every((params) => params.get('code_challenge_method') === 'S256')).toBe(true);
    expect(asked.some((params) => params.has('code_verifier'))).toBe(false);
  });

  it('tells the provider nothing of where the login leads (R-41)', async () => {
    const app = await startHere();
    const url = await beginLogin(app.browser(), '/me?secret-page=1');
    expect(decodeURIComponent(url.href)).not.toContain('secret-page');
    expect(Buffer.from(url.searchParams.get('state')!, 'base64url').toString('latin1')).not.toContain(
      'secret',
    );
  });

  it('is finished once: the same callback again sends no code (R-38, R-45, F-54)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const cookies = browser.jar.clone();
    expect(await deliver(app, browser, callback)).toEqual(loggedIn);

    // Whoever copied browser and callback before has nothing either: state and code are spent. They are led to the page
    // that the login was for, as a double click is, and are nobody there.
    const copied = await deliver(app, app.browser(cookies), callback);
    expect(copied).toEqual({ status: 303, error: undefined, user: undefined, hasSessionCookie: false });
    await browser.post('/logout');
    expect(await deliver(app, app.browser(cookies), callback)).toEqual(notFound);
    expect(op.requests('token')).toHaveLength(1);
  });

  it.each<[string, (callback: Callback) => Callback]>([
    ['an error', (callback) => withAnswer(callback, [...readAnswer(callback), ['error', 'access_denied']])],
    [
      'another issuer',
      (callback) => {
        const answer = readAnswer(callback);
        answer.set('iss', 'https://evil.example');
        return withAnswer(callback, answer);
      },
    ],
  ])('is gone after a callback with %s (R-38)', async (_, spoil) => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const cookies = browser.jar.clone();
    expect(await deliver(app, browser, spoil(callback))).toMatchObject({
      user: undefined,
      hasSessionCookie: false,
    });
    expect(await deliver(app, app.browser(cookies), callback)).toEqual(notFound);
    expect(op.requests('token')).toEqual([]);
  });

  it('is gone from its browser after a callback with no code, which writes nothing (R-38)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const empty = withAnswer(callback, [['state', readAnswer(callback).get('state')!]]);
    await redis.resetCommandCounts();
    expect(await deliver(app, browser, empty)).toEqual(refused('provider_invalid_response', 502));
    expect(await redis.commandCounts()).toEqual({});
    expect(browser.jar.all()).toEqual([]);
    expect(await deliver(app, browser, callback)).toEqual(notFound);
    expect(op.requests('token')).toEqual([]);
  });

  it('is gone after a token request that failed, and its code is not sent again (R-38, R-45)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const cookies = browser.jar.clone();
    op.script({ token: () => json(500, { error: 'server_error' }) });
    expect(await deliver(app, browser, callback)).toEqual(refused('provider_unavailable', 503));
    op.script();
    expect(await deliver(app, browser, callback)).toEqual(notFound);
    expect(await deliver(app, app.browser(cookies), callback)).toEqual(notFound);
    expect(op.requests('token')).toHaveLength(1);
  });

  it('belongs to the browser that began it, which another one cannot spoil (R-39, R-136, F-54, F-57)', async () => {
    const app = await startHere();
    const attacker = app.browser();
    const victim = app.browser();
    const callback = await holdCallback(op, attacker);
    expect(await deliver(app, victim, callback)).toEqual(notFound);
    await beginLogin(victim);
    await expectRestart(app, victim, callback);
    expect(op.requests('token')).toEqual([]);

    expect(await lookAt(app, attacker, await attacker.deliver(callback))).toMatchObject({
      status: 303,
      user: 'ada',
    });
  });

  it('is not found by the cookie of another login, nor spoilt by it (R-38, R-39)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const [own] = browser.jar.all();
    await beginLogin(browser);
    const other = browser.jar.all().find(({ name }) => name !== own!.name)!;
    browser.jar.set({ ...own!, value: other.value });
    await expectRestart(app, browser, callback);
    expect(op.requests('token')).toEqual([]);
    browser.jar.set(own!);
    expect(await deliver(app, browser, callback)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('gives unknown, foreign and expired states the same answer (F-111, F-112)', async () => {
    const clock = createTestClock();
    const app = await start({ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now });
    const owner = app.browser();
    const callback = await holdCallback(op, owner);
    const stranger = () => app.browser().deliver(callback);
    const foreign = await stranger();
    const unknown = await app.browser().get('/oauth/callback?code=x&state=unknown&iss=x');
    clock.advance(3_000_000);
    const expired = await stranger();
    const bodies = await Promise.all([foreign, unknown, expired].map((answer) => answer.text()));
    // Each fault has a reference of its own, by chance.
    const same = bodies.map((body) => body.replace(/<code>[\w-]{9}<\/code>/, ''));
    expect(new Set(same).size).toBe(1);
    const headers = [foreign, unknown, expired].map((answer) => {
      answer.headers.delete('date');
      return [answer.status, ...answer.headers];
    });
    expect(headers[1]).toEqual(headers[0]);
    expect(headers[2]).toEqual(headers[0]);
  });
});
