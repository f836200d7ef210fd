// npm run soak [-- factor]
//
// A hundred thousand logins and logouts and a million requests, times the factor (10, or 0.1 to try it). Ends with 1 when
// anything has grown: heap, handles, listeners, keys in Redis.
import { findGrowth } from '../test/chaos/find-growth.ts';
import { describeMeasure, runSoak } from '../test/chaos/run-soak.ts';
import { writeEndurance } from './endurance.ts';

const factor = Number(process.argv[2] ?? 1);
if (!(factor > 0)) {
  console.error('Usage: npm run soak -- [factor, such as 10]');
  process.exit(1);
}
const [logins, requests] = [100_000 * factor, 1_000_000 * factor];
console.log(`${logins} logins, ${requests} requests`);
const measures = await runSoak({ logins, requests, rounds: 5, print: console.log });
const faults = findGrowth(measures);
for (const fault of faults) console.log(fault);
console.log(faults.length === 0 ? 'Nothing grows.' : 'Something grows.');
if (factor >= 0.1) {
  writeEndurance('soak', [
    `${measures.at(-1)!.logins} logins and logouts, ${measures.at(-1)!.requests} requests: ${faults.length === 0 ? 'nothing grows' : faults.join(' ')}`,
    '',
    ...measures.map((measure) => `- ${describeMeasure(measure)}`),
  ]);
}
process.exit(faults.length === 0 ? 0 : 1);
