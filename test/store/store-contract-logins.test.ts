import { expect, it } from '@jest/globals';
import { CLOCK_SLACK_MS, LOGIN_LIFE_MS, TAKEN_LIFE_MS } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';

const MINUTE = 60_000;
const MARGIN = 20_000;

describeStore('a login under way (F-05)', (bed) => {
  const { send } = bed;

  it('goes to one taker, who may ask again (F-53)', async () => {
    const { store, id } = bed;
    const began = bed.now();
    expect(await send(() => store.readLogins([id]))).toEqual([null]);
    expect(await send(() => store.takeLogin(id, 'me', began))).toBe('mine');
    expect(await send(() => store.takeLogin(id, 'other', began))).toBe('taken');
    expect(await send(() => store.takeLogin(id, 'me', began))).toBe('mine');
    expect(await send(() => store.readLogins([id, `${id}-other`]))).toEqual(['me', null]);
  });

  it('goes to exactly one of many takers at once (F-53)', async () => {
    const { store, id } = bed;
    const takers = Array.from({ length: 20 }, (_, index) => `taker-${index}`);
    const answers = await Promise.all(takers.map((taker) => store.takeLogin(id, taker, bed.now())));
    expect(answers.filter((answer) => answer !== 'taken')).toEqual(['mine']);
  });

  it.each([
    ['as old as it may be', -LOGIN_LIFE_MS, 'mine'],
    ['older than that', -LOGIN_LIFE_MS - 1, 'expired'],
    ['a year old', -365 * 24 * 60 * MINUTE, 'expired'],
    ['as far ahead as clocks may be', CLOCK_SLACK_MS, 'mine'],
    ['further ahead than that', CLOCK_SLACK_MS + 1, 'expired'],
    ['of the year 9999', 253_402_300_799_000, 'expired'],
  ])('is judged by the store’s own clock: one that is %s', async (_, age, answer) => {
    const { store, id } = bed;
    const began = age > 1e12 ? age : bed.now() + age;
    expect(await send(() => store.takeLogin(id, 'me', began))).toBe(answer);
    // What is not taken leaves nothing behind.
    expect(await store.readLogins([id])).toEqual([answer === 'mine' ? 'me' : null]);
  });

  it('is not to be taken again for as long as it could be, also when it came from the future', async () => {
    const { store, id } = bed;
    const began = bed.now() + CLOCK_SLACK_MS;
    expect(await send(() => store.takeLogin(id, 'me', began))).toBe('mine');
    await bed.moveClock(TAKEN_LIFE_MS - MARGIN);
    expect(await send(() => store.takeLogin(id, 'other', began))).toBe('taken');
    await bed.moveClock(2 * MARGIN);
    expect(await send(() => store.takeLogin(id, 'other', began))).toBe('expired');
  });

  it.each([
    -60 * MINUTE,
    -10 * MINUTE,
    -MINUTE,
    MINUTE,
    14 * MINUTE,
    19 * MINUTE,
  ])('is taken once, however the clock steps: by %s ms', async (step) => {
    const { store, id } = bed;
    const began = bed.now();
    expect(await store.takeLogin(id, 'me', began)).toBe('mine');
    await bed.moveClock(step);
    expect(await send(() => store.takeLogin(id, 'other', began))).not.toBe('mine');
    await bed.moveClock(-step);
    expect(await send(() => store.takeLogin(id, 'other', began))).not.toBe('mine');
  });

  it('is cancelled, before it is taken and after (N-09)', async () => {
    const { store, id } = bed;
    const [before, after] = [`${id}-before`, `${id}-after`];
    await store.takeLogin(after, 'me', bed.now());
    // Whoever took one may have made a session of it.
    expect(await send(() => store.cancelLogins([before, after]))).toEqual(['me']);
    expect(await send(() => store.cancelLogins([after]))).toEqual(['me']);
    expect(await send(() => store.cancelLogins([before]))).toEqual([]);
    expect(await send(() => store.readLogins([before, after]))).toEqual(['cancelled', 'cancelled']);
    for (const name of [before, after]) {
      for (const owner of ['me', 'other'])
        expect(await send(() => store.takeLogin(name, owner, bed.now()))).toBe('cancelled');
    }
    await bed.moveClock(TAKEN_LIFE_MS - MARGIN);
    expect(await store.readLogins([before, after])).toEqual(['cancelled', 'cancelled']);
    await bed.moveClock(2 * MARGIN);
    expect(await store.readLogins([before, after])).toEqual([null, null]);
  });

  it('has nothing to do with others', async () => {
    const { store, id } = bed;
    expect(await store.cancelLogins([])).toEqual([]);
    expect(await store.readLogins([])).toEqual([]);
    await send(() => store.cancelLogins([`${id}-other`]));
    expect(await send(() => store.takeLogin(id, 'me', bed.now()))).toBe('mine');
  });
});
