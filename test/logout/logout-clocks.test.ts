import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { done, sendLogout, sidOf } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const ada = { issuer: op.issuer, sub: 'ada' };
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, now: clock.now, ...options });

describe('a session that began in a process whose clock is two seconds ahead', () => {
  it.each<[string, (app: Awaited<ReturnType<typeof start>>) => Promise<unknown>]>([
    ['revokeAll', async (app) => expect(await app.auth.sessions.revokeAll(ada)).toBe(1)],
    [
      'a logout token',
      async (app) => expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done),
    ],
    [
      'a front-channel logout',
      (app) =>
        app
          .browser()
          .get(`/oauth/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') })}`),
    ],
  ])('is ended all the same by %s in another (F-44, R-113)', async (_, end) => {
    const ahead = await start({ now: () => clock.now() + 2000 });
    const other = await start({ baseUrl: ahead.origin });
    const browser = await logInWith(op, ahead);
    clock.advance(1000);
    await end(other);
    clock.advance(60_000);
    expect(await whoIs(browser)).toBeNull();
  });
});

describe('a login whose ID token does not say when the person authenticated', () => {
  const logInLate = async (app: Awaited<ReturnType<typeof start>>) => {
    const browser = app.browser();
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    return {
      browser,
      finish: () => {
        op.script({ claims: (honest) => ({ ...honest, auth_time: undefined }) });
        return browser.deliver(callback);
      },
    };
  };

  it('is ended by a logout token that comes between its authorization and its code (F-80)', async () => {
    const app = await start();
    const { browser, finish } = await logInLate(app);
    clock.advance(2000);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    clock.advance(2000);
    expect((await finish()).status).toBe(403);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is not ended by one that came before it began (R-87)', async () => {
    const app = await start();
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    clock.advance(1);
    const { browser, finish } = await logInLate(app);
    expect((await finish()).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });
});

describe('a login that takes longer than a logout from outside is remembered', () => {
  it('is refused, however it came to take so long (F-80)', async () => {
    const [reached, released] = [createGate(), createGate()];
    const app = await start({
      redis: 'memory',
      mapUser: async (claims) => {
        reached.open();
        await released.opened;
        return claims;
      },
    });
    const browser = app.browser();
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    clock.advance(1000);
    await app.auth.sessions.revokeAll(ada);
    clock.advance(890_000);
    const answer = browser.deliver(callback);
    await reached.opened;
    clock.advance(620_000);
    released.open();
    expect((await answer).status).toBe(400);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['login_expired']);
    expect(await whoIs(browser)).toBeNull();
  });
});
