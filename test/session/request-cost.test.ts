import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { startApp, type TestApp } from '../support/app.ts';
import { type BrowserClient, createBrowser } from '../support/browser-client.ts';
import { countPromises } from '../support/promise-count.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type RedisTurns, startRedisTurns } from '../support/redis-turns.ts';
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts';
import { createSizedTokens } from '../support/sized-tokens.ts';
import { addTokenRoutes } from '../support/token-routes.ts';

// Bounds, not time: what is counted here is the same on every machine. Who raises one must say why.
describe('what a request costs', () => {
  let redis: RedisServer;
  let turns: RedisTurns;
  let op: ScriptedProvider;
  let app: TestApp;
  let browser: BrowserClient;

  beforeAll(async () => {
    [redis, op] = await Promise.all([startRedisServer(), startScriptedProvider()]);
    turns = await startRedisTurns(redis);
    op.script(createSizedTokens({ length: 3200 }));
    app = await startApp({ op, redis: turns.url, handlers: addPages });
    browser = app.browser();
    await app.logIn(browser);
    await browser.get('/save?basket=full');
  });
  afterAll(async () => {
    await app.close();
    await op.close();
    await turns.close();
    await redis.stop();
  });
  beforeEach(() => redis.resetCommandCounts());

  const pages = [
    {
      page: 'without a cookie',
      path: '/plain',
      isKnown: false,
      isUsual: false,
      commands: {},
      trips: 0,
      promises: 1,
    },
    { page: 'that is guarded', path: '/me', commands: { mget: 1 }, trips: 1, promises: 14 },
    { page: 'that reads req.session', path: '/read', commands: { mget: 1 }, trips: 1, promises: 14 },
    {
      ...{ page: 'that changes req.session', path: '/write' },
      ...{ commands: { mget: 1, set: 1 }, trips: 2, promises: 26 },
    },
    { page: 'that uses a fresh token', path: '/token', commands: { mget: 2 }, trips: 2, promises: 37 },
    {
      ...{ page: 'that uses a fresh token, as most pages do', path: '/token', isUsual: true },
      ...{ commands: { mget: 1 }, trips: 1, promises: 27 },
    },
  ];

  const useTokens = async () => {
    for (let count = 0; count < 32; count += 1) await browser.get('/token');
    await redis.resetCommandCounts();
  };

  it.each(pages)('a page $page asks Redis for no more than it must have', async ({
    path,
    isKnown = true,
    isUsual = false,
    commands,
    trips,
  }) => {
    const asking = isKnown ? browser : createBrowser(app.origin);
    if (isUsual) await useTokens();
    const before = turns.count;
    const answer = await asking.get(path);
    expect(answer.status).toBe(200);
    expect(turns.count - before).toBe(trips);
    expect(await redis.commandCounts()).toEqual(commands);
  });

  it.each(pages)('a page $page makes at most $promises promises', async ({
    path,
    isKnown = true,
    isUsual = false,
    promises,
  }) => {
    if (isUsual) await useTokens();
    const cookie = isKnown ? browser.jar.header(app.origin) : undefined;
    expect(await countPromises(`${app.origin}${path}`, cookie)).toBeLessThanOrEqual(promises);
  });

  it('GET /login asks Redis nothing', async () => {
    const before = turns.count;
    const answer = await createBrowser(app.origin).get('/login');
    expect(answer.status).toBe(302);
    expect(turns.count).toBe(before);
    expect(await redis.commandCounts()).toEqual({});
  });

  it('a whole login makes few round trips', async () => {
    const before = turns.count;
    expect((await app.logIn(app.browser(), { as: 'grace' })).status).toBe(303);
    expect(turns.count - before).toBeLessThanOrEqual(5);
  });

  it('a session with 3.2 KB of tokens takes at most 3,900 bytes, in five keys', async () => {
    const other = await startApp({ op, redis: redis.url, redisPrefix: 'sized:' });
    await other.logIn(other.browser());
    await other.close();
    const client = redis.client();
    const keys = (await client.keys('sized:*')).filter((key) => !key.startsWith('sized:used:'));
    expect(keys.map((key) => key.split(':')[1]).sort()).toEqual(['d', 's', 'sid', 'sub', 't']);
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)));
    expect(sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)).toBeLessThanOrEqual(3900);
  });
});

function addPages(app: Express): void {
  addTokenRoutes(app);
  app.get('/plain', (_req, res) => void res.json({}));
  app.get('/read', (req, res) => void res.json((req.session as { basket?: string }).basket));
  app.get('/write', (req, res) => {
    const session = req.session as { visits?: number };
    session.visits = (session.visits ?? 0) + 1;
    res.json(session.visits);
  });
}
