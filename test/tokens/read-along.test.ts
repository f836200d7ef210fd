import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ErrorRequestHandler, Express } from 'express';
import { createOpenedTokens } from '../../src/vault/opened-tokens.ts';
import type { TestApp } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

describe.each([
  'redis',
  'memory',
] as const)('where most requests use tokens, with sessions in %s,', (kind) => {
  let app: TestApp;
  /** What the next request to /late does between its read and its use of a token. */
  let meanwhile: () => Promise<unknown>;

  const addPages = (pages: Express) => {
    addTokenRoutes(pages);
    pages.get('/late', async (req, res) => {
      await meanwhile();
      res.json({ token: await req.auth.getAccessToken() });
    });
    pages.get('/twice', async (req, res) => {
      const token = await req.auth.getAccessToken();
      await meanwhile();
      res.json({ token: await req.auth.getAccessToken(), before: token });
    });
    const answer: ErrorRequestHandler = (error, _req, res, _next) =>
      void res.status(error.status ?? 500).json({ error: error.code });
    pages.use(answer);
  };
  const start = async () => {
    app = await startApp({
      ...{ op, now: clock.now, handlers: addPages, redis: kind === 'redis' ? redis.url : 'memory' },
    });
    const browser = app.browser();
    await app.logIn(browser);
    for (let count = 0; count < 32; count += 1) await ask(browser);
    return browser;
  };
  const endAll = () => app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });

  it('a session and its tokens are read at once', async () => {
    const browser = await start();
    await redis.resetCommandCounts();
    expect((await ask(browser)).status).toBe(200);
    expect(await redis.commandCounts()).toEqual(kind === 'redis' ? { mget: 1 } : {});
  });

  it('nobody gets those of a session that has ended since, who asks a second time', async () => {
    const browser = await start();
    meanwhile = endAll;
    expect(await ask(browser, '/twice')).toMatchObject({ status: 401, error: 'login_required' });
  });

  it('nor who asks late', async () => {
    const browser = await start();
    meanwhile = async () => {
      await endAll();
      clock.advance(101);
    };
    expect(await ask(browser, '/late')).toMatchObject({ status: 401, error: 'login_required' });
  });

  it('nobody gets them whose session ended before the request', async () => {
    const browser = await start();
    await endAll();
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
  });
});

it('tokens that were opened a moment ago do not stand in for sealed ones that were altered', async () => {
  const app = await startApp({
    op,
    now: clock.now,
    handlers: addTokenRoutes,
    redis: redis.url,
    redisPrefix: 'altered:',
  });
  const browser = app.browser();
  await app.logIn(browser);
  expect((await ask(browser)).status).toBe(200);
  const client = redis.client();
  const [key] = await client.keys('altered:t:*');
  const sealed = (await client.getBuffer(key!))!;
  sealed[sealed.length - 1]! ^= 1;
  await client.set(key!, sealed);
  expect(await ask(browser)).toMatchObject({ error: 'token_unavailable' });
});

describe('tokens that were opened', () => {
  afterEach(() => void jest.useRealTimers());
  const tokens = { accessToken: 'token' } as Parameters<ReturnType<typeof createOpenedTokens>['keep']>[2];
  const sealed = Buffer.from('sealed');

  it('are kept for a minute at most, whether anybody asks or not', () => {
    jest.useFakeTimers();
    const opened = createOpenedTokens();
    opened.keep('key', sealed, tokens);
    jest.advanceTimersByTime(30_000);
    expect(opened.find('key', Buffer.from('sealed'))).toBe(tokens);
    jest.advanceTimersByTime(30_000);
    expect(opened.find('key', sealed)).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are those of two thousand sessions at most', () => {
    const opened = createOpenedTokens();
    const keys = Array.from({ length: 3000 }, (_, index) => `key ${index}`);
    for (const key of keys) opened.keep(key, sealed, tokens);
    expect(keys.filter((key) => opened.find(key, sealed)).length).toBeLessThanOrEqual(2000);
    opened.clear();
    expect(keys.filter((key) => opened.find(key, sealed))).toEqual([]);
  });

  it('are found by the sealed bytes alone that they were opened from', () => {
    const opened = createOpenedTokens();
    opened.keep('key', sealed, tokens);
    expect(opened.find('key', Buffer.from('others'))).toBeUndefined();
    expect(opened.find('another key', sealed)).toBeUndefined();
    opened.clear();
  });
});
