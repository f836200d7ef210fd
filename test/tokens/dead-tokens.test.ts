import { describe, expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { serve } from '../support/listen.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const HOUR_MS = 3_600_000;
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

describe.each([
  'redis',
  'memory',
] as const)('a token that is known to be dead, with sessions in %s,', (kind) => {
  /** Somebody whose next tokens live for so many seconds each. */
  const logIn = async (seconds: number, apiOrigins: string[] = []) => {
    const app = await startApp({
      ...{ op, now: clock.now, handlers: addTokenRoutes, apiOrigins },
      redis: kind === 'redis' ? redis.url : 'memory',
    });
    const browser = app.browser();
    await app.logIn(browser);
    op.script({ refresh: (answer) => ({ ...answer, expires_in: seconds }) });
    clock.advance(HOUR_MS);
    const first = await ask(browser);
    expect(first.status).toBe(200);
    op.forgetRequests();
    return { browser, first };
  };

  it.each([1, 2, 5])('is never handed out, where tokens live for %s seconds (N-18)', async (seconds) => {
    const { browser, first } = await logIn(seconds);
    const tokens = [first.token];
    for (let round = 0; round < 4; round += 1) {
      clock.advance(seconds * 1000);
      const { status, token } = await ask(browser);
      expect(status).toBe(200);
      tokens.push(token);
    }
    expect(new Set(tokens).size).toBe(5);
  });

  it.each([
    1, 2, 5,
  ])('is not asked for again while it lives, where tokens live for %s seconds (N-18)', async (seconds) => {
    const { browser, first } = await logIn(seconds);
    clock.advance(seconds * 1000 - 1);
    expect(await ask(browser)).toMatchObject({ status: 200, token: first.token });
    expect(op.requests('token')).toHaveLength(0);
  });

  it('is not handed out either when it cannot be renewed (N-18)', async () => {
    const { browser, first } = await logIn(2);
    op.script({ refresh: () => (res) => void res.writeHead(500).end() });
    clock.advance(1999);
    expect(await ask(browser)).toMatchObject({ status: 200, token: first.token });
    clock.advance(1);
    expect(await ask(browser)).toMatchObject({ status: 503, error: 'provider_unavailable' });
  });

  it('because an API refuses it is not sent there again (N-18)', async () => {
    const sent: (string | undefined)[] = [];
    const api = await serve(
      () => (req, res) => {
        sent.push(req.headers.authorization);
        res.writeHead(401).end();
      },
      'localhost',
    );
    try {
      const { browser } = await logIn(3600, [api.origin]);
      const call = () => ask(browser, `/call?url=${encodeURIComponent(api.origin)}`);
      // A refresh has only just brought it: there is no better one.
      expect(await call()).toMatchObject({ upstream: 401 });
      expect([sent.length, op.requests('token').length]).toEqual([1, 0]);
      clock.advance(5000);
      expect(await call()).toMatchObject({ upstream: 401 });
      expect(op.requests('token')).toHaveLength(1);
      expect(new Set(sent).size).toBe(2);
      expect(sent).toHaveLength(3);
    } finally {
      await api.close();
    }
  });
});
