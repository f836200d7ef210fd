import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { exploration } from '../support/exploration.ts';
import { exchange } from '../support/http-exchange.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const LOGINS = exploration(400).numRuns;
const op = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const start = useApps();
beforeEach(() => database.flushall());

/** Begins logins that nobody goes on with, from clients that keep no cookie. */
async function abandon(app: TestApp, count: number): Promise<void> {
  for (let at = 0; at < count; at += 20) {
    const begun = Array.from({ length: 20 }, async (_, index) => {
      const url = `${app.origin}/login?returnTo=/${at + index}`;
      const answer = await exchange({ method: 'GET', url, headers: { accept: 'text/html' } });
      expect(answer.status).toBe(302);
    });
    await Promise.all(begun);
  }
}

/** What lives on the heap after what nobody holds has gone. */
function measureHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let round = 0; round < 3; round += 1) collect();
  return process.memoryUsage().heapUsed;
}

describe(`${LOGINS} logins that nobody goes on with (N-07)`, () => {
  it('leave nothing in Redis, and nothing in the process', async () => {
    const seen: WeakRef<object>[] = [];
    const app = await start({
      ...{ op, redis: redis.url },
      before: (server) =>
        void server.use((req, res, next) => {
          seen.push(new WeakRef(req), new WeakRef(res));
          next();
        }),
    });
    await abandon(app, 100);
    await redis.resetCommandCounts();
    const before = measureHeap();
    await abandon(app, LOGINS);
    const grown = measureHeap() - before;
    expect(await redis.commandCounts()).toEqual({});
    expect(await database.dbsize()).toBe(0);
    expect(seen.length).toBeGreaterThan(LOGINS);
    // Those of the connections that are open still.
    expect(seen.filter((one) => one.deref()).length).toBeLessThan(100);
    // However many they are: of a hundred thousand, each that something still holds has a kilobyte.
    expect(grown).toBeLessThan(5_000_000 + 64 * LOGINS);
  });
});

describe('callbacks that anybody can send (N-07)', () => {
  const readSizes = async () => {
    const keys = await database.keys('*');
    return Promise.all(
      keys.map(async (key) => ({
        kind: key.split(':')[1],
        bytes: (await database.memory('USAGE', key, 'SAMPLES', 0))!,
        lifeMs: await database.pttl(key),
      })),
    );
  };

  it('write nothing without the cookie of a login of ours', async () => {
    const app = await start({ op, redis: redis.url });
    const callback = await holdCallback(op, app.browser());
    await redis.resetCommandCounts();
    for (let count = 0; count < 10; count += 1) {
      await app.browser().deliver(callback);
      await app.browser().get(`/oauth/callback?code=x&state=${'s'.repeat(42)}${count}`);
    }
    expect(await redis.commandCounts()).toEqual({});
  });

  it('write at most 215 bytes for at most twenty minutes with one, and nothing more if nothing comes of it', async () => {
    const app = await start({ op, redis: redis.url });
    op.script({ token: () => json(400, { error: 'invalid_grant' }) });
    for (let count = 0; count < 10; count += 1) {
      const browser = app.browser();
      const callback = await holdCallback(op, browser);
      expect((await browser.deliver(callback)).status).toBeGreaterThanOrEqual(400);
      expect(browser.jar.all()).toEqual([]);
    }
    const sizes = await readSizes();
    expect(sizes).toHaveLength(10);
    for (const { kind, bytes, lifeMs } of sizes) {
      expect(kind).toBe('used');
      expect(bytes).toBeLessThanOrEqual(215);
      expect(lifeMs).toBeLessThanOrEqual(1_200_000);
      expect(lifeMs).toBeGreaterThan(1_100_000);
    }
  });
});
