import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import { type BrowserClient, createBrowser } from '../support/browser-client.ts';
import type { CookieJar } from '../support/cookie-jar.ts';
import { withFreePort } from '../support/free-port.ts';
import { holdCallback } from '../support/login-outcome.ts';
import {
  createLogoutToken,
  done,
  postLogoutToken,
  readLogoutAnswer,
  sendLogout,
} from '../support/logout-token.ts';
import type { ScriptedProvider } from '../support/scripted-provider.ts';
import { redisKeysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const other = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const ada = { issuer: op.issuer, sub: 'ada' };
const SECRET = 'a secret of the tests, long enough to be one';

/** One of several applications with one secret and one Redis, that would do the same with a cookie. */
const start = (cookieName: string, options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, handlers: addTokenRoutes, session: { cookieName }, ...options });

/** A browser at another application, with the same cookies; or with a cookie of the one under the other's name. */
const at = (app: TestApp, { jar }: BrowserClient) => app.browser(jar);
const rename = (jar: CookieJar, from: string, to: string) => {
  const renamed = jar.clone();
  renamed.set({ ...jar.get(from)!, name: to });
  return renamed;
};

/** What a session looks like in Redis, but for the time that it has to live. */
const recordsOf = async (app: TestApp, browser: BrowserClient, cookieName: string) => {
  const { record, data, tokens } = redisKeysOfBrowser(app, browser, cookieName);
  return Promise.all([database.get(record), database.get(data), database.getBuffer(tokens)]);
};

describe.each([
  ['one provider', () => op],
  ['unlike providers', () => other],
] as const)('two applications of one host, secret and Redis, with %s (N-01, N-28)', (_, second) => {
  const startBoth = async () => {
    const one = await start('one');
    const two = await start('two', { op: second() });
    const browser = one.browser();
    await one.logIn(browser);
    return { one, two, browser };
  };
  const adaAt = (provider: ScriptedProvider) => ({ issuer: provider.issuer, sub: 'ada' });

  it('log in apart, in one browser, and log out apart', async () => {
    const { one, two, browser } = await startBoth();
    expect([await whoIs(browser), await whoIs(at(two, browser))]).toEqual(['ada', null]);
    await two.logIn(at(two, browser), { as: 'grace' });
    expect([await whoIs(browser), await whoIs(at(two, browser))]).toEqual(['ada', 'grace']);
    expect((await browser.post('/logout')).status).toBe(303);
    expect([await whoIs(browser), await whoIs(at(two, browser))]).toEqual([null, 'grace']);
    expect([one.logouts.length, two.logouts.length]).toEqual([1, 0]);
  });

  it('take no cookie of each other, under whatever name, and do nothing with its session', async () => {
    const { one, two, browser } = await startBoth();
    await browser.get('/save?cart=3');
    const before = await recordsOf(one, browser, 'one');
    second().forgetRequests();
    const stolen = two.browser(rename(browser.jar, 'one', 'two'));
    expect([await whoIs(stolen), await dataOf(stolen)]).toEqual([null, {}]);
    expect(await ask(stolen)).toMatchObject({ status: 401 });
    await stolen.get('/save?cart=4');
    const again = two.browser(rename(browser.jar, 'one', 'two'));
    await again.post('/logout');
    expect(await recordsOf(one, browser, 'one')).toEqual(before);
    expect([await whoIs(browser), await dataOf(browser)]).toEqual(['ada', { cart: '3' }]);
    expect(second().requests('token')).toEqual([]);
    expect(second().requests('revocation')).toEqual([]);
    expect([one.logouts, two.logouts]).toEqual([[], []]);
  });

  it('list and end each their own', async () => {
    const { one, two, browser } = await startBoth();
    const theirs = two.browser();
    await two.logIn(theirs);
    const [mine] = await one.auth.sessions.list(adaAt(op));
    const [yours] = await two.auth.sessions.list(adaAt(second()));
    expect([mine!.handle === yours!.handle, await one.auth.sessions.list(adaAt(op))]).toEqual([
      false,
      [mine],
    ]);
    expect(await two.auth.sessions.revoke(mine!.handle)).toBe(false);
    expect(await two.auth.sessions.revokeAll(adaAt(second()))).toBe(1);
    expect([await whoIs(browser), await whoIs(theirs)]).toEqual(['ada', null]);
    expect(one.logouts).toEqual([]);
  });

  it('end no login of each other that is under way', async () => {
    const { two, one, browser } = await startBoth();
    const late = two.browser();
    const callback = await holdCallback(second(), late);
    await one.auth.sessions.revokeAll(adaAt(op));
    await browser.post('/logout');
    expect((await late.deliver(callback)).status).toBe(303);
    expect(await whoIs(late)).toBe('ada');
  });

  it('finish no login of each other, under whatever name of its cookie', async () => {
    const { one, two } = await startBoth();
    const browser = one.browser();
    const callback = await holdCallback(op, browser);
    op.forgetRequests();
    other.forgetRequests();
    const elsewhere = { ...callback, url: callback.url.replace(one.origin, two.origin) } as typeof callback;
    const [cookie] = browser.jar.all();
    for (const name of [cookie!.name, 'two-login-0', 'two-login-4']) {
      const answer = await two.browser(rename(browser.jar, cookie!.name, name)).deliver(elsewhere);
      expect([answer.status, two.errors.at(-1)?.error.code]).toEqual([400, 'login_not_found']);
    }
    expect([...op.requests('token'), ...other.requests('token')]).toEqual([]);
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });
});

describe('two applications of one client (N-01, N-28)', () => {
  it('name nothing alike in Redis', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const namesOf = async (app: TestApp) => {
      await database.flushall();
      await app.logIn(app.browser());
      await app.auth.sessions.revokeAll(ada);
      return database.keys('*');
    };
    const names = [...(await namesOf(one)), ...(await namesOf(two))];
    expect(names.length).toBeGreaterThan(6);
    expect(new Set(names).size).toBe(names.length);
    const ids = [one, two].map((app) => redisKeysOf(app, 'an id that both have').key);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('are told of a logout each by itself, and by the same token', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const [mine, yours] = [one.browser(), two.browser()];
    await one.logIn(mine);
    await two.logIn(yours);
    const token = createLogoutToken(op, { sub: 'ada', claims: { iat: Math.floor(Date.now() / 1000) + 5 } });
    expect(await readLogoutAnswer(await postLogoutToken(one, token))).toEqual(done);
    expect([await whoIs(mine), await whoIs(yours)]).toEqual([null, 'ada']);
    expect(await readLogoutAnswer(await postLogoutToken(two, token))).toEqual(done);
    expect(await whoIs(yours)).toBeNull();
    expect([one.logouts.length, two.logouts.length]).toEqual([1, 1]);
  });

  it('with one name of the cookie take it from each other, and end nothing', async () => {
    const [one, two] = [await start('session'), await start('session')];
    const browser = one.browser();
    await one.logIn(browser);
    const before = browser.jar.clone();
    await two.logIn(at(two, browser), { as: 'grace' });
    expect(await whoIs(one.browser(before))).toBe('ada');
    expect(one.logouts).toEqual([]);
  });

  it('share all they have when they are given one name', async () => {
    const shared = { application: 'the shop', redisPrefix: 'shop:' };
    const [one, two] = [await start('session', shared), await start('session', shared)];
    const browser = one.browser();
    await one.logIn(browser);
    await browser.get('/save?cart=3');
    expect([await whoIs(at(two, browser)), await dataOf(at(two, browser))]).toEqual(['ada', { cart: '3' }]);
    expect((await ask(at(two, browser))).status).toBe(200);
    const callback = await holdCallback(op, one.browser(browser.jar.clone()));
    expect(await two.auth.sessions.revokeAll(ada)).toBe(1);
    expect(await whoIs(browser)).toBeNull();
    expect((await one.browser().deliver(callback)).status).toBe(400);
    expect(await sendLogout(two, op, { sub: 'ada' })).toEqual(done);
  });
});

describe('applications below paths of one origin (N-01)', () => {
  it('have sessions of their own at / and at /shop', async () => {
    await withFreePort(async (port) => {
      const origin = `http://localhost:${port}`;
      const shop = connectAuth({
        ...{ baseUrl: `${origin}/shop`, secret: SECRET, redis: redis.url },
        provider: providers.oidc(await op.registerApp(`${origin}/shop`)),
        session: { cookieName: 'shop' },
      });
      const router = express.Router();
      router.use(shop);
      router.get('/', (req, res) => void res.json({ user: req.user ?? null }));
      router.get('/me', requireAuth, (req, res) => void res.json(req.user));
      const root = await start('root', { port, before: (app) => void app.use('/shop', router) });
      const browser = createBrowser(origin);
      await root.logIn(browser);
      const inShop = async () => (await (await browser.get('/shop/')).json()).user?.sub ?? null;
      expect([await whoIs(browser), await inShop()]).toEqual(['ada', null]);
      expect((await browser.get('/shop/me')).status).toBe(302);
      await browser.deliver(await holdCallback(op, browser, { path: '/shop/login', as: 'grace' }));
      expect([await whoIs(browser), await inShop()]).toEqual(['ada', 'grace']);
      expect(await shop.sessions.list(ada)).toEqual([]);
      await browser.post('/shop/logout');
      expect([await whoIs(browser), await inShop()]).toEqual(['ada', null]);
      await shop.close();
    });
  });
});
