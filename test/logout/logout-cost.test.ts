import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { done, sendLogout, sidOf } from '../support/logout-token.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RedisTurns, startRedisTurns } from '../support/redis-turns.ts';
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts';
import { seedSessions } from '../support/seed-sessions.ts';

// Bounds, not time: what is counted here is the same on every machine. Who raises one must say why.
describe('what the end of a session costs', () => {
  let redis: RedisServer;
  let turns: RedisTurns;
  let op: ScriptedProvider;
  let app: TestApp;

  beforeAll(async () => {
    [redis, op] = await Promise.all([startRedisServer(), startScriptedProvider()]);
    turns = await startRedisTurns(redis);
    app = await startApp({ op, redis: turns.url });
    // What is done once, such as loading scripts, is done.
    for (const sub of ['ada', 'ada']) {
      await app.logIn(app.browser(), { as: sub });
      await sendLogout(app, op, { sub });
    }
  });
  afterAll(async () => {
    await app.close();
    await op.close();
    await turns.close();
    await redis.stop();
  });
  beforeEach(async () => {
    await redis.client().flushdb();
    await redis.resetCommandCounts();
  });

  const count = async (work: () => Promise<unknown>) => {
    await redis.resetCommandCounts();
    const before = turns.count;
    await work();
    return { trips: turns.count - before, commands: await redis.commandCounts() };
  };
  const logOutByToken = async (claims: { sub?: string; sid?: string }) => {
    const browser = app.browser();
    await app.logIn(browser);
    const cost = await count(async () => expect(await sendLogout(app, op, claims)).toEqual(done));
    expect(await whoIs(browser)).toBeNull();
    return cost;
  };

  it.each([
    ['a user', { sub: 'ada' }],
    ['a session at the provider', { sid: sidOf('ada') }],
  ])('a logout token for %s costs the same among many sessions as among few', async (_, claims) => {
    const among = await logOutByToken(claims);
    await seedSessions(redis.url, {
      ...{ count: 1000, app, issuer: op.issuer, clientId: op.clientId, sub: 'somebody else', now: Date.now },
    });
    expect(await logOutByToken(claims)).toEqual(among);
    expect(among.trips).toBeLessThanOrEqual(6);
  });

  it('a frame for a session that nobody has costs two commands, of the one mark and the index', async () => {
    const path = `/oauth/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: 'nobody' })}`;
    const { trips } = await count(async () => expect((await app.browser().get(path)).status).toBe(200));
    expect(trips).toBeLessThanOrEqual(2);
    expect(await redis.client().dbsize()).toBe(1);
  });

  it('a login under way costs nothing until it comes back, and nothing when it is taken back by an error', async () => {
    const browser = app.browser();
    const costs = await count(async () => {
      for (let tab = 0; tab < 3; tab += 1) await beginLogin(browser);
      const state = (await beginLogin(browser)).searchParams.get('state')!;
      const answer = { error: 'access_denied', state, iss: op.issuer };
      const path = `/oauth/callback?${new URLSearchParams(answer)}`;
      expect((await browser.get(path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    });
    expect(costs).toEqual({ trips: 0, commands: {} });
    expect(await redis.client().dbsize()).toBe(0);
  });

  it('a logout by its browser, with a login under way, costs a bounded number of round trips', async () => {
    const browser = app.browser();
    await app.logIn(browser);
    await beginLogin(browser);
    const { trips } = await count(() => browser.post('/logout'));
    expect(trips).toBeLessThanOrEqual(5);
  });
});
