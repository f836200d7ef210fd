import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LogoutReason } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { sendLogout, sidOf } from '../support/logout-token.ts';
import { json } from '../support/scripted-answers.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();

beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});

/** Something that ends Ada's session, and what the application is told of it. */
interface Way {
  readonly reason: LogoutReason;
  end(app: TestApp, browser: BrowserClient): Promise<unknown>;
}

const WAYS: Record<string, Way> = {
  'her logout': { reason: 'logout', end: (_app, browser) => browser.post('/logout') },
  'a login of somebody else in the same browser (F-59)': {
    reason: 'replaced',
    end: (app, browser) => app.logIn(browser, { as: 'grace' }),
  },
  'its idle end (R-112)': {
    reason: 'idle_timeout',
    end: async (_app, browser) => {
      clock.advance(11 * MINUTE);
      await browser.get('/');
    },
  },
  'its absolute end (R-112)': {
    reason: 'absolute_timeout',
    end: async (_app, browser) => {
      for (let minute = 0; minute < 31; minute += 6) {
        await browser.get('/me');
        clock.advance(6 * MINUTE);
      }
      await browser.get('/');
    },
  },
  'the provider’s no to a refresh (R-59, R-95, F-73)': {
    reason: 'refresh_refused',
    end: async (_app, browser) => {
      op.script({ refresh: () => json(400, { error: 'invalid_grant' }) });
      clock.advance(MINUTE);
      await browser.get('/token?min=3550');
    },
  },
  'req.session.destroy()': { reason: 'destroyed', end: (_app, browser) => browser.get('/destroy') },
  'a logout token': {
    reason: 'back_channel',
    end: (app) => sendLogout(app, op, { sub: 'ada', now: clock.now }),
  },
  'the frame of a logout': {
    reason: 'front_channel',
    end: (app) => {
      const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
      return app.browser().get(`/oauth/frontchannel-logout?${query}`);
    },
  },
  'its revocation': {
    reason: 'revoked',
    end: async (app) => {
      const [session] = await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' });
      await app.auth.sessions.revoke(session!.handle);
    },
  },
};

describe.each(['redis', 'memory'] as const)('a session in %s that ends by', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({
      ...{ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now },
      session: { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 1800 },
      handlers: (server) => {
        addTokenRoutes(server);
        server.get('/destroy', (req, res) => {
          req.session.destroy(() => res.end());
        });
      },
      ...options,
    });

  it.each(
    Object.entries(WAYS),
  )('%s is gone with all that it was, and one event says why (R-113)', async (_, way) => {
    const app = await start();
    const browser = await logInWith(op, app);
    await browser.get('/save?draft=hers');
    const old = browser.jar.clone();
    const asBefore = () => app.browser(old.clone());
    await way.end(app, browser);

    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([[way.reason, 'ada']]);
    expect(app.logouts[0]).toMatchObject({ provider: 'default', issuer: op.issuer });
    expect(await whoIs(asBefore())).toBeNull();
    expect((await asBefore().get('/me')).status).toBe(302);
    expect((await asBefore().get('/api/me', { 'sec-fetch-mode': 'cors' })).status).toBe(401);
    expect(await dataOf(asBefore())).toEqual({});
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toEqual([]);
    // Whoever comes back with the old cookie makes no second event of it.
    expect(app.logouts).toHaveLength(1);
    op.script();
    clock.advance(1);
    expect(await whoIs(await logInWith(op, app))).toBe('ada');
  });
});

describe('a session that two processes see end', () => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({
      ...{ op, redis: redis.url, now: clock.now, session: { idleTimeoutSeconds: 600 } },
      ...options,
    });

  it('by its idle end is told once, however many requests notice (R-112)', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    const browser = await logInWith(op, one);
    clock.advance(11 * MINUTE);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => whoIs((index % 2 ? one : two).browser(browser.jar.clone()))),
    );
    expect([...one.logouts, ...two.logouts].map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });

  it('by its idle end leaves a cookie that opens nothing, and nothing in Redis but what expires', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const keys = redisKeysOfBrowser(app, browser);
    clock.advance(11 * MINUTE);
    const answer = await browser.get('/');
    // A newer login may have begun meanwhile: no late answer may take its cookie.
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await whoIs(browser)).toBeNull();
    const { record, data, tokens } = keys;
    expect(await database.exists(data)).toBe(0);
    // For a minute it is known who ended it.
    for (const key of [record, tokens]) expect(await database.pttl(key)).toBeLessThanOrEqual(MINUTE);
    for (const key of await database.keys('*')) expect(await database.pttl(key)).toBeGreaterThan(0);
  });

  it('is told with a request that has its req.auth and a session of nobody, which may keep what is said there', async () => {
    const seen: unknown[] = [];
    const app = await start({
      onLogout: ({ req }) => {
        seen.push(req!.auth.isAuthenticated);
        Object.assign(req!.session, { notice: 'You were signed out.' });
      },
    });
    const browser = await logInWith(op, app);
    await browser.get('/save?secret=1');
    clock.advance(11 * MINUTE);
    await browser.get('/');
    expect(seen).toEqual([false]);
    expect(app.errors).toEqual([]);
    expect([await whoIs(browser), await dataOf(browser)]).toEqual([null, { notice: 'You were signed out.' }]);
  });

  it('is told of nobody when the application itself never logged anybody in', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/save?a=1');
    clock.advance(11 * MINUTE);
    await browser.get('/');
    await browser.post('/logout');
    expect(app.logouts).toEqual([]);
  });
});

describe('a login in a browser where somebody is logged in', () => {
  it('of somebody else ends the first session and revokes its tokens, and no other (F-59)', async () => {
    const app = await startApp({ op, redis: redis.url, now: clock.now });
    const [browser, elsewhere] = [await logInWith(op, app), await logInWith(op, app)];
    op.forgetRequests();
    await app.logIn(browser, { as: 'grace' });
    expect(await whoIs(browser)).toBe('grace');
    expect(await whoIs(elsewhere)).toBe('ada');
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toHaveLength(1);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'grace' })).toHaveLength(1);
  });

  it('of the same person is a new id of the same: no event, and one session in the list (R-111)', async () => {
    const app = await startApp({ op, redis: redis.url, now: clock.now });
    const browser = await logInWith(op, app);
    const old = browser.jar.clone();
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    expect(await whoIs(app.browser(old))).toBeNull();
    expect(app.logouts).toEqual([]);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toHaveLength(1);
  });
});
