// npm run fuzz [-- cases [seed]]
//
// A million cases over every input from outside: callbacks, cookies, logout tokens, return addresses, stored sessions.
// Where Chromium is at hand, it says of the addresses that were followed where they lead. Ends with 1 at the first fault,
// with the seed and the case.
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { createFuzzTargets } from '../test/fuzz/fuzz-targets.ts';
import { writeEndurance } from './endurance.ts';
import { findProgram } from './programs.js';

const ORIGIN = 'http://localhost:3000';
const [cases = '1000000', given = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(cases) || !/^\d+$/.test(given)) {
  console.error('Usage: npm run fuzz -- [cases, such as 1000000] [seed, such as 4711]');
  process.exit(1);
}
const [total, seed] = [Number(cases), Number(given)];
console.log(`${total} cases, seed ${seed}`);
const { targets, followed, close } = await createFuzzTargets();
const rows: string[] = [];
for (const { name, share, property } of targets) {
  const numRuns = Math.ceil((total / 100) * share);
  const begun = performance.now();
  await fc.assert(property, { numRuns, seed });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${String(numRuns).padStart(8)} ${name}, ${seconds.toFixed(1)} s`);
  rows.push(`| ${name} | ${numRuns} |`);
}
await close();
const asked = await askChromium([...followed]);
console.log(
  asked === undefined ? 'No Chromium to ask.' : `${asked} addresses were followed by Chromium to us.`,
);
if (total >= 100_000) {
  writeEndurance('fuzz', [
    `${total} cases, seed ${seed}: no fault (5xx), nobody logged in, no way off the origin.`,
    ...(asked === undefined
      ? []
      : ['', `${asked} different addresses were followed; by Chromium's URL parser all stay.`]),
    '',
    ...['| what | cases |', '| --- | --- |', ...rows],
  ]);
}

/** Where a browser would go from the login. How many were asked about; `undefined`: there is none. */
async function askChromium(addresses: readonly string[]): Promise<number | undefined> {
  const executablePath = findProgram('chromium-headless-shell') ?? findProgram('chromium');
  if (!executablePath) return undefined;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const base = `${ORIGIN}/login`;
    const leaving = await page.evaluate(
      ({ addresses: all, base: from, origin }) => all.filter((each) => new URL(each, from).origin !== origin),
      { addresses: [...addresses], base, origin: ORIGIN },
    );
    if (leaving.length > 0) throw new Error(`Chromium leaves for ${JSON.stringify(leaving.slice(0, 10))}.`);
    return addresses.length;
  } finally {
    await browser.close();
  }
}
