import { describe, expect, it } from '@jest/globals';
import { findGrowth } from './find-growth.ts';
import { runSoak, type SoakMeasure } from './run-soak.ts';

describe('a thousand logins and logouts', () => {
  it('leave heap, handles, listeners and keys in Redis as they were (F-120)', async () => {
    const measures = await runSoak({ logins: 600, requests: 4200, rounds: 2 });
    expect(findGrowth(measures)).toEqual([]);
    expect(measures.at(-1)!.logins).toBeGreaterThanOrEqual(900);
  }, 180_000);
});

describe('what grows', () => {
  const flat: SoakMeasure = {
    ...{ logins: 100, requests: 1000, heap: 1, resources: { Timeout: 1 }, listeners: 3, keys: { used: 100 } },
    lasting: [],
  };
  it.each<[string, Partial<SoakMeasure>]>([
    ['the heap', { heap: 10_000_000 }],
    ['handles', { resources: { Timeout: 20 } }],
    ['listeners', { listeners: 4 }],
    ['sessions in Redis', { keys: { d: 1 } }],
    ['what logins leave', { keys: { used: 300 } }],
    ['a key without an end', { lasting: ['s -1'] }],
  ])('is found: %s', (_, change) => {
    expect(findGrowth([flat, flat])).toEqual([]);
    expect(findGrowth([flat, { ...flat, ...change }])).toHaveLength(1);
  });
});
