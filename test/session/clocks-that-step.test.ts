import { get, type IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const IDLE_MINUTES = 10;

/** The time that really is, and how far all clocks are from it, and the store's beside them. */
const time = { real: Date.now(), all: 0, store: 0 };
/** How far clocks are from the time that really is, in milliseconds; `ahead` is that of the process. */
interface Steps {
  readonly ahead?: number;
  readonly store?: number;
  readonly all?: number;
}
const op = await useScriptedProvider({ now: () => time.real + time.all });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();

beforeEach(() => void Object.assign(time, { all: 0, store: 0 }));

/** A process whose own clock the test sets; its monotonic clock goes with the time that really is. */
async function startProcess(kind: 'redis' | 'memory', options: Partial<TestAppOptions> = {}) {
  const clock = { ahead: 0 };
  const app = await startApp({
    ...{ op, redis: kind === 'redis' ? redis.url : 'memory' },
    now: {
      now: () => time.real + time.all + clock.ahead,
      monotonic: () => time.real,
      store: () => time.real + time.all + time.store,
    },
    session: { idleTimeoutSeconds: IDLE_MINUTES * 60, absoluteTimeoutSeconds: (7 * DAY) / 1000 },
    ...options,
  });
  return { app, clock };
}

/** Somebody who comes back every few minutes, for so many. Returns who they were taken for. */
async function workFor(minutes: number, ...browsers: BrowserClient[]): Promise<Set<string | null>> {
  const users = new Set<string | null>();
  for (let passed = 0; passed < minutes; passed += 4) {
    time.real += 4 * MINUTE;
    for (const browser of browsers) users.add(await whoIs(browser));
  }
  return users;
}

const logIn = async (app: TestApp) => {
  const browser = app.browser();
  await app.logIn(browser);
  return browser;
};

describe.each(['redis', 'memory'] as const)('sessions in %s, by clocks that step (N-06)', (kind) => {
  const atWork = new Set(['ada']);

  it.each<[string, ...Steps[]]>([
    ['of the process is a day ahead for a while', {}, { ahead: DAY }, {}],
    ['of the process is an hour ahead for a while', {}, { ahead: 60 * MINUTE }, {}],
    ['of the process is an hour behind for a while', {}, { ahead: -60 * MINUTE }, {}],
    // Further than an hour no record outlives it: Redis keeps lives as ends, by its own clock.
    ['of the store is an hour ahead for a while', {}, { store: 60 * MINUTE }, {}],
    ['of the store falls an hour behind', {}, { store: -60 * MINUTE }],
    ['of the store is four minutes ahead for a while', {}, { store: 4 * MINUTE }, {}],
    ['of the store is four minutes behind for a while', {}, { store: -4 * MINUTE }, {}],
    ['of all was a day ahead', { all: DAY }, {}],
  ])('nobody at work is logged out, and who is idle is, where the clock %s', async (_, ...steps) => {
    const { app, clock } = await startProcess(kind);
    const step = ({ ahead = 0, store = 0, all = 0 }: Steps) => {
      clock.ahead = ahead;
      Object.assign(time, { store, all });
    };
    step(steps[0]!);
    const browser = await logIn(app);
    for (const next of steps) {
      step(next);
      expect(await workFor(24, browser)).toEqual(atWork);
    }
    expect(await workFor(60, browser)).toEqual(atWork);
    expect(app.logouts).toEqual([]);
    time.real += (IDLE_MINUTES + 1) * MINUTE;
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });

  it('the last touch is written at most once a minute, and always after one, whatever the clock', async () => {
    const { app, clock } = await startProcess(kind);
    const browser = await logIn(app);
    clock.ahead = DAY;
    time.real += 2 * MINUTE;
    await whoIs(browser);
    clock.ahead = 0;
    const user = { issuer: op.issuer, sub: 'ada' };
    for (let visit = 0; visit < 5; visit += 1) {
      time.real += 61_000;
      await whoIs(browser);
      const seen = time.real;
      await until(async () =>
        (await app.auth.sessions.list(user)).some(({ lastSeenAt }) => lastSeenAt.getTime() === seen),
      );
      time.real += 30_000;
      await whoIs(browser);
      expect((await app.auth.sessions.list(user))[0]!.lastSeenAt.getTime()).toBe(seen);
    }
    await app.auth.sessions.revokeAll(user);
  });

  it('who is idle is logged out, though another clock is behind', async () => {
    const { app, clock } = await startProcess(kind);
    const browser = await logIn(app);
    clock.ahead = -3 * MINUTE;
    time.real += (IDLE_MINUTES + 4) * MINUTE;
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });

  it('the absolute end comes by the store’s clock, and not before it', async () => {
    const { app, clock } = await startProcess(kind, { session: { absoluteTimeoutSeconds: 3600 } });
    const browser = await logIn(app);
    clock.ahead = 2 * 60 * MINUTE;
    expect(await whoIs(browser)).toBe('ada');
    clock.ahead = 0;
    time.real += 61 * MINUTE;
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['absolute_timeout']);
  });
});

describe('two processes, one behind the other (N-06)', () => {
  it.each([
    ['four minutes', -4 * MINUTE],
    ['an hour', -60 * MINUTE],
    ['a day', -DAY],
  ])('keep a session that is in use at both or at one, by %s', async (_, ahead) => {
    const { app: right } = await startProcess('redis');
    const { app: behind, clock } = await startProcess('redis', { baseUrl: right.origin });
    clock.ahead = ahead;
    const browser = await logIn(right);
    const there = behind.browser(browser.jar);
    expect(await workFor(40, browser, there)).toEqual(new Set(['ada']));
    expect(await workFor(40, there)).toEqual(new Set(['ada']));
    expect(await whoIs(browser)).toBe('ada');
    // The touch goes by the store's clock: nobody has set it back.
    const record = await database.get(redisKeysOfBrowser(right, browser).record);
    expect(Number(record!.slice(2, 15))).toBeGreaterThanOrEqual(time.real - 5 * MINUTE);
    time.real += (IDLE_MINUTES + 1) * MINUTE;
    expect(await whoIs(browser)).toBeNull();
    expect(await whoIs(there)).toBeNull();
    expect([...right.logouts, ...behind.logouts].map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });

  it('the one that is ahead ends no session that is in use at the other', async () => {
    const { app: right } = await startProcess('redis');
    const { app: ahead, clock } = await startProcess('redis', { baseUrl: right.origin });
    clock.ahead = 50 * MINUTE;
    const browser = await logIn(right);
    const there = ahead.browser(browser.jar);
    expect(await workFor(40, browser, there)).toEqual(new Set(['ada']));
    // Neither hides it: not from lists, and not from "log out everywhere" (N-05).
    expect(await ahead.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' })).toBe(1);
    expect(await whoIs(browser)).toBeNull();
  });
});

/** How far the clock of a process is ahead: each by more than sessions may be idle. */
const AHEAD = [
  ['eleven minutes', 11 * MINUTE],
  ['an hour', 60 * MINUTE],
  ['a day', DAY],
] as const;

describe.each(['redis', 'memory'] as const)('a list of sessions in %s (N-05)', (kind) => {
  it.each(
    AHEAD,
  )('has those that live, and ends those that are over, where the process is %s ahead', async (_name, ahead) => {
    const { app, clock } = await startProcess(kind);
    const user = { issuer: op.issuer, sub: 'ada' };
    const idle = await logIn(app);
    time.real += (IDLE_MINUTES - 3) * MINUTE;
    const browser = await logIn(app);
    clock.ahead = ahead;
    expect(await app.auth.sessions.list(user)).toHaveLength(2);
    time.real += 4 * MINUTE;
    expect(await app.auth.sessions.list(user)).toHaveLength(1);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
    expect([await whoIs(browser), await whoIs(idle)]).toEqual(['ada', null]);
    await app.auth.sessions.revokeAll(user);
  });
});

// All at once: each waits for two looks at its session.
it('onEnd() is not told of a session that lives, however far its process is ahead (N-06)', async () => {
  const streams = await Promise.all(AHEAD.map(([, ahead]) => watchFromAhead(ahead)));
  await Promise.all(streams.map(({ lookedAtTwice }) => lookedAtTwice()));
  expect(streams.map(({ ends }) => ends())).toEqual(AHEAD.map(() => 0));
  time.real += (IDLE_MINUTES + 1) * MINUTE;
  await Promise.all(streams.map(({ closed }) => closed));
  expect(streams.map(({ ends }) => ends())).toEqual(AHEAD.map(() => 1));
  for (const { app } of streams) expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
});

/** A stream of somebody who is logged in, at a process whose clock is ahead. */
async function watchFromAhead(ahead: number) {
  const gate = gateRedis(redis.client());
  let ends = 0;
  const { app, clock } = await startProcess('redis', {
    redis: gate.client,
    handlers: (server) =>
      server.get('/events', (req, res) => {
        req.auth.onEnd(() => {
          ends += 1;
          res.end();
        });
        res.flushHeaders();
      }),
  });
  const browser = await logIn(app);
  const stream = await new Promise<IncomingMessage>((resolve) =>
    get(
      `${app.origin}/events`,
      { headers: { cookie: browser.jar.header(app.origin)! }, agent: false },
      resolve,
    ),
  );
  const closed = new Promise((resolve) => stream.once('end', resolve));
  stream.resume();
  clock.ahead = ahead;
  let looks = 0;
  gate.onCommand = (name) => {
    if (name === 'mget') looks += 1;
  };
  // The second look begins when what the first has found is told.
  return { app, closed, ends: () => ends, lookedAtTwice: () => until(() => looks >= 2) };
}
