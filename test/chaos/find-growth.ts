import type { SoakMeasure } from './run-soak.ts';

/** A heap breathes so much, in bytes, whatever is done. */
const BREATH = 6 * 1024 * 1024;
/** What a login under way leaves for twenty minutes, so that it is taken once; and what is left of an end, for a minute. */
const PASSING = new Set(['used', 's', 't', 'lock']);

/** What has grown from the first measure to the last, as sentences; empty when nothing has. */
export function findGrowth(measures: readonly SoakMeasure[]): string[] {
  const [first, last] = [measures[0]!, measures.at(-1)!];
  const faults: string[] = [];
  if (first.heap !== null && last.heap !== null && last.heap - first.heap > BREATH)
    faults.push(`The heap has grown from ${first.heap} to ${last.heap} bytes.`);
  const openOf = ({ resources }: SoakMeasure) =>
    Object.values(resources).reduce((sum, count) => sum + count, 0);
  if (openOf(last) > openOf(first) + 8) faults.push(`${openOf(first)} handles have become ${openOf(last)}.`);
  if (last.listeners > first.listeners)
    faults.push(`${first.listeners} listeners have become ${last.listeners}.`);
  for (const [kind, count] of Object.entries(last.keys)) {
    if (!PASSING.has(kind) && count > (first.keys[kind] ?? 0))
      faults.push(`Keys of the kind ${kind}: ${count} are left.`);
    if (PASSING.has(kind) && count > last.logins * 2)
      faults.push(`Keys of the kind ${kind}: ${count} for ${last.logins} logins.`);
  }
  for (const key of last.lasting.slice(0, 5)) faults.push(`A key stays for too long: ${key} ms.`);
  return faults;
}
