import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StoreError } from '../../src/errors.ts';
import { createFinishLater, type FinishLater } from '../../src/store/finish-later.ts';

const isAway = (): Promise<unknown> => Promise.reject(new StoreError('Redis is away.'));

describe('what a failing store has left undone', () => {
  let told: unknown[];
  let later: FinishLater;
  const codes = () => told.map((error) => (error as StoreError).code);

  const create = (withinMs?: number) => {
    told = [];
    const reportError = async (error: unknown) => {
      told.push(error);
    };
    later = createFinishLater({ reportError, withinMs });
  };
  afterEach(() => later.close());

  it('is done when the store is back, and nobody is told', async () => {
    create();
    const work = jest.fn(isAway).mockImplementationOnce(isAway).mockResolvedValue(undefined);
    later.finish(work);
    await later.settle();
    expect(work).toHaveBeenCalledTimes(2);
    expect(told).toEqual([]);
  });

  it('is told when the store stays away for too long, with why', async () => {
    create(1);
    later.finish(isAway);
    await later.settle();
    expect(codes()).toEqual(['store_unfinished']);
    expect(told[0]).toMatchObject({ cause: { message: 'Redis is away.' } });
  });

  it('is told when a process stops before it is done, and nobody waits for it any more', async () => {
    create();
    later.finish(isAway);
    later.finish(isAway);
    const settled = later.settle();
    later.close();
    await settled;
    expect(codes()).toEqual(['store_unfinished', 'store_unfinished']);
    later.finish(isAway);
    expect(codes()).toHaveLength(3);
  });

  it('is told of where a thousand pieces wait already', () => {
    create();
    for (let piece = 0; piece < 1000; piece += 1) later.finish(isAway);
    expect(told).toEqual([]);
    later.finish(isAway);
    expect(codes()).toEqual(['store_unfinished']);
  });

  it('goes on where the log itself fails', async () => {
    later = createFinishLater({ reportError: () => Promise.reject(new Error('no log')), withinMs: 1 });
    later.finish(isAway);
    await later.settle();
  });

  it('tells a fault that is not of the store as it is, and does not try again', async () => {
    create();
    const fault = new Error('a fault of our own');
    const work = jest.fn(() => Promise.reject(fault));
    later.finish(work);
    await later.settle();
    expect(told).toEqual([fault]);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
