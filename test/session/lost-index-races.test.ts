import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { type GatedRedis, gateRedis, interleave } from '../support/gated-redis.ts';
import { done, sendLogout } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const ada = { issuer: op.issuer, sub: 'ada' };
let one: TestApp & { gate: GatedRedis };
let two: TestApp & { gate: GatedRedis };

async function startGated(baseUrl?: string) {
  const gate = gateRedis(redis.client());
  const options = {
    op,
    redis: gate.client,
    now: clock.now,
    storeTimeoutMs: 60_000,
    routes: { session: '/session' },
  };
  const app = await startApp({ ...options, ...(baseUrl && { baseUrl }) });
  return Object.assign(app, { gate });
}

const goOn = () => {
  for (const { gate } of [one, two]) gate.onCommand = () => undefined;
};

beforeAll(async () => {
  one = await startGated();
  two = await startGated(one.origin);
});
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
  goOn();
});
afterAll(async () => {
  await one.close();
  await two.close();
});

const indexNames = () => database.keys('connect-auth:s[ui][bd]:*');

/** What a failover of the server that has the indexes does: it knows nothing of what it had acknowledged last. */
async function loseIndexes() {
  const names = await indexNames();
  expect(names).toHaveLength(2);
  await database.del(names);
}

type Held = 'touch' | 'logout';

/** Lets a session be touched at the one process and logged out at the other, held at each command of one of them in turn. */
async function meet(
  held: Held,
  { prepare, logOut }: { prepare: () => Promise<void>; logOut: (browser: BrowserClient) => Promise<unknown> },
) {
  let runs = 0;
  for (let isHeld = true; isHeld; runs += 1) {
    await database.flushall();
    goOn();
    clock.advance(1000);
    const browser = await logInWith(op, one);
    await prepare();
    const pause = (name: Held) => (held === name ? runs : 99);
    const slide = async () => expect((await browser.get('/session?slide=true')).status).toBe(200);
    const touches = { gate: one.gate, pause: pause('touch'), act: slide };
    const logsOut = { gate: two.gate, pause: pause('logout'), act: () => logOut(browser) };
    [isHeld] = await (held === 'touch' ? interleave(touches, logsOut) : interleave(logsOut, touches));
    goOn();
    expect([runs, await whoIs(browser)]).toEqual([runs, null]);
    expect([runs, await indexNames()]).toEqual([runs, []]);
  }
  expect(runs).toBeGreaterThan(2);
}

describe.each<Held>([
  'touch',
  'logout',
])('a touch and a logout at once, held at each command of the %s (F-80, F-83)', (held) => {
  it('leave nobody logged in, and nothing in the index, where the logout comes from elsewhere and the index was lost', () =>
    meet(held, {
      prepare: async () => {
        await loseIndexes();
        clock.advance(MINUTE);
      },
      logOut: () => two.auth.sessions.revokeAll(ada),
    }));

  it('leave nothing of a session that its own browser logs out', () =>
    meet(held, {
      prepare: async () => undefined,
      logOut: ({ jar }) => two.browser(jar.clone()).post('/logout'),
    }));
});

describe('a login whose first entry in the index is lost before its record is written (F-09)', () => {
  it('is found all the same', async () => {
    const browser = one.browser();
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    one.gate.onCommand = async (name) => {
      if (name === 'connectAuth:writeLogin') await loseIndexes();
    };
    await browser.deliver(callback);
    goOn();
    expect(await whoIs(browser)).toBe('ada');
    expect(await sendLogout(two, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });
});
