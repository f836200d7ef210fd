import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Refresh } from './fleet-provider.ts';
import { createBelief, createJudge, type Judged, NOBODY } from './judge.ts';

let [time, refreshes] = [1_000_000, [] as Refresh[]];
let lost: { from: number; to: number }[] = [];
let broken: { from: number; to: number }[] = [];
beforeEach(() => {
  [time, refreshes, lost, broken] = [1_000_000, [], [], []];
});
const touches = (all: typeof lost, from: number, to: number) =>
  all.some((each) => from <= each.to && to >= each.from);
const judge = () =>
  createJudge({
    lost: (from, to) => touches(lost, from, to),
    troubled: (from, to) => touches(broken, from, to),
    refreshes: () => refreshes,
    now: () => time,
  });
const asked = (
  status: number,
  body: object = {},
  outcome: 'answered' | 'hung' | 'cut' = 'answered',
): Judged => ({
  what: 'page',
  answer: {
    ...{ outcome, status, body: JSON.stringify(body), ms: 5 },
    ...{ location: undefined, retryAfter: undefined, process: 'a' },
  },
  from: time - 5,
  to: time,
});
const isIn = (n: number) => ({ isIn: true, n });

describe('the judge of the chaos', () => {
  it.each([
    ['somebody where nobody can be', [NOBODY], isIn(0)],
    ['nobody where somebody must be', [isIn(1)], NOBODY],
    ['a count that was taken back', [isIn(2)], isIn(1)],
  ])('finds %s', (_, guesses, seen) => {
    const { see, verdicts } = judge();
    see({ ...createBelief('ada'), guesses }, asked(200), seen);
    expect(verdicts.wrong).toHaveLength(1);
  });

  it("finds another's data, faults without a cause, and requests that hang", () => {
    const { readOwn, isAnswer, verdicts } = judge();
    const belief = createBelief('ada');
    expect(readOwn(belief, asked(200, { sub: 'grace' }))).toBeUndefined();
    expect(isAnswer(belief, asked(503))).toBe(false);
    expect(isAnswer(belief, asked(0, {}, 'cut'))).toBe(false);
    expect(isAnswer(belief, asked(0, {}, 'hung'))).toBe(false);
    expect([verdicts.wrong.length, verdicts.hung.length]).toEqual([3, 1]);
  });

  it('counts apart what was done while nothing was promised, and nothing that was done before', () => {
    const { see, verdicts } = judge();
    const belief = createBelief('ada');
    lost = [{ from: time - 1000, to: time - 500 }];
    belief.changes.push({ from: time - 700, to: time - 600 });
    see({ ...belief, guesses: [isIn(2)] }, asked(200), isIn(1));
    expect(verdicts.wrong).toEqual([]);
    see(
      { ...createBelief('ada'), guesses: [isIn(2)], changes: [{ from: 0, to: time - 2000 }] },
      asked(200),
      isIn(1),
    );
    expect(verdicts.wrong).toHaveLength(1);
  });

  it('knows that what was told as failed may come later, for a while', () => {
    const { see, verdicts } = judge();
    const late = () => ({ ...createBelief('ada'), guesses: [isIn(3)], late: new Map([[2, time + 10]]) });
    see(late(), asked(200), isIn(2));
    see({ ...createBelief('ada'), guesses: [isIn(3)], mayEndUntil: time + 10 }, asked(401), NOBODY);
    expect(verdicts.wrong).toEqual([]);
    const old = late();
    time += 20;
    see(old, asked(200), isIn(2));
    expect(verdicts.wrong).toHaveLength(1);
  });

  it('takes a refused refresh for a fault of ours, unless the answer before it died with its process', () => {
    const { see, verdicts } = judge();
    refreshes = [
      { at: time - 500, outcome: 'given' },
      { at: time - 50, outcome: 'refused' },
    ];
    const belief = () => ({ ...createBelief('ada'), guesses: [isIn(0)] });
    see(belief(), asked(401), NOBODY);
    expect(verdicts.wrong).toHaveLength(1);
    broken = [{ from: time - 450, to: time - 400 }];
    see(belief(), asked(401), NOBODY);
    expect(verdicts.wrong).toHaveLength(1);
  });
});
