import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import { withFreePort } from '../support/free-port.ts';
import { holdCallback } from '../support/login-outcome.ts';
import type { ScriptedProvider } from '../support/scripted-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const other = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const ada = { issuer: op.issuer, sub: 'ada' };

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, handlers: addTokenRoutes, ...options });

describe('a session of a provider that is not in the options any more (N-01)', () => {
  const define = async (origin: string, names: Readonly<Record<string, ScriptedProvider>>) => {
    const entries = Object.entries(names).map(async ([name, provider]) => {
      const registered = await provider.registerApp(origin, { callbackPath: `/oauth/callback/${name}` });
      return [name, providers.oidc(registered)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  };
  /** Releases of one application. */
  const startReleases = (...releases: Record<string, ScriptedProvider>[]) =>
    withFreePort(async (port) => {
      const origin = `http://localhost:${port}`;
      const apps: TestApp[] = [];
      for (const [at, names] of releases.entries()) {
        const options = { providers: await define(origin, names), baseUrl: origin };
        apps.push(await start(at === 0 ? { ...options, port } : options));
      }
      return apps;
    });

  it('is nobody’s while it is out, and nothing is done with it', async () => {
    const [before, after] = await startReleases({ one: op, two: other }, { one: op });
    const browser = before!.browser();
    await browser.deliver(await holdCallback(other, browser, { path: '/login?provider=two' }));
    await browser.get('/save?cart=3');
    expect(await whoIs(browser)).toBe('ada');
    op.forgetRequests();
    other.forgetRequests();
    const there = after!.browser(browser.jar.clone());
    expect([await whoIs(there), await dataOf(there)]).toEqual([null, {}]);
    expect((await there.get('/me')).status).toBe(302);
    expect(await ask(there)).toMatchObject({ status: 401 });
    await expect(after!.auth.sessions.list({ issuer: other.issuer, sub: 'ada' })).rejects.toThrow(
      `"${op.issuer}"`,
    );
    expect([...op.requests('token'), ...other.requests('token')]).toEqual([]);
    // The old release is still running.
    expect([await whoIs(browser), await dataOf(browser)]).toEqual(['ada', { cart: '3' }]);
  });

  it('is still somebody’s when the provider has another name, in everything', async () => {
    const [before, after] = await startReleases({ one: op, two: other }, { first: op, second: other });
    const browser = before!.browser();
    await browser.deliver(await holdCallback(other, browser, { path: '/login?provider=two' }));
    const there = after!.browser(browser.jar);
    expect(await whoIs(there)).toBe('ada');
    expect((await ask(there)).status).toBe(200);
    const user = { issuer: other.issuer, sub: 'ada' };
    expect(await after!.auth.sessions.list(user)).toMatchObject([{ provider: 'second' }]);
    expect(await after!.auth.sessions.revokeAll(user)).toBe(1);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is not taken for that of another provider that has got its name', async () => {
    const [before, after] = await startReleases({ one: op }, { one: other });
    const browser = before!.browser();
    await browser.deliver(await holdCallback(op, browser, { path: '/login?provider=one' }));
    other.forgetRequests();
    const there = after!.browser(browser.jar);
    expect(await whoIs(there)).toBeNull();
    expect(await ask(there)).toMatchObject({ status: 401 });
    expect(other.requests('token')).toEqual([]);
  });

  it('is not taken for that of another client of the same issuer', async () => {
    const before = await start();
    const after = await start({ baseUrl: before.origin, oidc: { clientId: 'another' } });
    const browser = before.browser();
    await before.logIn(browser);
    op.forgetRequests();
    const there = after.browser(browser.jar.clone());
    expect(await whoIs(there)).toBeNull();
    expect(await ask(there)).toMatchObject({ status: 401 });
    expect([await after.auth.sessions.list(ada), await after.auth.sessions.revokeAll(ada)]).toEqual([[], 0]);
    expect(op.requests('token')).toEqual([]);
    expect(await whoIs(browser)).toBe('ada');
  });
});
