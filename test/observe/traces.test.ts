import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { describe, expect, it } from '@jest/globals';
import { nameChannel, TRACES } from '../../src/diagnostics.ts';
import { createTestClock } from '../support/clock.ts';
import { useDiagnosticsWatch } from '../support/diagnostics-watch.ts';
import { json } from '../support/scripted-answers.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const start = useApps();

describe('what is traced', () => {
  const watch = useDiagnosticsWatch();
  const startApp = () => start({ op, redis: redis.url, now: clock.now, handlers: addTokenRoutes });

  it('is each login, callback, refresh and logout, each request to the provider and each operation of the store', async () => {
    const app = await startApp();
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(4_000_000);
    expect((await ask(browser)).status).toBe(200);
    await browser.post('/logout');
    const names = new Set(watch.traces.map(([name]) => name));
    expect([...names].sort()).toEqual(Object.keys(TRACES).sort());
    const asked = watch.tracesOf('provider.request');
    const each = new Set(asked.map(({ method, endpoint, status }) => `${method} ${endpoint} ${status}`));
    expect([...each].sort()).toEqual([
      'GET discovery 200',
      'GET keys 200',
      'POST revocation 200',
      'POST token 200',
    ]);
    for (const { url } of asked) expect(url).not.toContain('?');
    const operations = watch.tracesOf('store.operation');
    expect(operations).toContainEqual(
      expect.objectContaining({
        operation: 'readSession',
        command: 'MGET',
        store: 'redis',
        port: redis.port,
      }),
    );
    for (const [, { error, durationMs, result }] of watch.traces)
      expect([error, typeof durationMs, result]).toEqual([undefined, 'number', undefined]);
  });

  it('that fails says by which error of ours, and the error itself goes to whoever asked', async () => {
    const app = await startApp();
    op.script({ discovery: () => json(500, {}) });
    expect((await app.browser().get('/login')).status).toBe(503);
    expect(watch.tracesOf('login')).toMatchObject([{ error: { code: 'provider_unavailable' } }]);
    expect(watch.tracesOf('provider.request')).toEqual([
      expect.not.objectContaining({ error: expect.anything() }),
    ]);
  });

  it('of a request that gets no answer says so', async () => {
    const app = await start({ op, oidc: { issuer: 'http://localhost:9/', timeoutMs: 1000 } });
    expect((await app.browser().get('/login')).status).toBe(503);
    const [request] = watch.tracesOf('provider.request');
    expect(request).toMatchObject({ endpoint: 'discovery', error: { code: 'provider_unavailable' } });
    expect(request).not.toHaveProperty('status');
    expect(watch.factsOf('provider.state')).toMatchObject([{ state: 'down' }]);
  });
});

describe('a traced operation', () => {
  it('runs in what a subscriber binds to its channel, and so does what it does', async () => {
    const storage = new AsyncLocalStorage<string>();
    const callback = tracingChannel(nameChannel('callback'));
    callback.start.bindStore(storage, () => 'in the callback');
    const seen: (string | undefined)[] = [];
    const app = await start({
      op,
      now: clock.now,
      mapUser: (claims) => {
        seen.push(storage.getStore());
        return claims;
      },
    });
    const listener = () => undefined;
    callback.subscribe({ asyncEnd: listener } as never);
    await app.logIn(app.browser());
    callback.start.unbindStore(storage);
    callback.unsubscribe({ asyncEnd: listener } as never);
    await app.logIn(app.browser());
    expect(seen).toEqual(['in the callback', undefined]);
  });
});
