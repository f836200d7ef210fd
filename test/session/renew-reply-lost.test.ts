import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

function addRoutes(server: Express): void {
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.end();
  });
  server.get('/change-and-regenerate', async (req, res) => {
    Object.assign(req.session, { stale: true });
    await promisify(req.session.regenerate.bind(req.session))();
    res.end();
  });
  server.get('/regenerate', async (req, res) => {
    await promisify(req.session.regenerate.bind(req.session))();
    Object.assign(req.session, { fresh: true });
    res.end();
  });
}

/** What gives a session another id. Each is prepared before anything fails. */
const CHANGES: Record<string, (browser: BrowserClient) => Promise<() => Promise<Response>>> = {
  'req.auth.renew()': async (browser) => () => browser.get('/renew'),
  'req.session.regenerate()': async (browser) => () => browser.get('/regenerate'),
  'a login of the same person': async (browser) => {
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    return () => browser.deliver(callback);
  },
};

/** How the commands of a request fail from the one on that is looked at. */
const FAULTS = {
  'is lost on its way to Redis': { when: 'onCommand', times: 1 },
  'is done, and its reply lost': { when: 'onAnswer', times: 1 },
  'and all that follow are lost on their way': { when: 'onCommand', times: 1000 },
  'and all that follow are done, and their replies lost': { when: 'onAnswer', times: 1000 },
} as const;

const cases = Object.keys(CHANGES).flatMap((change) =>
  Object.keys(FAULTS).map((fault) => [change, fault as keyof typeof FAULTS] as const),
);

describe.each(cases)('%s, of which any command %s,', (change, fault) => {
  it('leaves the browser logged in (N-13)', async () => {
    const { when, times } = FAULTS[fault];
    const gate = gateRedis(redis.client());
    const app = await startApp({ op, redis: gate.client, handlers: addRoutes, storeTimeoutMs: 400 });
    for (let first = 0, hasFailed = true; hasFailed; first += 1) {
      const browser = app.browser();
      expect((await app.logIn(browser)).status).toBe(303);
      const run = await CHANGES[change]!(browser);
      let [count, failed] = [0, 0];
      hasFailed = false;
      gate[when] = () => {
        count += 1;
        if (count <= first || failed === times) return;
        failed += 1;
        hasFailed = true;
        throw new Error('read ECONNRESET');
      };
      const { status } = await run();
      gate.onCommand = () => undefined;
      gate.onAnswer = () => undefined;
      expect([first, await whoIs(browser)]).toEqual([first, 'ada']);
      expect([200, 303, 503, 500]).toContain(status);
      if (!hasFailed) expect(first).toBeGreaterThan(3);
    }
  });
});

it.each([
  '/regenerate',
  '/change-and-regenerate',
])('a change of id whose old id cannot be reached leaves the browser the new one: %s (N-13)', async (path) => {
  const gate = gateRedis(redis.client());
  const app = await startApp({ op, redis: gate.client, handlers: addRoutes, storeTimeoutMs: 100 });
  const browser = app.browser();
  await app.logIn(browser);
  const before = await countPointers();
  gate.onCommand = (name) => {
    if (name === 'connectAuth:rotateSession') throw new Error('read ECONNRESET');
  };
  expect((await browser.get(path)).status).toBe(503);
  gate.onCommand = () => undefined;
  // What was left undone is done behind the back of the browser.
  await until(async () => (await countPointers()) > before);
  expect(await whoIs(browser)).toBe('ada');
});

async function countPointers(): Promise<number> {
  const client = redis.client();
  const keys = await client.keys('connect-auth:s:*');
  const records = await Promise.all(keys.map((key) => client.get(key)));
  return records.filter((record) => record?.startsWith('> ')).length;
}
