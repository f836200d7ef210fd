import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { IndexName } from '../../src/store/store.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { dataOf, whoIs } from '../support/bed.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { login } from '../support/store-records.ts';
import { until } from '../support/until.ts';

const LONG = 60_000;

describe('a Redis cluster', () => {
  let cluster: RedisCluster;
  let op: OpenIdProvider;
  const apps: TestApp[] = [];
  beforeAll(async () => {
    [cluster, op] = await Promise.all([startRedisCluster(), startOpenIdProvider()]);
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  afterAll(async () => {
    await op.close();
    await cluster.stop();
  });

  const start = async () => {
    const app = await startApp({
      op,
      redis: cluster.client(),
      handlers: (server) => {
        server.get('/renew', async (req, res) => {
          await req.auth.renew();
          await promisify(req.session.regenerate.bind(req.session))();
          res.json(req.user?.sub);
        });
      },
    });
    apps.push(app);
    return app;
  };

  it('holds sessions on all its nodes, through their whole life (F-13)', async () => {
    const app = await start();
    for (let round = 0; round < 6; round += 1) {
      const browser = app.browser();
      await browser.get('/save?cart=3');
      expect(await dataOf(browser)).toEqual({ cart: '3' });
      await app.logIn(browser);
      await browser.get('/save?cart=4');
      expect([await whoIs(browser), await dataOf(browser)]).toEqual(['ada', { cart: '4' }]);
      expect(await (await browser.get('/renew')).json()).toBe('ada');
      expect(await whoIs(browser)).toBe('ada');
      const old = browser.jar.clone();
      if (round > 0) expect((await browser.post('/logout')).status).toBe(303);
      expect(await whoIs(app.browser(old))).toBe(round > 0 ? null : 'ada');
    }
    const sizes = await Promise.all(cluster.nodes.map((node) => node.client().dbsize()));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(await app.auth.health()).toMatchObject({ ok: true });
    const { checks } = await app.auth.check({ tryCredentials: false });
    const rights = checks.filter(({ name }) => name === 'redis.rights' || name === 'redis.cluster');
    expect(rights.map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('runs every operation of the store in one slot (F-13)', async () => {
    const store = createRedisStore({ redis: cluster.client(), prefix: 'test:', timeoutMs: 3000 });
    const life = { idleMs: LONG, absoluteMs: LONG };
    for (let round = 0; round < 6; round += 1) {
      const id = `session-${round}`;
      const index: IndexName = { kind: 'sub', id: `user-${round}` };
      const { identity, tokens, data } = login;
      expect(await store.writeLogin(id, login, life)).toMatchObject({ identity });
      await store.touchSession(id, LONG);
      await store.writeData(id, '{"a":1}', LONG, { mustExist: true });
      expect(await store.readSession(id)).toMatchObject({ login: { identity }, data: '{"a":1}' });
      expect(await store.acquireLock(id, 'me', LONG)).toBe('taken');
      expect(await store.extendLock(id, 'me', LONG, { sent: true })).toBe(true);
      const anew = Buffer.from('anew');
      expect(await store.swapTokens(id, { tokens: { from: tokens, to: anew } })).toBe('stored');
      expect(await store.readTokens(id)).toEqual(anew);
      await store.releaseLock(id, 'me', { text: 'later', lifeMs: LONG });
      expect(await store.acquireLock(id, 'me', LONG)).toEqual({ backoff: 'later' });
      expect(await store.rotateSession(id, 'next')).toBe('rotated');
      expect(await store.endSession(id, { owner: 'me' })).toEqual({ movedTo: 'next' });
      await store.writeLogin(`${id}-2`, { identity, tokens, data }, life);
      const ended = await store.endSession(`${id}-2`, { owner: 'me', ifTokens: tokens });
      expect(ended).toMatchObject({ isFirst: true, login: { identity }, tokens });
      expect(await store.takeLogin(id, 'me', Date.now())).toBe('mine');
      const logins = [id, 'one', 'two', 'three'];
      await store.cancelLogins(logins.slice(1));
      expect(await store.readLogins(logins)).toEqual(['me', 'cancelled', 'cancelled', 'cancelled']);
      await store.addToIndexes([index], id, LONG);
      expect(await store.scanIndex(index)).toEqual({ keys: [id], next: undefined });
      expect(await store.readNewest(index, 9)).toEqual([id]);
      await store.removeFromIndex(index, id);
      await store.putMark(index, { issuedBy: 1 });
      expect(await store.readMarks([index, { kind: 'sid', id }])).toEqual([{ issuedBy: 1 }, null]);
      const token = { meaning: '{}', cameAt: 9e12 };
      expect(await store.putLogoutToken(id, token, LONG)).toEqual(token);
    }
  });

  it('may move its slots to other nodes (F-13)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    await cluster.moveSlotOf(redisKeysOfBrowser(app, browser).record);
    expect(await whoIs(browser)).toBe('ada');
    await browser.get('/save?cart=4');
    expect(await dataOf(browser)).toEqual({ cart: '4' });
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
  });

  it('may lose a node: those on it get 503, those elsewhere notice nothing (F-13)', async () => {
    const app = await start();
    const browsers = Array.from({ length: 12 }, () => app.browser());
    for (const browser of browsers) await app.logIn(browser);
    for (const node of cluster.nodes)
      await node.client().config('SET', 'cluster-require-full-coverage', 'no');
    const lost = await cluster.nodeOf(redisKeysOfBrowser(app, browsers[0]!).record);
    lost.pause();
    const during = await Promise.all(browsers.map((browser) => browser.get('/me')));
    const statuses = new Set(during.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 503]);
    lost.resume();
    for (const browser of browsers) await until(async () => (await browser.get('/me')).status === 200);
  });
});
