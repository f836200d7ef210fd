import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { readSessionId, redisKeysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const bed = setUpBed();

describe('a session in Redis', () => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    bed.start({ redis: bed.redis.url, now: bed.clock.now, ...options });
  const recordsOf = (app: TestApp, browser: BrowserClient) => {
    const { record, data, tokens } = redisKeysOfBrowser(app, browser);
    return [record, data, tokens];
  };
  const livesOf = async (app: TestApp, browser: BrowserClient) =>
    Promise.all(recordsOf(app, browser).map((key) => bed.redis.client().pttl(key)));

  it('lives as long as the idle time-out, and is touched at most once a minute (R-112)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 3600 } });
    const browser = app.browser();
    await app.logIn(browser);
    const keys = recordsOf(app, browser);
    for (const key of keys) await bed.redis.client().pexpire(key, 1000);
    await browser.get('/api/me');
    expect(Math.max(...(await livesOf(app, browser)))).toBeLessThanOrEqual(1000);

    bed.clock.advance(60_000);
    await bed.redis.resetCommandCounts();
    await Promise.all(Array.from({ length: 10 }, () => browser.get('/api/me')));
    await until(async () => Math.min(...(await livesOf(app, browser))) > HOUR - 60_000);
    const { mget, ...others } = await bed.redis.commandCounts();
    // The touch also writes its entry in two indexes again, and reads the mark of each.
    expect(others).toMatchObject({ pexpire: 3, setrange: 1, zadd: 2 });
    // One for each request, unless they share it, one of the test's own, and two for the marks.
    expect(mget).toBeLessThanOrEqual(13);
  });

  it('ends at its idle and absolute end, whatever life the server gives it (R-112, F-23)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 5000 } });
    const [idle, busy] = [app.browser(), app.browser()];
    for (const browser of [idle, busy]) {
      await app.logIn(browser);
      await browser.get('/save?a=1');
      for (const key of recordsOf(app, browser)) await bed.redis.client().persist(key);
    }
    bed.clock.advance(3_500_000);
    expect(await whoIs(busy)).toBe('ada');
    bed.clock.advance(100_001);
    expect([await whoIs(idle), await whoIs(busy)]).toEqual([null, 'ada']);
    bed.clock.advance(1_400_000);
    expect([await whoIs(idle), await whoIs(busy)]).toEqual([null, null]);

    bed.clock.advance(120_000);
    await bed.redis.resetCommandCounts();
    expect([await whoIs(idle), await whoIs(busy)]).toEqual([null, null]);
    expect([await dataOf(idle), await dataOf(busy)]).toEqual([{}, {}]);
    expect((await bed.redis.commandCounts()).pexpire).toBeUndefined();
  });

  it('is not given a life beyond its absolute end and the hour after it (F-23)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 5000 } });
    const browser = app.browser();
    await app.logIn(browser);
    for (const rest of [5000, 2000, 10]) {
      const lives = await livesOf(app, browser);
      expect(Math.max(...lives)).toBeLessThanOrEqual(Math.min(3600, rest) * 1000 + HOUR);
      bed.clock.advance(rest === 5000 ? 3_000_000 : 1_990_000);
      if (rest > 10) expect(await whoIs(browser)).toBe('ada');
    }
  });

  it('may be written by a handler that outlives it (R-112)', async () => {
    const app = await start({
      session: { idleTimeoutSeconds: 100, absoluteTimeoutSeconds: 100 },
      handlers: (server) =>
        server.get('/slow', (req, res) => {
          Object.assign(req.session, { late: true });
          bed.clock.advance(101_000);
          res.json('done');
        }),
    });
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.get('/slow')).status).toBe(200);
    expect(await dataOf(browser)).toEqual({});
  });

  it('costs each request one MGET and nothing else (F-06)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    await bed.redis.resetCommandCounts();
    for (let request = 0; request < 5; request += 1) await browser.get('/me');
    expect(await bed.redis.commandCounts()).toEqual({ mget: 5 });
    await bed.redis.resetCommandCounts();
    await app.browser().get('/');
    expect(await bed.redis.commandCounts()).toEqual({});
  });

  it('takes a login a bounded number of commands, none of which looks through all keys (F-06, F-22)', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/save?a=1');
    await app.logIn(browser);
    await bed.redis.resetCommandCounts();
    await app.logIn(browser);
    await browser.post('/logout');
    const counts = await bed.redis.commandCounts();
    expect(Object.keys(counts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/keys|scan|flush/)]),
    );
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBeLessThan(60);
  });

  it('is in there by the hash of its id only, without anything that opens it (R-96, R-110)', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/login');
    await app.logIn(browser);
    const dump = await bed.redis.dump();
    expect(dump).toContain(redisKeysOf(app, readSessionId(browser)).record);
    for (const cookie of browser.jar.all()) {
      for (const part of decodeURIComponent(cookie.value)
        .split(/[.:]/)
        .filter((each) => each.length > 16)) {
        expect(dump).not.toContain(part);
      }
    }
    expect(dump).not.toMatch(/eyJ[\w-]+\.eyJ/);
  });

  it('that ended on one node is useless on every other at once (R-113, F-61)', async () => {
    const one = await start();
    const two = await start({ baseUrl: one.origin });
    const browser = one.browser();
    await one.logIn(browser);
    const onTwo = two.browser(browser.jar.clone());
    expect(await whoIs(onTwo)).toBe('ada');
    await browser.post('/logout');
    expect(await whoIs(onTwo)).toBeNull();
  });

  it('serves a thousand requests at once, each with its own user and no other (F-35)', async () => {
    const app = await start();
    const [ada, grace] = [app.browser(), app.browser()];
    await app.logIn(ada, { as: 'ada' });
    await app.logIn(grace, { as: 'grace' });
    const id = readSessionId(ada);
    const subs = await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const answer = await (index % 2 ? grace : ada).get('/api/me');
        return (await answer.json()).sub;
      }),
    );
    expect(subs.filter((sub, index) => sub !== (index % 2 ? 'grace' : 'ada'))).toEqual([]);
    expect(readSessionId(ada)).toBe(id);
  });
});
