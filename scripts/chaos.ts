// npm run chaos [-- seconds [seed]]
//
// Four processes of an application, two hundred people at work, and twenty restarts, stops and failovers. Prints what was
// counted; ends with 1 when anything was wrong. With the same seed the same is done to the same, as far as time allows.
import { randomInt } from 'node:crypto';
import { runChaos } from '../test/chaos/run-chaos.ts';
import { writeEndurance } from './endurance.ts';

const [seconds = '180', seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(seconds) || !/^\d+$/.test(seed)) {
  console.error('Usage: npm run chaos -- [seconds, such as 180] [seed, such as 4711]');
  process.exit(1);
}
console.log(`${seconds} s, seed ${seed}`);
const report = await runChaos({
  ...{ seed: Number(seed), processes: 4, people: 200, thinkMs: 1000, print: console.log },
  ...{ seconds: Number(seconds), blows: Math.max(2, Math.round(Number(seconds) / 9)) },
});
const { wrong, hung, counts, errors } = report;
for (const [name, count] of Object.entries({ ...counts, ...prefix('onError', errors) }).sort())
  console.log(`${String(count).padStart(8)} ${name}`);
console.log(`${String(Math.round(report.slowestMs)).padStart(8)} ms for the slowest answer`);
for (const fault of [...wrong, ...hung.map((what) => `hung: ${what}`)].slice(0, 100))
  console.log(fault.split('\n')[0]);
console.log(`${wrong.length} wrong answers, ${hung.length} hung requests, seed ${seed}`);
if (Number(seconds) >= 180) writeEndurance('chaos', describe());
process.exit(wrong.length + hung.length > 0 ? 1 : 0);

function prefix(word: string, given: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(given).map(([name, count]) => [`${word}: ${name}`, count]));
}

function describe(): string[] {
  return [
    `Four processes, 200 people, ${Math.round(report.seconds)} seconds, ${report.blows.length} blows, seed ${seed}.`,
    '',
    '| what | times |',
    '| --- | --- |',
    `| **wrong answers** | **${wrong.length}** |`,
    `| **hung requests** | **${hung.length}** |`,
    ...Object.entries(counts)
      .sort()
      .map(([name, count]) => `| ${name} | ${count} |`),
    `| slowest answer, in milliseconds | ${Math.round(report.slowestMs)} |`,
  ];
}
