import { describe, expect, it, jest } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { json } from '../support/scripted-answers.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const start = useApps();

describe('a process that is closed while it refreshes', () => {
  it('stores the answer first, also when nobody waits for it any more: the session keeps its tokens (F-121, F-69)', async () => {
    const options = { op, redis: redis.url, handlers: addTokenRoutes, now: clock.now };
    const app = await start(options);
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(3_600_000);
    const gate = createGate();
    op.script({
      refresh: (answer) => (res) => void gate.opened.then(() => json(200, answer)(res)),
    });
    const hangUp = new AbortController();
    const waiting = browser.request('GET', '/token', { signal: hangUp.signal }).catch(() => 'gone');
    await until(() => op.requests('token').length === 2);
    hangUp.abort();
    expect(await waiting).toBe('gone');
    const closed = app.auth.close();
    gate.open();
    await closed;
    op.script();
    clock.advance(3_600_000);
    const next = await start({ ...options, baseUrl: app.origin });
    expect(await ask(next.browser(browser.jar))).toMatchObject({ status: 200 });
  });

  it('waits no longer than it is told to', async () => {
    const app = await start({ op, redis: redis.url, handlers: addTokenRoutes, now: clock.now });
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(3_600_000);
    const gate = createGate();
    op.script({ refresh: (answer) => (res) => void gate.opened.then(() => json(200, answer)(res)) });
    op.forgetRequests();
    const waiting = ask(browser);
    await until(() => op.requests('token').length === 1);
    await app.auth.close({ timeoutMs: 100 });
    gate.open();
    op.script();
    expect((await waiting).status).toBeGreaterThanOrEqual(500);
  });

  it.each([
    [{ server: {} }, 'auth.close(): server must be a server of node:http or node:https'],
    [{ timeout: 5 }, 'auth.close() has no option "timeout". Did you mean "timeoutMs"?'],
    [{ timeoutMs: -1 }, 'auth.close(): timeoutMs must be a number from 0 to 3600000'],
  ])('refuses what it does not know: %j', async (given, message) => {
    const app = await start({ op });
    await expect(app.auth.close(given as never)).rejects.toThrow(message);
  });
});
