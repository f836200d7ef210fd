import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { construct } from '../support/construct.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

const start = (session: TestAppOptions['session'], options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, now: clock.now, session, ...options });

/** One login after the other, each in a browser of its own and a second later. */
async function logInTimes(app: TestApp, times: number, as = 'ada'): Promise<BrowserClient[]> {
  const browsers: BrowserClient[] = [];
  for (let time = 0; time < times; time += 1) {
    clock.advance(1000);
    browsers.push(await logInWith(op, app, { as, sid: `${as} ${clock.now()}` }));
  }
  return browsers;
}

const whoAre = (browsers: readonly BrowserClient[]) => Promise.all(browsers.map(whoIs));

describe('a user with as many sessions as they may have', () => {
  it('logs in, and the oldest session ends, which onLogout is told', async () => {
    const app = await start({ maxPerUser: 2 });
    const browsers = await logInTimes(app, 4);
    expect(await whoAre(browsers)).toEqual([null, null, 'ada', 'ada']);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([
      ['limit', 'ada'],
      ['limit', 'ada'],
    ]);
    expect(app.errors).toEqual([]);
  });

  it('is refused with `refuse`, told why, and can log in again after a logout', async () => {
    const app = await start({ maxPerUser: 1, whenTooMany: 'refuse' });
    const [first] = await logInTimes(app, 1);
    const second = app.browser();
    const refused = await app.logIn(second);
    expect([refused.status, await whoIs(second)]).toEqual([403, null]);
    expect(await refused.text()).toContain('You are signed in elsewhere');
    expect(app.errors.map(({ error }) => [error.code, error.message])).toEqual([
      ['login_limited', 'This user has 1 sessions, and session.maxPerUser is 1.'],
    ]);
    expect([await whoIs(first!), app.logouts]).toEqual(['ada', []]);
    await first!.post('/logout');
    expect((await app.logIn(second)).status).toBe(303);
    expect(await whoIs(second)).toBe('ada');
  });

  it('does not count what has ended or runs out, nor other people, nor the session it takes the place of', async () => {
    const app = await start({ maxPerUser: 1, whenTooMany: 'refuse', idleTimeoutSeconds: 60 });
    const [ada] = await logInTimes(app, 1);
    const [grace] = await logInTimes(app, 1, 'grace');
    // The same person in the same browser proves again who they are.
    expect((await app.logIn(ada!)).status).toBe(303);
    expect(await whoAre([ada!, grace!])).toEqual(['ada', 'grace']);
    // Nobody has looked at it since.
    clock.advance(61_000);
    expect(await whoAre(await logInTimes(app, 1))).toEqual(['ada']);
    expect(app.errors).toEqual([]);
  });

  it.each([
    'refuse',
    'end_oldest',
  ] as const)('cannot have more by two logins at once, in two processes, of which one stands (%s)', async (whenTooMany) => {
    const one = await start({ maxPerUser: 1, whenTooMany });
    const two = await start({ maxPerUser: 1, whenTooMany }, { baseUrl: one.origin });
    for (let round = 0; round < 4; round += 1) {
      const browsers = [one.browser(), one.browser()];
      const callbacks = [await holdCallback(op, browsers[0]!), await holdCallback(op, browsers[1]!)];
      const atTwo = callbacks[1]!.url.replace(one.origin, two.origin);
      const other = two.browser(browsers[1]!.jar);
      await Promise.all([browsers[0]!.deliver(callbacks[0]!), other.deliver({ method: 'GET', url: atTwo })]);
      const who = await whoAre([browsers[0]!, other]);
      expect(who.filter((sub) => sub === 'ada')).toHaveLength(1);
      await one.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });
      clock.advance(1000);
    }
  });

  it('is refused while the store cannot say how many there are', async () => {
    const app = await start({ maxPerUser: 1 }, { storeTimeoutMs: 500 });
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    redis.pause();
    try {
      expect((await browser.deliver(callback)).status).toBe(503);
    } finally {
      redis.resume();
    }
    expect(await whoIs(browser)).toBeNull();
  });
});

it.each<[object, string]>([
  [{ maxPerUser: 0 }, 'session.maxPerUser must be a number from 1 to 1000; it is 0.'],
  [{ maxPerUser: 1.5 }, 'session.maxPerUser must be a whole number; it is 1.5.'],
  [{ whenTooMany: 'end' }, 'session.whenTooMany must be one of "end_oldest", "refuse"'],
  [{ maxSessions: 1 }, '"maxSessions". Did you mean "maxPerUser"?'],
])('%j is refused (F-123)', (session, message) => {
  expect(construct({ session })).toContain(message);
});
