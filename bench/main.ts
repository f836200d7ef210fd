// npm run bench -- [flags]
//
// What requests, sessions and logins cost, beside other packages: as ratios within one run, for absolute figures change
// from machine to machine. Starts everything it needs, on loopback, and ends it.
import { contestants } from './contestants.ts';
import { readFlags } from './flags.ts';
import { startBed } from './measure/bed.ts';
import { measureLarge } from './measure/large.ts';
import { measureLogins } from './measure/logins.ts';
import { describeMachine, pinSelf, readLoadAverages } from './measure/machine.ts';
import { measureRequests } from './measure/requests.ts';
import { prepare } from './prepare.ts';
import { formatRun } from './report/format-run.ts';
import { findOutputFolder, writeReport } from './report/write-report.ts';
import type { Run } from './run.ts';

const LOGINS = 'logins';

const flags = readFlags(process.argv.slice(2));
const names = contestants.map(({ name }) => name);
const unknown = flags.only?.find((name) => name !== LOGINS && !names.includes(name));
if (unknown) throw new Error(`There is no row "${unknown}". Known are: ${[...names, LOGINS].join(', ')}.`);

const begin = performance.now();
prepare(say);
const isPinned = pinSelf(flags.cores[1]);
const loadBefore = readLoadAverages();
const bed = await startBed(flags, isPinned ? flags.cores[0] : undefined);
const wants = (part: 'requests' | 'logins') =>
  !flags.only || flags.only.some((name) => (name === LOGINS) === (part === 'logins'));

const run: Run = {
  ...{ flags, isPinned, machine: describeMachine(), date: new Date() },
  requests: wants('requests') ? await measureRequests(bed, flags, say) : undefined,
  logins: wants('logins') ? await measureLogins(bed, flags, say) : undefined,
  large: flags.large ? await measureLarge(bed, flags, say) : undefined,
  loads: { before: loadBefore, after: readLoadAverages() },
};
await bed.close();

console.log(formatRun(run));
const folder = findOutputFolder(run);
if (folder) say(`written: ${writeReport(run, folder).join(', ')}`);
else say('docs/benchmarks.md stays as it is: only a whole run that can be trusted writes it.');
process.exit(0);

function say(text: string): void {
  console.error(`${String(Math.round((performance.now() - begin) / 1000)).padStart(5)} s  ${text}`);
}
