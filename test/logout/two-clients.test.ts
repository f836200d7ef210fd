import { beforeEach, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { withFreePort } from '../support/free-port.ts';
import { done, refusedLogout, sendLogout, sidOf } from '../support/logout-token.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const CLIENTS = { a: 'client a', b: 'client b' };
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

beforeEach(async () => {
  await redis.client().flushall();
  clock.advance(1000);
});

describe.each(['redis', 'memory'] as const)('two clients of one issuer, with sessions in %s:', (kind) => {
  const start = () =>
    withFreePort(async (port) => {
      const define = async (name: keyof typeof CLIENTS) =>
        providers.oidc(
          await op.registerApp(`http://localhost:${port}`, {
            callbackPath: `/oauth/callback/${name}`,
            clientId: CLIENTS[name],
          }),
        );
      return startApp({
        ...{ op, port, now: clock.now, redis: kind === 'redis' ? redis.url : 'memory' },
        providers: { a: await define('a'), b: await define('b') },
      });
    });

  const logIn = async (app: TestApp, name: keyof typeof CLIENTS): Promise<BrowserClient> => {
    const browser = app.browser();
    expect((await app.logIn(browser, { path: `/login?provider=${name}` })).status).toBe(303);
    return browser;
  };

  /** The same person, with the same session at the provider, by both. */
  const logInTwice = async () => {
    const app = await start();
    const browsers = { a: await logIn(app, 'a'), b: await logIn(app, 'b') };
    const who = async () => ({ a: await whoIs(browsers.a), b: await whoIs(browsers.b) });
    expect(await who()).toEqual({ a: 'ada', b: 'ada' });
    clock.advance(1000);
    return { app, browsers, who };
  };

  it.each([
    ['sub', { sub: 'ada' }],
    ['sid', { sid: sidOf('ada') }],
    ['sub and sid', { sub: 'ada', sid: sidOf('ada') }],
  ])('a logout token with the %s for one ends nothing of the other (N-08)', async (_, whom) => {
    const { app, who } = await logInTwice();
    const send = (aud: unknown) => sendLogout(app, op, { ...whom, claims: { aud }, now: clock.now });
    expect(await send(CLIENTS.b)).toEqual(done);
    expect(await who()).toEqual({ a: 'ada', b: null });
    expect(app.logouts).toMatchObject([{ provider: 'b', reason: 'back_channel' }]);
    expect(await send(CLIENTS.a)).toEqual(done);
    expect(await who()).toEqual({ a: null, b: null });
    expect(await send('client c')).toEqual(refusedLogout);
  });

  it('a logout token for one stops no login of the other that is under way (N-08)', async () => {
    const app = await start();
    const begin = async (name: keyof typeof CLIENTS) => {
      const browser = app.browser();
      const url = (await browser.get(`/login?provider=${name}`)).headers.get('location')!;
      return { browser, callback: await op.signIn(url) };
    };
    const [a, b] = [await begin('a'), await begin('b')];
    expect(await sendLogout(app, op, { sub: 'ada', claims: { aud: CLIENTS.b }, now: clock.now })).toEqual(
      done,
    );
    expect((await b.browser.deliver(b.callback)).status).toBe(403);
    expect((await a.browser.deliver(a.callback)).status).toBe(303);
    expect(await Promise.all([a, b].map(({ browser }) => whoIs(browser)))).toEqual(['ada', null]);
  });

  it('a jti of one says nothing of the same jti of the other (N-08)', async () => {
    const { app, who } = await logInTwice();
    for (const aud of [CLIENTS.a, CLIENTS.b]) {
      const claims = { aud, jti: 'the same' };
      expect(await sendLogout(app, op, { sub: 'ada', claims, now: clock.now })).toEqual(done);
    }
    expect(await who()).toEqual({ a: null, b: null });
  });

  it('the frame of a logout names no client, and ends both (N-08)', async () => {
    const { app, who } = await logInTwice();
    const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
    expect((await app.browser().get(`/oauth/frontchannel-logout?${query}`)).status).toBe(200);
    expect(await who()).toEqual({ a: null, b: null });
    expect(app.logouts.map(({ provider }) => provider).sort()).toEqual(['a', 'b']);
  });

  it('revokeAll() of the person ends both, and list() has both (N-08)', async () => {
    const { app, who } = await logInTwice();
    const user = { issuer: op.issuer, sub: 'ada' };
    const listed = await app.auth.sessions.list(user);
    expect(listed.map(({ provider }) => provider).sort()).toEqual(['a', 'b']);
    expect(await app.auth.sessions.revokeAll(user)).toBe(2);
    expect(await who()).toEqual({ a: null, b: null });
  });
});
