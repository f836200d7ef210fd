import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { seedSessions } from '../support/seed-sessions.ts';
import { until } from '../support/until.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const COUNT = 3000;
const op = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const ada = { issuer: op.issuer, sub: 'ada' };
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ op, redis: redis.url });
});
beforeEach(async () => {
  await database.flushall();
  app.logouts.length = 0;
  await seedSessions(redis.url, {
    ...{ count: COUNT, app, issuer: op.issuer, clientId: op.clientId, sub: 'ada', now: Date.now },
  });
});
afterAll(() => app.close());

/** Every command that Redis is sent while `work` is done, with its arguments. */
async function watch(work: () => Promise<unknown>): Promise<string[][]> {
  const monitor = await redis.client().monitor();
  const seen: string[][] = [];
  monitor.on('monitor', (_time: string, args: string[]) => seen.push(args));
  await work();
  await database.echo('the end');
  await until(() => seen.some(([name, text]) => name === 'echo' && text === 'the end'));
  monitor.disconnect();
  return seen;
}

/** How many members of an index a command may touch. Scripts of ours touch one, and drop a hundred at most. */
function countTouched([name = '', ...args]: readonly string[]): number {
  switch (name.toLowerCase()) {
    case 'zscan':
      return Number(args[args.findIndex((arg) => /count/i.test(arg)) + 1]);
    case 'zrevrange':
    case 'zrange': {
      if (args.some((arg) => /limit/i.test(arg))) return Number(args.at(-1));
      const [, first, last] = args.map(Number) as [number, number, number];
      return last < first ? Number.POSITIVE_INFINITY : last - first + 1;
    }
    case 'keys':
    case 'zrangebyscore':
    case 'flushall':
      return Number.POSITIVE_INFINITY;
    default:
      return args.length;
  }
}

describe(`a person with ${COUNT} sessions (N-19)`, () => {
  it('is logged out of all of them, in commands that are all short', async () => {
    const commands = await watch(async () => {
      expect(await app.auth.sessions.revokeAll(ada)).toBe(COUNT);
    });
    expect(commands.length).toBeGreaterThan(COUNT);
    const longest = Math.max(...commands.map(countTouched));
    expect(longest).toBeLessThanOrEqual(500);
    expect(app.logouts).toHaveLength(COUNT);
    expect(await app.auth.sessions.list(ada)).toEqual([]);
    expect(await database.keys('connect-auth:s[ui][bd]:*')).toEqual([]);
  });

  it('sees the newest of them, as many as asked for, in commands that are all short', async () => {
    const browser = app.browser();
    await app.logIn(browser);
    for (const [limit, expected] of [
      [undefined, 100],
      [7, 7],
      [1000, 1000],
    ] as const) {
      const commands = await watch(async () => {
        const listed = await app.auth.sessions.list(ada, limit === undefined ? {} : { limit });
        expect(listed).toHaveLength(expected);
      });
      expect(Math.max(...commands.map(countTouched))).toBeLessThanOrEqual(expected);
    }
    for (const limit of [0, 1001, 1.5, '7'])
      await expect(app.auth.sessions.list(ada, { limit: limit as number })).rejects.toThrow(/limit/);
  });

  it('holds up nobody else while they are logged out of all', async () => {
    const grace = app.browser();
    await app.logIn(grace, { as: 'grace' });
    let isDone = false;
    const revoking = app.auth.sessions.revokeAll(ada).finally(() => {
      isDone = true;
    });
    const waits: number[] = [];
    while (!isDone) {
      const begun = performance.now();
      expect(await whoIs(grace)).toBe('grace');
      waits.push(performance.now() - begun);
    }
    expect(await revoking).toBe(COUNT);
    // Beside so many ends there was room for others all the time.
    expect(waits.length).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThan(1000);
  });

  it('is logged out of all of them by two processes at once, each told once', async () => {
    const counts = await Promise.all([app.auth.sessions.revokeAll(ada), app.auth.sessions.revokeAll(ada)]);
    expect(counts[0]! + counts[1]!).toBe(COUNT);
    expect(app.logouts).toHaveLength(COUNT);
  });
});
