import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { readSessionId } from '../support/session-records.ts';

const HOUR = 3_600_000;
const bed = setUpBed();

describe.each(['redis', 'memory'] as const)('a session in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    bed.start({ redis: kind === 'redis' ? bed.redis.url : 'memory', now: bed.clock.now, ...options });

  it('gets a new id at each login, and the old id is dead (R-111, F-58, CVE-2021-41246, CVE-2022-25896)', async () => {
    const app = await start();
    const browser = app.browser();
    const ids = new Set<string>();
    const cookies = [];
    for (let login = 0; login < 3; login += 1) {
      await app.logIn(browser);
      ids.add(readSessionId(browser));
      cookies.push(browser.jar.clone());
    }
    expect(ids.size).toBe(3);
    const users = await Promise.all(cookies.map((jar) => whoIs(app.browser(jar))));
    expect(users).toEqual([null, null, 'ada']);
  });

  it('that an attacker planted gives the attacker nothing after the login (R-111, F-58, CVE-2023-29019)', async () => {
    const app = await start({ session: { carryOver: ['cart'] } });
    const attacker = app.browser();
    await attacker.get('/save?cart=3&admin=yes&csrfToken=known');
    const victim = app.browser(attacker.jar.clone());
    await app.logIn(victim);
    expect(await whoIs(attacker)).toBeNull();
    expect(await dataOf(attacker)).toEqual({});
    expect(readSessionId(victim)).not.toBe(readSessionId(attacker));
    expect(await dataOf(victim)).toEqual({ cart: '3' });
  });

  it('drops everything of the anonymous session at login, unless told to carry it over (F-58)', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/save?cart=3');
    await app.logIn(browser);
    expect(await dataOf(browser)).toEqual({});
  });

  it('keeps its data when the same person logs in again, and loses it to another', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser, { as: 'ada' });
    await browser.get('/save?draft=hers');
    await app.logIn(browser, { as: 'ada' });
    expect(await dataOf(browser)).toEqual({ draft: 'hers' });
    await app.logIn(browser, { as: 'grace' });
    expect(await dataOf(browser)).toEqual({});
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['replaced', 'ada']]);
  });

  it('ends at its absolute end, however busy it is (R-112, F-23, CVE-2025-46344, CVE-2024-35220)', async () => {
    const app = await start({
      session: { idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 2 * 3600, persistent: true },
    });
    const browser = app.browser();
    await app.logIn(browser);
    for (let visit = 1; visit < 4; visit += 1) {
      bed.clock.advance(HOUR / 2);
      expect(await whoIs(browser)).toBe('ada');
      await browser.get(`/save?visit=${visit}`);
    }
    bed.clock.advance(HOUR / 2);
    expect((await browser.get('/me')).status).toBe(302);
    expect(await whoIs(browser)).toBeNull();
    expect(await dataOf(browser)).toEqual({});
  });

  it('is never adopted from a browser: an id that ended gets a new one (R-130, CVE-2024-29901)', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/save?a=1');
    await app.logIn(browser);
    const old = browser.jar.clone();
    const id = readSessionId(browser);
    await browser.post('/logout');
    const returning = app.browser(old);
    await returning.get('/save?b=2');
    expect(readSessionId(returning)).not.toBe(id);
    expect(await dataOf(returning)).toEqual({ b: '2' });
  });

  it('ends when it was idle for too long, and each request starts that time anew (R-112)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 3600 } });
    const browser = app.browser();
    await app.logIn(browser);
    for (let visit = 0; visit < 3; visit += 1) {
      bed.clock.advance(HOUR - 60_000);
      expect(await whoIs(browser)).toBe('ada');
    }
    await browser.get('/save?a=1');
    bed.clock.advance(HOUR + 1);
    expect(await whoIs(browser)).toBeNull();
    expect(await dataOf(browser)).toEqual({});
  });
});
