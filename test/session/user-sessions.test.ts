import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { readSessionId } from '../support/session-records.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const ada = { issuer: op.issuer, sub: 'ada' };
const who = (...browsers: BrowserClient[]) => Promise.all(browsers.map(whoIs));

beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});

/** Routes by which a person manages their sessions, as an application would have them. */
function addRoutes(getAuth: () => TestApp['auth'], server: Express): void {
  server.get('/sessions', async (req, res) => {
    res.json(
      await getAuth().sessions.list({ issuer: req.auth.issuer!, sub: req.user!.sub }, { current: req }),
    );
  });
  server.post('/others', async (req, res) => {
    res.json(await getAuth().sessions.revokeOthers(req));
  });
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json(await getAuth().sessions.list(ada, { current: req }));
  });
}

describe.each(['redis', 'memory'] as const)('the sessions of a person, in %s', (kind) => {
  const start = async (options: Partial<TestAppOptions> = {}) => {
    const app: TestApp = await startApp({
      ...{ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now },
      handlers: (server) => addRoutes(() => app.auth, server),
      ...options,
    });
    return app;
  };
  const listOf = async (browser: BrowserClient) =>
    (await (await browser.get('/sessions')).json()) as Record<string, unknown>[];

  it('are listed with when, last seen, until when and from where, and which is this one (R-115)', async () => {
    const describeLogin: NonNullable<TestAppOptions['session']>['describe'] = (req) =>
      req.headers['user-agent'];
    const app = await start({
      session: { describe: describeLogin, absoluteTimeoutSeconds: 86_400, idleTimeoutSeconds: 3600 },
    });
    const first = await logInWith(op, app);
    const firstLogin = clock.now();
    clock.advance(10 * MINUTE);
    const second = app.browser();
    const callback = await op.signIn((await second.get('/login')).headers.get('location')!);
    await second.deliver(callback, { 'user-agent': 'x'.repeat(300) });
    const secondLogin = clock.now();
    await logInWith(op, app, { as: 'grace' });
    clock.advance(20 * MINUTE);
    await first.get('/me');

    const iso = (time: number) => new Date(time).toISOString();
    const [one, two] = [
      {
        handle: expect.stringMatching(/^[\w-]{51}$/),
        provider: 'default',
        loggedInAt: iso(firstLogin),
        lastSeenAt: iso(clock.now()),
        expiresAt: iso(firstLogin + 86_400_000),
        current: true,
      },
      {
        handle: expect.stringMatching(/^[\w-]{51}$/),
        provider: 'default',
        loggedInAt: iso(secondLogin),
        lastSeenAt: iso(secondLogin),
        expiresAt: iso(secondLogin + 86_400_000),
        description: 'x'.repeat(256),
        current: false,
      },
    ];
    expect(await listOf(first)).toEqual([one, two]);
    const unasked = await app.auth.sessions.list(ada);
    expect(unasked.map(({ current }) => current)).toEqual([false, false]);
    expect(unasked.map(({ description }) => description)).toEqual([undefined, 'x'.repeat(256)]);
  });

  it('are listed without anything that opens one (R-115, F-122)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const text = JSON.stringify(await listOf(browser));
    expect(text).not.toContain(readSessionId(browser));
    expect(text).not.toContain(browser.jar.get('session')!.value);
    expect(text).not.toMatch(/eyJ|refresh|token|sid /);
    const [{ handle } = { handle: '' }] = await listOf(browser);
    for (const value of [handle, `s:${handle}`, `s:${handle}.${handle}`]) {
      const cookie = `session=${encodeURIComponent(String(value))}`;
      expect(await (await app.browser().get('/', { cookie })).json()).toEqual({ user: null });
    }
  });

  it('are listed while they live: not after a logout, an idle end or an absolute end (F-83)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 1800 } });
    const [idle, out, busy] = [await logInWith(op, app), await logInWith(op, app), await logInWith(op, app)];
    expect(await app.auth.sessions.list(ada)).toHaveLength(3);
    await out.post('/logout');
    expect(await app.auth.sessions.list(ada)).toHaveLength(2);
    for (let visit = 0; visit < 2; visit += 1) {
      clock.advance(9 * MINUTE);
      await busy.get('/me');
    }
    expect(await app.auth.sessions.list(ada)).toHaveLength(1);
    expect(await who(idle, busy)).toEqual([null, 'ada']);
    clock.advance(9 * MINUTE);
    await busy.get('/me');
    clock.advance(3 * MINUTE);
    expect(await app.auth.sessions.list(ada)).toEqual([]);
  });

  it('are found behind newer ones that have ended, as many as the limit has', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 600 } });
    const living = [await logInWith(op, app), await logInWith(op, app)];
    clock.advance(MINUTE);
    for (let count = 0; count < 3; count += 1) await logInWith(op, app);
    clock.advance(8 * MINUTE);
    for (const browser of living) await browser.get('/me');
    clock.advance(3 * MINUTE);
    expect(await app.auth.sessions.list(ada, { limit: 1 })).toHaveLength(1);
    expect(await app.auth.sessions.list(ada, { limit: 2 })).toHaveLength(2);
    expect(await who(...living)).toEqual(['ada', 'ada']);
  });

  it('are not ended, counted or told twice once they have come to their own end (R-112, R-124)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 600 } });
    const [first, second] = [await logInWith(op, app), await logInWith(op, app)];
    const { handle } = (await app.auth.sessions.list(ada))[0]!;
    clock.advance(11 * MINUTE);
    expect(await app.auth.sessions.revoke(handle)).toBe(false);
    expect(await app.auth.sessions.revokeAll(ada)).toBe(0);
    expect(await who(first, second)).toEqual([null, null]);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout', 'idle_timeout']);
  });

  it('keep their place in the list when one is given a new id, and it stays this one (R-89, F-84)', async () => {
    const app = await start();
    const [browser, other] = [await logInWith(op, app), await logInWith(op, app)];
    const before = await listOf(browser);
    const after = (await (await browser.get('/renew')).json()) as typeof before;
    expect(after.filter(({ current }) => current)).toHaveLength(1);
    expect(after.map(({ loggedInAt }) => loggedInAt)).toEqual(before.map(({ loggedInAt }) => loggedInAt));
    expect(after).toHaveLength(2);
    expect(await app.auth.sessions.revoke(String(before.find(({ current }) => current)!.handle))).toBe(true);
    expect(await who(browser, other)).toEqual([null, 'ada']);
    expect(await app.auth.sessions.list(ada)).toHaveLength(1);
  });

  it('end one by one by their handle, wherever they are (R-114)', async () => {
    const app = await start();
    const [browser, other] = [await logInWith(op, app), await logInWith(op, app)];
    const handle = String((await listOf(browser)).find(({ current }) => !current)!.handle);
    expect(await app.auth.sessions.revoke(handle)).toBe(true);
    expect(await who(browser, other)).toEqual(['ada', null]);
    expect(await app.auth.sessions.revoke(handle)).toBe(false);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['revoked', 'ada']]);
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['short', 'x'],
    ['a pattern', '*'],
    ['a hash tag of its own', 'a}b{c'],
    ['of no session', 'A'.repeat(51)],
    ['a key', 'A'.repeat(43)],
    ['a hundred kilobytes', 'x'.repeat(100_000)],
    ['not there', undefined],
    ['a list', ['a']],
    ['an object', { a: 1 }],
  ])('do not end by a handle that is %s', async (_, handle) => {
    const app = await start();
    const browser = await logInWith(op, app);
    expect(await app.auth.sessions.revoke(handle as string)).toBe(false);
    expect([await whoIs(browser), app.logouts, app.errors]).toEqual(['ada', [], []]);
  });

  it('end all but this one (R-114)', async () => {
    const app = await start();
    const [browser, other, another, grace] = [
      await logInWith(op, app),
      await logInWith(op, app),
      await logInWith(op, app, { sid: undefined }),
      await logInWith(op, app, { as: 'grace' }),
    ];
    expect(await (await browser.post('/others')).json()).toBe(2);
    expect(await who(browser, other, another, grace)).toEqual(['ada', null, null, 'grace']);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['revoked', 'revoked']);
    await browser.get('/renew');
    expect(await whoIs(browser)).toBe('ada');
    expect(await (await browser.post('/others')).json()).toBe(0);
    expect(await (await app.browser().post('/others')).json()).toBe(0);
  });

  it('end all at once, with every login begun by then (R-114, F-80)', async () => {
    const app = await start();
    const browsers = [await logInWith(op, app), await logInWith(op, app), await logInWith(op, app)];
    const late = app.browser();
    const callback = await op.signIn((await late.get('/login')).headers.get('location')!);
    expect(await app.auth.sessions.revokeAll(ada)).toBe(3);
    expect((await late.deliver(callback)).status).toBe(403);
    expect(await who(...browsers, late)).toEqual([null, null, null, null]);
    clock.advance(1);
    expect(await whoIs(await logInWith(op, app))).toBe('ada');
    expect(await app.auth.sessions.revokeAll({ ...ada, sub: 'nobody' })).toBe(0);
  });

  it('are those of one provider, and of that person alone (F-85)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    for (const user of [
      { issuer: op.issuer, sub: 'Ada' },
      { issuer: op.issuer, sub: 'ada ' },
    ]) {
      expect(await app.auth.sessions.list(user)).toEqual([]);
      expect(await app.auth.sessions.revokeAll(user)).toBe(0);
    }
    for (const user of [
      { issuer: op.issuer.slice(0, -1), sub: 'ada' },
      { issuer: `${op.issuer}/`, sub: 'ada' },
      { issuer: `${op.issuer}a`, sub: 'da' },
      { issuer: 'ada', sub: op.issuer },
    ]) {
      for (const method of ['list', 'revokeAll'] as const) {
        await expect(app.auth.sessions[method](user)).rejects.toMatchObject({
          name: 'ConfigurationError',
          message: expect.stringContaining(`auth.sessions.${method}(): issuer must be that of a provider`),
        });
      }
    }
    await expect(app.auth.sessions.list({ ...ada, issuer: `${op.issuer}/` })).rejects.toThrow(
      `"${op.issuer}"`,
    );
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /^auth\.sessions\.METHOD\(\): user must be an object; it is undefined\./],
    ['a string', 'ada', /user must be an object/],
    ['no issuer', { iss: op.issuer, sub: 'ada' }, /METHOD\(\): issuer must be a string .* it is undefined\./],
    ['no subject', { issuer: op.issuer }, /METHOD\(\): sub must be a string .* it is undefined\./],
    [
      'an empty subject',
      { issuer: op.issuer, sub: '' },
      /METHOD\(\): sub must be a string that is not empty/,
    ],
    ['a number', { issuer: op.issuer, sub: 7 }, /METHOD\(\): sub must be a string .* it is 7\./],
  ])('are not taken for none when the user they are asked of is %s', async (_, user, message) => {
    const { auth } = await start();
    for (const method of ['list', 'revokeAll'] as const) {
      const expected = new RegExp(message.source.replace('METHOD', method));
      await expect(auth.sessions[method](user as never)).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringMatching(expected),
      });
    }
  });

  it('are not taken for those of a request that did not pass connectAuth', async () => {
    const { auth } = await start();
    for (const current of [null, {}, { headers: {} }]) {
      await expect(auth.sessions.revokeOthers(current as never)).rejects.toThrow(
        /revokeOthers\(\): current must be/,
      );
      await expect(auth.sessions.list(ada, { current } as never)).rejects.toThrow(
        /list\(\): current must be/,
      );
    }
  });
});
