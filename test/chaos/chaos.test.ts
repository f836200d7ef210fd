import { describe, expect, it } from '@jest/globals';
import { type ChaosReport, runChaos } from './run-chaos.ts';

const seed = Number(process.env.EXPLORE_SEED ?? Date.now() % 1_000_000);

/** What it is about, and nothing that grows with it. */
const summarize = ({ wrong, hung }: ChaosReport) => ({ wrong, hung });

describe('four processes and forty people, while processes and Redis are killed, stopped and fail over,', () => {
  it(`give no wrong answer and leave no request hanging (seed ${seed}; F-08, F-09, F-19, F-68, F-121, N-05)`, async () => {
    const report = await runChaos({
      ...{ seed, processes: 4, people: 40, seconds: 9, blows: 0, thinkMs: 400 },
      chosen: [
        'a process is restarted as it should be',
        'a process is killed, and another started',
        'Redis is killed, and its replica takes over',
      ],
    });
    expect(summarize(report)).toEqual({ wrong: [], hung: [] });
    // What would make it true of nothing.
    expect(report.counts.requests).toBeGreaterThan(200);
    expect(report.counts['right: somebody']).toBeGreaterThan(100);
    expect(report.counts.logouts).toBeGreaterThan(1);
    expect(report.counts['cookies of ended sessions tried']).toBeGreaterThan(1);
  }, 180_000);
});
