import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { NextFunction, Request, Response } from 'express';
import fc from 'fast-check';
import { whoIs } from '../support/bed.ts';
import { exploration } from '../support/exploration.ts';
import { createGate } from '../support/gate.ts';
import { findLivingRecords } from '../support/living-records.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { ask, type RouteAnswer } from '../support/token-routes.ts';
import { useTwoProcesses } from '../support/two-processes.ts';

const { op, redis, logIn, processes } = await useTwoProcesses(
  (app) => {
    app.get('/two', async (req, res) => {
      res.json({ token: await req.auth.getAccessToken({ resource: 'urn:two' }) });
    });
    app.use(answerByStatus);
  },
  { resource: ['urn:one', 'urn:two'] },
);
const database = redis.client();

function answerByStatus(error: { status: number }, _req: Request, res: Response, _next: NextFunction): void {
  res.status(error.status).json({});
}

/** Commands to Redis that wait to be sent, and a way to be told when there is another or somebody is done. */
function createSchedule() {
  const waiting: (() => void)[] = [];
  let tell = () => {};
  let news = Promise.resolve();
  const expectNews = () => {
    news = new Promise((resolve) => {
      tell = resolve;
    });
  };
  expectNews();
  for (const { gate } of processes) {
    gate.onCommand = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        tell();
      });
  }
  /** Lets the commands of these go one by one, in the order that the numbers choose, until all are done. */
  return async (acts: readonly (() => Promise<unknown>)[], choices: readonly number[]) => {
    let left = acts.length;
    const all = acts.map((act) =>
      act().finally(() => {
        left -= 1;
        tell();
      }),
    );
    for (let step = 0; left > 0; step += 1) {
      await nextTurn();
      const [next] = waiting.splice((choices[step % choices.length] ?? 0) % Math.max(1, waiting.length), 1);
      if (next) {
        next();
      } else if (left > 0) {
        await news;
        expectNews();
      }
    }
    for (const { gate } of processes) gate.onCommand = () => undefined;
    await Promise.all(all);
  };
}

describe('any order of the commands of several requests to two processes', () => {
  it('makes one refresh of one flight, and never outlives a logout (F-67, F-71, F-126)', async () => {
    const order = fc.record({
      choices: fc.array(fc.nat({ max: 11 }), { minLength: 8, maxLength: 80 }),
      requests: fc.integer({ min: 1, max: 3 }),
      logout: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(order, async ({ choices, requests, logout }) => {
        const login = await logIn();
        const { key } = redisKeysOfBrowser(processes[0], login.one);
        const answers: RouteAnswer[] = [];
        const asks = [login.one, login.two].flatMap((browser) =>
          Array.from({ length: requests }, () => async () => {
            answers.push(await ask(browser));
          }),
        );
        const leave = async () => {
          expect((await login.two.post('/logout')).status).toBe(303);
        };
        await createSchedule()(logout ? [...asks, leave] : asks, choices);

        const used = op.requests('token').map(({ params }) => String(params.get('refresh_token')));
        const revoked = op.requests('revocation').map(({ params }) => String(params.get('token')));
        const living = login.given.filter((token) => !used.includes(token) && !revoked.includes(token));
        const tokens = new Set(answers.flatMap(({ token }) => token ?? []));
        const statuses = [...new Set(answers.map(({ status }) => status))].sort();
        expect(used.length).toBeLessThanOrEqual(1);
        expect(tokens.size).toBeLessThanOrEqual(1);
        if (logout) {
          expect([200, 401]).toEqual(expect.arrayContaining(statuses));
          expect(await findLivingRecords(database, key)).toEqual([]);
          expect(living).toEqual([]);
          expect(await whoIs(login.one)).toBeNull();
        } else {
          expect(statuses).toEqual([200]);
          expect(used).toHaveLength(1);
          expect(living).toHaveLength(1);
          expect(await whoIs(login.one)).toBe('ada');
        }
      }),
      exploration(25),
    );
  });

  it('makes one refresh for each of two resources, and sends no refresh token twice', async () => {
    const order = fc.record({
      choices: fc.array(fc.nat({ max: 11 }), { minLength: 8, maxLength: 80 }),
      paths: fc.array(fc.constantFrom('/token', '/two'), { minLength: 1, maxLength: 3 }),
      logout: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(order, async ({ choices, paths, logout }) => {
        const login = await logIn();
        const { key } = redisKeysOfBrowser(processes[0], login.one);
        const answers: { path: string; status: number; token?: string | undefined }[] = [];
        const asks = [login.one, login.two].flatMap((browser) =>
          paths.map((path) => async () => {
            const { status, token } = await ask(browser, path);
            answers.push({ path, status, token });
          }),
        );
        const leave = async () => {
          expect((await login.two.post('/logout')).status).toBe(303);
        };
        await createSchedule()(logout ? [...asks, leave] : asks, choices);

        const used = op.requests('token').map(({ params }) => String(params.get('refresh_token')));
        const revoked = op.requests('revocation').map(({ params }) => String(params.get('token')));
        const living = login.given.filter((token) => !used.includes(token) && !revoked.includes(token));
        const wanted = new Set(paths).size;
        const tokens = new Set(answers.flatMap(({ path, token }) => (token ? `${path} ${token}` : [])));
        expect(used).toEqual([...new Set(used)]);
        if (logout) {
          expect([200, 401]).toEqual(
            expect.arrayContaining([...new Set(answers.map(({ status }) => status))]),
          );
          expect(await findLivingRecords(database, key)).toEqual([]);
          expect(living).toEqual([]);
        } else {
          expect(answers.every(({ status }) => status === 200)).toBe(true);
          expect(tokens.size).toBe(wanted);
          expect(used).toHaveLength(wanted);
          expect(living).toHaveLength(1);
          expect(await whoIs(login.one)).toBe('ada');
        }
      }),
      exploration(20),
    );
  });
});

describe('who waits for the refresh of another resource', () => {
  it('does not take what it brought for their own, and refreshes in their turn', async () => {
    const login = await logIn();
    const [first, second] = [processes[0].gate, processes[1].gate];
    const [waits, stored, looked] = [createGate(), createGate(), createGate()];
    let looks = 0;
    first.onCommand = (name) => {
      if (name !== 'connectAuth:releaseLock') return undefined;
      stored.open();
      return looked.opened;
    };
    second.onCommand = (name) => {
      if (!name.startsWith('connectAuth:acquireLock')) return undefined;
      looks += 1;
      waits.open();
      // The first look finds the lock, and the new record; at the second the lock is given back.
      if (looks === 2) looked.open();
      return stored.opened;
    };
    const own = ask(login.two);
    await waits.opened;
    const [other, main] = await Promise.all([ask(login.one, '/two'), own.finally(looked.open)]);
    for (const gate of [first, second]) gate.onCommand = () => undefined;
    expect([other.status, main.status]).toEqual([200, 200]);
    expect(op.requests('token').map(({ params }) => params.get('resource'))).toEqual(['urn:two', 'urn:one']);
    expect(main.token).not.toBe(other.token);
    expect(await ask(login.one)).toMatchObject({ token: main.token });
  });
});
