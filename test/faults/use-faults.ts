import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { documentPath, fillIn, type SectionName, TITLES, writeRow } from '../../scripts/faults.ts';
import { type Fault, type FaultWorld, SIGHT_NAMES } from './fault.ts';
import { playFault } from './play-fault.ts';

/** How much longer than the bound an answer may take on a machine that is busy, in milliseconds. */
const SLACK_MS = 1500;

/** Defines the tests of one section: each fault as people see it, and the table of docs/faults.md. */
export function useFaults<World extends FaultWorld>(
  section: SectionName,
  startWorld: () => Promise<World>,
  faults: readonly Fault<World>[],
): void {
  describe(TITLES[section], () => {
    let world: World;
    const written: string[] = [];
    beforeAll(async () => {
      world = await startWorld();
    }, 60_000);
    afterAll(() => world?.close());

    it.each(
      faults,
    )('$title: answers in time that say so, and all is well again without a restart (F-17)', async (fault) => {
      const outcome = await playFault(world, fault);
      expect(outcome.problems).toEqual([]);
      for (const name of SIGHT_NAMES) {
        expect([name, [fault.sees[name]].flat()]).toEqual([
          name,
          expect.arrayContaining([outcome.statuses[name]]),
        ]);
      }
      expect(outcome.slowestMs).toBeLessThan(fault.bound * world.storeTimeoutMs + SLACK_MS);
      written.push(writeRow(fault, outcome));
    }, 90_000);

    it('stands in docs/faults.md as this run saw it: npx tsx scripts/faults.ts writes it', () => {
      const document = readFileSync(documentPath, 'utf8');
      expect(fillIn(document, section, written)).toBe(document);
    });
  });
}
