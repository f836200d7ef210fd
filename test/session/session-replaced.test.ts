import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();
beforeEach(async () => {
  await redis.client().flushall();
  clock.advance(1000);
});

/** The callback of a login that this browser has begun, by whoever. */
const begin = async (browser: BrowserClient, as = 'ada') =>
  op.signIn((await browser.get('/login')).headers.get('location')!, { as });
const reasonsOf = (app: TestApp) => app.logouts.map(({ reason }) => reason);

describe.each([
  'query',
  'form_post',
] as const)('a login answered by %s, begun before the session was renewed,', (mode) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({
      ...{ op, redis: redis.url, now: clock.now, oidc: { responseMode: mode } },
      handlers: (server) => {
        server.get('/renew', async (req, res) => {
          await req.auth.renew();
          res.end();
        });
      },
      ...options,
    });

  it('keeps the data of the same person, and ends nothing (F-59)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    await browser.get('/save?cart=3');
    const callback = await begin(browser);
    // Sent before the answer with the new id has arrived.
    const late = app.browser(browser.jar.clone());
    await browser.get('/renew');
    expect((await late.deliver(callback)).status).toBe(303);
    expect([await dataOf(late), reasonsOf(app), await whoIs(browser)]).toEqual([{ cart: '3' }, [], null]);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toHaveLength(1);
  });

  it('ends it when somebody else logs in, as long as a login may wait (F-59)', async () => {
    const app = await start({ session: { carryOver: ['cart'] } });
    const browser = await logInWith(op, app);
    await browser.get('/save?cart=3');
    const callback = await begin(browser, 'grace');
    const late = app.browser(browser.jar.clone());
    await browser.get('/renew');
    clock.advance(9 * MINUTE);
    expect((await late.deliver(callback)).status).toBe(303);
    // An id that is dead hands on nothing, not even what is meant to be handed on.
    expect(await dataOf(late)).toEqual({});
    expect([await whoIs(late), await whoIs(browser), reasonsOf(app)]).toEqual(['grace', null, ['replaced']]);
  });

  it('says of a session that was idle for too long that it was that (R-124)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 60 } });
    const browser = await logInWith(op, app);
    const callback = await begin(browser);
    clock.advance(2 * MINUTE);
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(reasonsOf(app)).toEqual(['idle_timeout']);
  });
});
