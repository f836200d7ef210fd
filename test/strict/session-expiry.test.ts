import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();
const HOUR = 3600;
const nowSeconds = () => Math.floor(clock.now() / 1000);

const end = (session_expiry: unknown) => op.script({ claims: (claims) => ({ ...claims, session_expiry }) });
const logIn = async (app: TestApp) => {
  const browser = app.browser();
  await app.logIn(browser, { as: 'ada' });
  return browser;
};

describe.each(['redis', 'memory'] as const)('session_expiry of an ID token, with sessions in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({
      op,
      redis: kind === 'redis' ? redis.url : 'memory',
      now: clock.now,
      handlers: addTokenRoutes,
      ...options,
    });

  it('ends the session when it has come, however much it is used', async () => {
    const app = await start();
    end(nowSeconds() + HOUR);
    const browser = await logIn(app);
    clock.advance((HOUR - 5) * 1000);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(10_000);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['absolute_timeout']);
  });

  it('lets no handler have tokens that is at work for longer, and refreshes none for it', async () => {
    const app = await start({
      handlers: (web) =>
        web.get('/report', async (req, res) => {
          const ask = () =>
            req.auth.getAccessToken().then(
              () => 'a token',
              ({ code }: { code: string }) => code,
            );
          const first = await ask();
          clock.advance((HOUR + 5) * 1000);
          res.json([first, await ask(), req.auth.isAuthenticated]);
        }),
    });
    end(nowSeconds() + HOUR);
    const browser = await logIn(app);
    const before = op.requests('token').length;
    expect(await (await browser.get('/report')).json()).toEqual(['a token', 'login_required', false]);
    expect(op.requests('token')).toHaveLength(before);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['absolute_timeout']);
  });

  it('that has come when a refresh tells of it, ends the session there and then', async () => {
    const app = await start();
    const browser = await logIn(app);
    end(nowSeconds() + 60);
    clock.advance(HOUR * 1000);
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['absolute_timeout']);
  });

  it('may be a fraction of a second', async () => {
    const app = await start();
    end(nowSeconds() + 600.1234);
    const browser = await logIn(app);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(605_000);
    expect(await whoIs(browser)).toBeNull();
  });

  it('makes no session longer than the options do', async () => {
    const app = await start({ session: { absoluteTimeoutSeconds: HOUR } });
    end(nowSeconds() + 10 * HOUR);
    const browser = await logIn(app);
    clock.advance((HOUR + 5) * 1000);
    expect(await whoIs(browser)).toBeNull();
  });

  it('stays what it is when the session gets a new id', async () => {
    const app = await start({
      handlers: (web) =>
        web.get('/renew', (req, res, next) => {
          req.session.regenerate((error: unknown) => (error ? next(error) : res.json({})));
        }),
    });
    end(nowSeconds() + HOUR);
    const browser = await logIn(app);
    expect((await browser.get('/renew')).status).toBe(200);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance((HOUR + 5) * 1000);
    expect(await whoIs(browser)).toBeNull();
  });

  it.each([
    ['sooner, ends the session then', 2 * HOUR, 2 * HOUR - 5, 2 * HOUR + 5],
    ['later, leaves it as the login had it', 20 * HOUR, 4 * HOUR - 5, 4 * HOUR + 5],
    ['so far away that no record holds it, leaves it as well', 1e13, 4 * HOUR - 5, 4 * HOUR + 5],
  ])('of a refresh, if %s', async (_, fresh, alive, over) => {
    const app = await start();
    const loggedInAt = nowSeconds();
    end(loggedInAt + 4 * HOUR);
    const browser = await logIn(app);
    end(loggedInAt + fresh);
    clock.advance(HOUR * 1000);
    expect((await ask(browser)).status).toBe(200);
    clock.advance((loggedInAt + alive) * 1000 - clock.now());
    expect(await whoIs(browser)).toBe('ada');
    clock.advance((loggedInAt + over) * 1000 - clock.now());
    expect(await whoIs(browser)).toBeNull();
  });
});

describe('session_expiry of an ID token', () => {
  const start = () => startApp({ op, now: clock.now });

  it.each([
    ['in the past', () => nowSeconds() - 60],
    ['of this very second, within the tolerance of clocks', nowSeconds],
    ['that is a text', () => String(nowSeconds() + HOUR)],
    ['that is null', () => null],
    ['of zero', () => 0],
  ])('%s is refused at the login', async (_, value) => {
    const app = await start();
    end(value());
    expect(await tryLogin(app)).toMatchObject(refused('provider_invalid_response'));
    expect(app.errors.at(-1)!.error).toMatchObject({ fault: { member: 'session_expiry' } });
  });

  it('is not taken from the userinfo endpoint, which speaks of the person alone', async () => {
    const app = await startApp({ op, now: clock.now, oidc: { userinfoAtLogin: true } });
    op.script({ userinfo: () => ({ sub: 'ada', session_expiry: 1 }) });
    expect(await whoIs(await logIn(app))).toBe('ada');
  });
});
