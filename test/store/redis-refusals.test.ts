import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { TestApp } from '../support/app.ts';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { readSessionId, redisKeysOf } from '../support/session-records.ts';
import { expectStoreAway, publicRoute } from '../support/store-away.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 500;
const BOUND = 4 * TIMEOUT;

const bed = setUpBed({ redisArgs: ['--enable-debug-command', 'yes', '--loglevel', 'notice'] });
const config = (name: string, value: string | number) => bed.redis.client().config('SET', name, value);

const startLoggedIn = async (redis: string | Redis = bed.redis.url) => {
  const app = await bed.start({ redis, storeTimeoutMs: TIMEOUT, handlers: publicRoute });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser };
};

/** Asserts what an application does while its store takes no writes: those who are logged in stay, nobody comes in. */
async function expectReadOnly(app: TestApp, browser: BrowserClient): Promise<void> {
  expect(await whoIs(browser)).toBe('ada');
  const anonymous = await app.browser().get('/save?a=1');
  const data = await browser.get('/save?a=1');
  for (const answer of [anonymous, data]) {
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  // A login begins in the browser alone; it is its end that needs the store.
  for (const login of [app.browser(), app.browser(browser.jar.clone())]) {
    const before = login.jar.get('session');
    const answer = await login.deliver(
      await bed.op.signIn((await login.get('/login')).headers.get('location')!),
    );
    expect(answer.status).toBe(503);
    expect(login.jar.get('session')).toEqual(before);
  }
}

/** A callback that arrives when the store has stopped to take writes after the login began. */
async function deliverWhile(app: TestApp, refuse: () => Promise<unknown>, allow: () => Promise<unknown>) {
  const browser = app.browser();
  const redirect = await browser.get('/login');
  const callback = await bed.op.signIn(redirect.headers.get('location')!);
  await refuse();
  const answer = await browser.deliver(callback);
  expect(answer.status).toBe(503);
  expect(browser.jar.get('session')).toBeUndefined();
  await allow();
  await until(async () => (await browser.get('/')).status === 200);
  expect(await whoIs(browser)).toBeNull();
  await until(async () => (await app.browser().get('/login')).status === 302);
  expect((await app.logIn(browser)).status).toBe(303);
}

describe('Redis', () => {
  it('may have been demoted: no login succeeds, and none is lost (F-08)', async () => {
    const { app, browser } = await startLoggedIn();
    const demote = () => bed.redis.client().replicaof('127.0.0.1', 1);
    const promote = () => bed.redis.client().replicaof('NO', 'ONE');
    await demote();
    await expectReadOnly(app, browser);
    expect((await browser.post('/logout')).status).toBe(503);
    await promote();
    await deliverWhile(app, demote, promote);
  });

  it('that stays demoted is asked now and then, and does later nothing that it refused before (F-08)', async () => {
    const { app } = await startLoggedIn();
    const client = bed.redis.client();
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await client.info('stats'))![1]);
    await client.replicaof('127.0.0.1', 1);
    const before = await connections();
    const refused = app.browser();
    for (let round = 0; round < 20; round += 1) {
      expect((await refused.get('/save?refused=before')).status).toBe(503);
    }
    expect((await connections()) - before).toBeLessThan(10);
    await client.replicaof('NO', 'ONE');
    await until(async () => (await app.browser().get('/save?done=after')).status === 200);
    expect(await bed.redis.dump()).not.toContain('refused');
  });

  it('may be full: no cookie for a session that was never stored, the old ones go on, logout works (F-11, F-30)', async () => {
    const { app, browser } = await startLoggedIn();
    await config('maxmemory-policy', 'noeviction');
    const refuse = () => config('maxmemory', 1);
    const allow = () => config('maxmemory', 0);
    await refuse();
    await expectReadOnly(app, browser);
    expect((await browser.post('/logout')).status).toBe(303);
    await allow();
    expect(await whoIs(browser)).toBeNull();
    await deliverWhile(app, refuse, allow);
  });

  it('may have too few replicas to write (F-16)', async () => {
    const { app, browser } = await startLoggedIn();
    const refuse = () => config('min-replicas-to-write', 1);
    const allow = () => config('min-replicas-to-write', 0);
    await refuse();
    await expectReadOnly(app, browser);
    await allow();
    await deliverWhile(app, refuse, allow);
  });

  it('may be busy with a long script (F-16)', async () => {
    const { app, browser } = await startLoggedIn();
    await config('busy-reply-threshold', 1);
    const killer = bed.redis.client();
    await killer.ping();
    const script = bed.redis
      .client()
      .eval('while true do end', 0)
      .catch(() => undefined);
    await until(() =>
      killer.ping().then(
        () => false,
        (error) => /BUSY/.test(error.message),
      ),
    );
    await expectStoreAway(app, browser, BOUND);
    await killer.script('KILL');
    await script;
    await until(async () => (await browser.get('/me')).status === 200);
  });

  it('may be loading its data (F-10)', async () => {
    const { browser } = await startLoggedIn();
    await bed.redis.client().call('DEBUG', 'POPULATE', 2000);
    await config('loading-process-events-interval-bytes', 1024);
    await config('key-load-delay', 1000);
    const watcher = bed.redis.client();
    await watcher.ping();
    const loading = bed.redis.client().call('DEBUG', 'RELOAD');
    await until(() =>
      watcher.get('x').then(
        () => false,
        (error) => /LOADING/.test(error.message),
      ),
    );
    const answer = await browser.get('/me');
    expect(answer.status).toBe(503);
    await loading;
    await config('key-load-delay', 0);
    await until(async () => (await browser.get('/me')).status === 200);
  });

  it('may have no room for one more client (F-17)', async () => {
    const { app, browser } = await startLoggedIn();
    const other = bed.redis.client();
    await other.config('SET', 'maxclients', 1);
    await other.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await expectStoreAway(app, browser, BOUND);
    await other.config('SET', 'maxclients', 1000);
    await until(async () => (await browser.get('/me')).status === 200);
  });

  it('may refuse the password, which is printed nowhere (F-14, F-15)', async () => {
    const { app: open, browser } = await startLoggedIn();
    await config('requirepass', 'the-right-password');
    const admin = bed.redis.client({ password: 'the-right-password' });
    try {
      for (const password of ['the-wrong-password', '']) {
        const redis = bed.redis.url.replace('//', `//:${password}@`);
        const app = await bed.start({
          redis,
          storeTimeoutMs: TIMEOUT,
          handlers: publicRoute,
          baseUrl: open.origin,
        });
        await expectStoreAway(app, app.browser(browser.jar.clone()), BOUND);
        const health = await app.auth.health();
        const told = inspect([app.errors.map(({ error }) => error), health], { depth: 9, showHidden: true });
        expect(told).not.toMatch(/the-(right|wrong)-password/);
        expect(told).toMatch(/WRONGPASS|NOAUTH/);
      }
      const redis = bed.redis.url.replace('//', '//:the-right-password@');
      const right = await bed.start({ redis, baseUrl: open.origin });
      expect(await whoIs(right.browser(browser.jar.clone()))).toBe('ada');
    } finally {
      await admin.config('SET', 'requirepass', '');
    }
  });

  it('may deny a command by its access list (F-14)', async () => {
    const admin = bed.redis.client();
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>its-password', '~*', '+@all', '-eval', '-evalsha');
    const redis = bed.redis.url.replace('//', '//app:its-password@');
    const app = await bed.start({ redis, storeTimeoutMs: TIMEOUT });
    const browser = app.browser();
    const redirect = await browser.get('/login');
    const answer = await browser.deliver(await bed.op.signIn(redirect.headers.get('location')!));
    expect(answer.status).toBe(503);
    const told = inspect(
      app.errors.map(({ error }) => error),
      { depth: 9, showHidden: true },
    );
    expect(told).toContain('NOPERM');
    expect(told).not.toContain('its-password');
  });

  it('never gets its arguments into an error: they hold sessions, tokens and ids (F-15)', async () => {
    const { app, browser } = await startLoggedIn();
    const id = readSessionId(browser);
    await config('min-replicas-to-write', 1);
    const answer = await browser.get('/save?secret=of-the-session');
    const page = await answer.text();
    await config('min-replicas-to-write', 0);
    const told =
      page +
      inspect(
        app.errors.map(({ error }) => error),
        { depth: 9, showHidden: true },
      );
    for (const secret of ['of-the-session', id, redisKeysOf(app, id).data, 'connect-auth:d']) {
      expect(told).not.toContain(secret);
    }
    expect(await dataOf(browser)).toEqual({});
  });

  it('never gets what it quotes of a command into an error (F-15)', async () => {
    const server = await startRedisServer({ args: ['--rename-command', 'SET', 'NOSET'] });
    try {
      const app = await bed.start({ redis: server.url });
      const answer = await app.browser().get('/save?secret=of-the-session');
      expect(answer.status).toBe(503);
      const told = (await answer.text()) + inspect(app.errors, { depth: 3 });
      for (const quoted of ['unknown command', 'of-the-session"', 'connect-auth:d'])
        expect(told).not.toContain(quoted);
    } finally {
      await server.stop();
    }
  });
});
