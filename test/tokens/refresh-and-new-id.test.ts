import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { interleave } from '../support/gated-redis.ts';
import { ask, type RouteAnswer } from '../support/token-routes.ts';
import { useTwoProcesses } from '../support/two-processes.ts';

const { clock, op, logIn, processes } = await useTwoProcesses((app) => {
  app.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json('renewed');
  });
});

/** Ways in which a session gets a new id, in the second process and by its browser. */
const MOVES: Record<string, (login: Awaited<ReturnType<typeof logIn>>) => Promise<number>> = {
  'req.auth.renew()': async ({ two }) => (await two.get('/renew')).status,
  'the same person logging in again': async ({ two }) => {
    const redirect = await two.get('/login');
    const { pathname, search } = new URL((await op.signIn(redirect.headers.get('location')!)).url);
    return (await two.get(pathname + search)).status;
  },
};

/** More commands than any of them needs: who sends so many waits for the lock of the other. */
const WAITING = 16;

describe.each(Object.keys(MOVES))('%s, while a refresh is held back before each of its commands', (move) => {
  it.each([
    'refresh',
    'move',
  ])('loses neither the login nor its tokens, held back being the %s (F-74)', async (held) => {
    const failures: unknown[] = [];
    let isHeld = true;
    for (let pause = 0; isHeld; pause += 1) {
      const login = await logIn();
      let answer!: RouteAnswer;
      let moved!: number;
      const refresh = async () => {
        answer = await ask(login.one);
      };
      const giveNewId = async () => {
        moved = await MOVES[move]!(login);
      };
      const actors = [
        { gate: processes[0].gate, act: refresh },
        { gate: processes[1].gate, act: giveNewId },
      ] as const;
      const [first, second] = held === 'refresh' ? actors : [actors[1], actors[0]];
      [isHeld] = await interleave({ ...first, pause }, { ...second, pause: WAITING });

      const user = await whoIs(login.two);
      const next = await ask(login.two);
      clock.advance(3_600_000);
      const later = await ask(login.two);
      const seen = { moved, user, next: next.status, later: later.status };
      const expected = { moved: move.startsWith('req') ? 200 : 303, user: 'ada', next: 200, later: 200 };
      // A request that came with the old id may find it gone, and says so.
      const isRight = isDeepStrictEqual(seen, expected) && [200, 401].includes(answer.status);
      if (!isRight) failures.push({ pause, ...seen, answer });
      expect(pause).toBeLessThan(WAITING);
    }
    expect(failures).toEqual([]);
  });
});
