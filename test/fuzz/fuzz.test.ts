import { afterAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { exploration } from '../support/exploration.ts';
import { createFuzzTargets } from './fuzz-targets.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

const CASES = 10_000;
const { targets, close } = await createFuzzTargets();
afterAll(close);

describe('whatever comes from outside, ten thousand times,', () => {
  it.each(
    targets.map((target) => [target.name, target] as const),
  )('as %s it causes no fault, logs nobody in and leads nowhere else (F-125)', async (_, {
    share,
    property,
  }) => {
    await fc.assert(property, exploration((CASES / 100) * share));
  });

  it('is all of it', () => {
    expect(targets.reduce((sum, { share }) => sum + share, 0)).toBe(100);
  });
});
