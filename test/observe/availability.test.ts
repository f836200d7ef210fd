import { beforeEach, describe, expect, it } from '@jest/globals';
import { createAvailability } from '../../src/availability.ts';
import { startApp } from '../support/app.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { useDiagnosticsWatch } from '../support/diagnostics-watch.ts';
import { json } from '../support/scripted-answers.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const start = useApps();
const watch = useDiagnosticsWatch();

describe('how a system is that we depend on', () => {
  let clock: TestClock;
  let told: [string, string | undefined][];
  let note: ReturnType<typeof createAvailability>['note'];

  beforeEach(() => {
    clock = createTestClock();
    told = [];
    ({ note } = createAvailability(clock.now, (state, message) => told.push([state, message])));
  });
  const states = () => told.map(([state]) => state);

  it('is told when it changes, and what is worse at once', () => {
    for (const state of ['up', 'up', 'slow', 'slow', 'down', 'down'] as const) note(state, `is ${state}`);
    expect(told).toEqual([
      ['up', 'is up'],
      ['slow', 'is slow'],
      ['down', 'is down'],
    ]);
  });

  it('is better only when nothing worse has come for five seconds, so that it does not flicker', () => {
    note('down');
    for (let second = 0; second < 20; second += 1) {
      note('up');
      note('down');
      clock.advance(1000);
    }
    clock.advance(3_999);
    note('slow');
    expect(states()).toEqual(['down']);
    clock.advance(1);
    note('up');
    expect(states()).toEqual(['down', 'slow']);
    clock.advance(5_000);
    note('up');
    expect(states()).toEqual(['down', 'slow', 'up']);
  });
});

describe('the state of the store and of the provider', () => {
  it('is told as down when Redis goes, with its address, and as up when it is back', async () => {
    const proxy = await startTcpFaultProxy(redis);
    const clock = createTestClock();
    const app = await start({
      ...{ op, redis: proxy.url, storeTimeoutMs: 1000 },
      now: { now: Date.now, monotonic: clock.now, store: undefined },
    });
    const browser = app.browser();
    await app.logIn(browser);
    await proxy.refuse();
    expect((await browser.get('/me')).status).toBe(503);
    clock.advance(10_000);
    await proxy.pass();
    while ((await browser.get('/me')).status !== 200);
    const { hostname, port } = new URL(proxy.url);
    const where = { address: hostname, port: Number(port) };
    expect(watch.factsOf('store.state')).toEqual([
      { ...where, state: 'up', message: undefined },
      { ...where, state: 'down', message: expect.stringContaining('Redis') },
      { ...where, state: 'up', message: undefined },
    ]);
    await app.close();
    await proxy.close();
  });

  it('is told as slow after an answer that took a quarter of the bound', async () => {
    const clock = createTestClock();
    op.script({
      discovery: (document) => {
        clock.advance(20_000);
        return document;
      },
    });
    const app = await startApp({ op, now: clock.now, oidc: { timeoutMs: 10_000 } });
    await app.browser().get('/login');
    expect(watch.factsOf('provider.state')).toMatchObject([{ provider: 'default', state: 'slow' }]);
    op.script({ token: () => json(500, {}) });
    await app.logIn(app.browser());
    expect(watch.factsOf('provider.state').at(-1)).toMatchObject({
      state: 'down',
      message: 'It answered 500.',
    });
    await app.close();
  });
});
