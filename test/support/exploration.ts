import { jest } from '@jest/globals';

/** How many times as many runs as in `npm test`; `npm run explore` gives it. */
const factor = Number(process.env.EXPLORE_FACTOR ?? 1);
const seed = process.env.EXPLORE_SEED ? Number(process.env.EXPLORE_SEED) : undefined;

jest.setTimeout(60_000 * factor);

/**
 * Settings for `fc.assert()`: so many runs in `npm test`. Each time they begin from a new seed, which the message names
 * when something was found.
 */
export function exploration(runs: number): { numRuns: number; seed?: number } {
  return { numRuns: runs * factor, ...(seed !== undefined && { seed }) };
}
