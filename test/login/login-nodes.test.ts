import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { deliverToEnd, holdCallback, lookAt } from '../support/login-outcome.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

describe.each(['query', 'form_post'] as const)('a login by %s', (responseMode) => {
  it('begins on one node and ends on another, with Redis between them alone (F-61)', async () => {
    const options = { op, redis: redis.url, oidc: { responseMode } };
    const first = await startApp(options);
    const second = await startApp({ ...options, baseUrl: first.origin });
    const browser = first.browser();
    const callback = await holdCallback(op, browser, { path: '/me?tab=2' });
    const elsewhere = second.browser(browser.jar);
    const there = callback.url.replace(first.origin, second.origin);
    const answer = await deliverToEnd(elsewhere, { ...callback, url: there });
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    expect(await whoIs(browser)).toBe('ada');
    expect(await whoIs(elsewhere)).toBe('ada');
    expect(await lookAt(first, browser, await deliverToEnd(browser, callback))).toMatchObject({
      status: 303,
      user: 'ada',
    });
    expect(op.requests('token')).toHaveLength(1);
  });

  it('keeps what the application knows of the person, and ends the session of another one (F-59)', async () => {
    const app = await startApp({ op, oidc: { responseMode } });
    const browser = app.browser();
    await app.logIn(browser, { as: 'bob' });
    await browser.get('/save?of=bob');
    await app.logIn(browser, { as: 'bob' });
    expect(await (await browser.get('/save')).json()).toEqual({ of: 'bob' });
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'bob' })).toHaveLength(1);
    await app.logIn(browser, { as: 'eve' });
    expect(await (await browser.get('/save')).json()).toEqual({});
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'bob' })).toEqual([]);
  });
});
