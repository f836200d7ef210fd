import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { findLivingRecords } from '../support/living-records.ts';
import {
  createLogoutToken,
  done,
  failedLogout,
  postLogoutToken,
  readLogoutAnswer,
  sendLogout,
} from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { seedSessions } from '../support/seed-sessions.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, now: clock.now, ...options });
const token = (changes: object = {}) => createLogoutToken(op, { sub: 'ada', now: clock.now, ...changes });
const post = async (app: { origin: string }, jwt: string) =>
  readLogoutAnswer(await postLogoutToken(app, jwt));
/** What Redis lets clients do from now on. */
const allow = (...rules: string[]) => database.call('ACL', 'SETUSER', 'default', ...rules);

beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});
afterEach(() => allow('+@all', 'allkeys'));

describe('a logout token that fails half-way', () => {
  it.each([
    ['before anything is done', '-evalsha'],
    ['when it has been noted', '-mget'],
    ['when the mark has been left', '-zscan'],
    ['when the sessions have been found', '-del'],
    ['when the sessions have ended, which nobody has been told of', '-pexpire'],
  ])('%s is answered 503, and mended when it comes again (F-81, R-85)', async (_, rule) => {
    const app = await start();
    const browsers = [await logInWith(op, app, { sid: 'one' }), await logInWith(op, app, { sid: 'two' })];
    const jwt = token();
    await allow(rule);
    const failure = await postLogoutToken(app, jwt);
    expect(Number(failure.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await readLogoutAnswer(failure)).toEqual(failedLogout);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['store_unavailable']);
    await allow('+@all');
    clock.advance(10_000);
    expect(await post(app, jwt)).toEqual(done);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, null]);
    // What was unknown is found out, and told, behind the provider's back.
    await until(() => app.logouts.length === 2);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['back_channel', 'back_channel']);
  });

  it('tells of each session once, of those that ended at first and of the others later (F-81)', async () => {
    const app = await start();
    const browsers = [await logInWith(op, app, { sid: 'one' }), await logInWith(op, app, { sid: 'two' })];
    const jwt = token();
    const { key } = redisKeysOfBrowser(app, browsers[0]!);
    await allow('resetkeys', `~*{${key}}`, '~*jti:*', '~*mark:*', '~*sub:*', '~*sid:*');
    expect(await post(app, jwt)).toEqual(failedLogout);
    expect(app.logouts).toHaveLength(1);
    await allow('allkeys');
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, 'ada']);
    expect(await post(app, jwt)).toEqual(done);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, null]);
    expect(app.logouts).toHaveLength(2);
  });

  it('and never comes again has stopped the logins that were under way (F-80, F-81)', async () => {
    const app = await start();
    const browser = app.browser();
    const redirect = await browser.get('/login');
    const callback = await op.signIn(redirect.headers.get('location')!);
    await allow('-zscan');
    expect(await post(app, token())).toEqual(failedLogout);
    await allow('+@all');
    expect((await browser.deliver(callback)).status).toBe(403);
    expect(await whoIs(browser)).toBeNull();
  });

  it('with Redis away altogether is answered 503 within the bound (R-85)', async () => {
    const app = await start({ storeTimeoutMs: 300 });
    const browser = await logInWith(op, app);
    const jwt = token();
    redis.pause();
    const begun = performance.now();
    expect(await post(app, jwt)).toEqual(failedLogout);
    expect(performance.now() - begun).toBeLessThan(1500);
    redis.resume();
    await until(async () => (await post(app, jwt)).status === 200);
    expect(await whoIs(browser)).toBeNull();
  });

  it('because the application threw has ended all sessions all the same, and is well', async () => {
    const onLogout = () => {
      throw new Error('of the application');
    };
    const app = await start({ onLogout });
    const browsers = [await logInWith(op, app, { sid: 'one' }), await logInWith(op, app, { sid: 'two' })];
    expect(await post(app, token())).toEqual(done);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, null]);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['unexpected', 'logout'],
      ['unexpected', 'logout'],
    ]);
  });
});

describe('a logout token in two processes', () => {
  it('at once is well in both, and each session ends once (F-82)', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    const browsers = await Promise.all(Array.from({ length: 5 }, () => logInWith(op, one)));
    const jwt = token();
    const answers = await Promise.all([one, two, one, two].map((app) => post(app, jwt)));
    expect(answers).toEqual([done, done, done, done]);
    for (const app of [one, two]) {
      const users = await Promise.all(browsers.map(({ jar }) => whoIs(app.browser(jar.clone()))));
      expect(users).toEqual(browsers.map(() => null));
    }
    expect([...one.logouts, ...two.logouts]).toHaveLength(5);
  });

  it('has its jti known in both (R-81, F-82)', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    await post(one, token({ claims: { jti: 'same' } }));
    const other = await post(two, token({ sub: 'grace', claims: { jti: 'same' } }));
    expect(other.status).toBe(400);
  });
});

describe('a person with a thousand sessions', () => {
  it('is logged out of all of them by one token, soon (F-81)', async () => {
    const app = await start();
    const { issuer, clientId } = op;
    await seedSessions(redis.url, { count: 1000, app, issuer, clientId, sub: 'ada', now: clock.now });
    const browser = await logInWith(op, app);
    const grace = await logInWith(op, app, { as: 'grace' });
    expect((await database.keys('connect-auth:s:*')).length).toBe(1002);
    await redis.resetCommandCounts();
    const begun = performance.now();
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(performance.now() - begun).toBeLessThan(5000);
    const { keys, scan } = await redis.commandCounts();
    expect([keys, scan]).toEqual([undefined, undefined]);
    const { record, data, tokens } = redisKeysOfBrowser(app, grace);
    expect((await findLivingRecords(database)).sort()).toEqual([data, record, tokens].sort());
    expect(await Promise.all([browser, grace].map(whoIs))).toEqual([null, 'grace']);
    expect(app.logouts).toHaveLength(1001);
    // Beside the records: the mark, the token's note, the two logins taken a moment ago, and Grace's indexes.
    const left = (await database.keys('*')).map((key) => key.split(':')[1]!).sort();
    const others = left.filter((kind) => !['s', 'd', 't'].includes(kind));
    expect(others).toEqual(['jti', 'mark', 'sid', 'sub', 'used', 'used']);
  });
});
