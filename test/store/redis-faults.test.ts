import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { expectStoreAway, publicRoute } from '../support/store-away.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 500;
/** The bound of one request: it waits for the store once, or for a first try and a second. */
const BOUND = 4 * TIMEOUT;

const bed = setUpBed();
let proxy: TcpFaultProxy;
const clients: Redis[] = [];

beforeAll(async () => {
  proxy = await startTcpFaultProxy(bed.redis);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  bed.redis.resume();
  await proxy.pass();
});
afterAll(() => proxy.close());

const start = (options: Partial<TestAppOptions> = {}) =>
  bed.start({ redis: proxy.url, storeTimeoutMs: TIMEOUT, handlers: publicRoute, ...options });
const ownClient = (options: RedisOptions) => {
  const client = new Redis(proxy.url, { disconnectTimeout: 100, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
};
const startLoggedIn = async (options: Partial<TestAppOptions> = {}) => {
  const app = await start(options);
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser };
};

describe('Redis', () => {
  it('may be down when the process starts, and come later (F-01)', async () => {
    const { app: before, browser } = await startLoggedIn();
    await proxy.refuse();
    const app = await start({ baseUrl: before.origin });
    const same = app.browser(browser.jar.clone());
    await expectStoreAway(app, same, BOUND);
    // A login begins in the browser alone.
    expect((await app.browser().get('/me')).status).toBe(302);
    expect((await app.browser().get('/login')).status).toBe(302);
    await proxy.pass();
    await until(async () => (await same.get('/me')).status === 200);
    expect((await app.logIn(app.browser())).status).toBe(303);
  });

  it('may go down and come back (F-01, F-17)', async () => {
    const { app, browser } = await startLoggedIn();
    await proxy.refuse();
    await expectStoreAway(app, browser, BOUND);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toContainEqual([
      'store_unavailable',
      'guard',
    ]);
    await proxy.pass();
    await until(async () => (await browser.get('/me')).status === 200);
    expect((await app.auth.health()).ok).toBe(true);
  });

  it('may hang, having accepted the connection (F-02)', async () => {
    const { app, browser } = await startLoggedIn();
    bed.redis.pause();
    await expectStoreAway(app, browser, BOUND);
    bed.redis.resume();
    await until(async () => (await browser.get('/me')).status === 200);
  });

  it('may swallow everything from the start (F-02)', async () => {
    await proxy.blackhole();
    const app = await start();
    const answer = await app.browser().get('/save?a=1');
    expect(answer.status).toBe(503);
    expect((await app.auth.health()).ok).toBe(false);
    await proxy.pass();
    await until(async () => (await app.browser().get('/save?a=1')).status === 200);
  });

  it('may vanish without closing its connections (F-02)', async () => {
    const { browser } = await startLoggedIn();
    proxy.freeze();
    const start = performance.now();
    await browser.get('/me');
    expect(performance.now() - start).toBeLessThan(BOUND);
    await until(async () => (await browser.get('/me')).status === 200);
    proxy.cut();
  });

  it.each([
    ['waits for ever (F-03)', { maxRetriesPerRequest: null }],
    ['keeps no queue (F-04)', { enableOfflineQueue: false }],
    ['has the defaults of ioredis (F-03)', {}],
  ] satisfies [
    string,
    RedisOptions,
  ][])('may be reached by a client of the application that %s', async (_name, options) => {
    const client = ownClient(options);
    await once(client, 'ready');
    const { app, browser } = await startLoggedIn({ redis: client });
    for (const fail of [() => proxy.refuse(), () => proxy.blackhole()]) {
      await fail();
      await expectStoreAway(app, browser, BOUND);
      await proxy.pass();
      await until(async () => (await browser.get('/me')).status === 200);
    }
  });

  it('may be slow: each request waits for one command (F-06)', async () => {
    const { browser } = await startLoggedIn();
    await proxy.delay(300);
    const start = performance.now();
    expect((await browser.get('/me')).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(590);
  });

  it('may lose the connection between any two commands of a login (F-05)', async () => {
    const app = await start({ storeTimeoutMs: 2000 });
    const browser = app.browser();
    const redirect = await browser.get('/login');
    const callback = await bed.op.signIn(redirect.headers.get('location')!);
    const before = proxy.dropped;
    await proxy.dropReplies({ matching: /evalsha|eval/i });
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(proxy.dropped).toBe(before + 1);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('may lose the reply to the end of a session, which is a whole logout all the same (F-05)', async () => {
    const { app, browser } = await startLoggedIn({ storeTimeoutMs: 2000 });
    const { record, data, tokens } = redisKeysOfBrowser(app, browser);
    await proxy.dropReplies({ matching: new RegExp(`eval[^]*${record.replace(/[{}]/g, '\\$&')}`) });
    const before = proxy.dropped;
    const answer = await browser.post('/logout');
    expect(proxy.dropped).toBe(before + 1);
    expect(answer.headers.get('location')).toContain(`${bed.op.issuer}/session/end`);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['logout', 'ada']]);
    // A mark of the end, kept a minute for those who ask again, and what it was; nothing that opens anything.
    const redis = bed.redis.client();
    expect(await redis.get(record)).toMatch(/^x /);
    expect(await redis.exists(data)).toBe(0);
    for (const key of [record, tokens]) expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
  });

  it('may restart and have lost everything: all are logged out, nobody sees an error (F-07)', async () => {
    const { app, browser } = await startLoggedIn();
    await browser.get('/save?cart=3');
    await bed.redis.restart();
    await until(async () => (await browser.get('/')).status === 200);
    expect(await whoIs(browser)).toBeNull();
    expect(await (await browser.get('/save')).json()).toEqual({});
    expect((await browser.get('/me')).status).toBe(302);
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
    expect((await browser.post('/logout')).status).toBe(303);
  });

  it('may lose in a failover what it had acknowledged: a login that is lost is nobody, who can log in again (F-09)', async () => {
    const { app, browser } = await startLoggedIn();
    const { record, data, tokens } = redisKeysOfBrowser(app, browser);
    await bed.redis.client().del(record, data, tokens);
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/me')).status).toBe(302);
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('may fail when a session was changed: the answer is 503 and sets no cookie (F-21, F-30)', async () => {
    const app = await start({
      handlers: (server) =>
        server.get('/cart', async (req, res) => {
          Object.assign(req.session, { cart: 3 });
          await proxy.refuse();
          res.json('saved');
        }),
    });
    const answer = await app.browser().get('/cart');
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.text()).not.toContain('saved"');
  });
});

describe('a logout that Redis refuses', () => {
  const refuseScripts = () => bed.redis.client().call('ACL', 'SETUSER', 'default', '-eval', '-evalsha');
  const allowAll = () => bed.redis.client().call('ACL', 'SETUSER', 'default', '+@all');
  afterEach(allowAll);

  const startFailed = async () => {
    const { app, browser } = await startLoggedIn();
    const before = browser.jar.clone();
    await refuseScripts();
    const answer = await browser.post('/logout');
    expect([answer.status, answer.headers.get('location')]).toEqual([503, null]);
    expect(browser.jar.get('session')).toBeUndefined();
    return { app, browser, whoIsBefore: () => whoIs(app.browser(before.clone())) };
  };

  it('is not called a success, leaves no session in the browser, and can be tried again (F-79)', async () => {
    const { app, browser, whoIsBefore } = await startFailed();
    expect((await browser.post('/logout')).status).toBe(503);
    await allowAll();
    expect(await whoIsBefore()).toBe('ada');
    // What is left in the browser opens nothing; it says which session is to end.
    expect(await whoIs(browser)).toBeNull();
    const again = await browser.post('/logout');
    expect([again.status, again.headers.get('location')]).toEqual([
      303,
      expect.stringContaining('id_token_hint='),
    ]);
    expect(await whoIsBefore()).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
    expect(browser.jar.get('session-ending')).toBeUndefined();
  });

  it.each<[string, (app: TestApp, browser: BrowserClient) => Promise<unknown>, string | null]>([
    [
      'the next, after the browser got a session of nobody',
      async (_, browser) => {
        await browser.get('/save?visits=1');
        expect((await browser.post('/logout')).status).toBe(303);
      },
      null,
    ],
    ['the next login, of the same person', (app, browser) => app.logIn(browser), 'ada'],
    ['the next login, of somebody else', (app, browser) => app.logIn(browser, { as: 'grace' }), 'grace'],
  ])('is made up for by %s (F-79)', async (_, act, user) => {
    const { app, browser, whoIsBefore } = await startFailed();
    await allowAll();
    await act(app, browser);
    expect([await whoIsBefore(), await whoIs(browser)]).toEqual([null, user]);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['logout', 'ada']]);
    expect(browser.jar.get('session-ending')).toBeUndefined();
  });

  it('is not made up for while it is still refused: another is done, and neither called a success (F-79)', async () => {
    const { app, browser } = await startLoggedIn();
    const before = browser.jar.clone();
    // All keys but those whose tag begins as the first session's.
    const start = redisKeysOfBrowser(app, browser).key.slice(0, 4);
    const others = [...start].map((letter, at) => `~connect-auth:*:{${start.slice(0, at)}[^${letter}]*`);
    const refuseFirst = () => bed.redis.client().call('ACL', 'SETUSER', 'default', 'resetkeys', ...others);
    const allowKeys = () => bed.redis.client().call('ACL', 'SETUSER', 'default', 'allkeys');
    try {
      await refuseFirst();
      expect((await browser.post('/logout')).status).toBe(503);
      expect((await app.logIn(browser, { as: 'grace' })).status).toBe(303);
      expect(await whoIs(browser)).toBe('grace');
      expect(browser.jar.get('session-ending')).toBeDefined();
      app.logouts.length = 0;
      expect((await browser.post('/logout')).status).toBe(503);
      expect(app.logouts.map(({ sub }) => sub)).toEqual(['grace']);
    } finally {
      await allowKeys();
    }
    // It may have ended by itself already: what was refused is tried again.
    expect(['ada', null]).toContain(await whoIs(app.browser(before.clone())));
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(app.browser(before.clone()))).toBeNull();
    await until(() => app.logouts.length > 1);
    expect(app.logouts.map(({ sub }) => sub)).toEqual(['grace', 'ada']);
  });

  it('leaves behind nothing that passes for the cookie of a session (F-79)', async () => {
    const { app, browser } = await startFailed();
    await allowAll();
    const { value } = browser.jar.get('session-ending')!;
    expect(await (await app.browser().get('/', { cookie: `session=${value}` })).json()).toEqual({
      user: null,
    });
  });
});
