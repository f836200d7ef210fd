// npm run mutants [words...]
//
// Takes each check of test/mutants/ out of a copy of the source in turn, runs the tests that are to find it missing, and
// writes into docs/mutants.md which one turned red. With words: those whose line has one of them; the rest stays as it was.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from '../test/mutants/mutant.ts';
import { MUTANTS, WITHOUT_MUTANT } from '../test/mutants/mutants.ts';
import { listSyntaxNodes } from './syntax.js';

const root = join(import.meta.dirname, '..');

export const documentPath = join(root, 'docs', 'mutants.md');

const BEGIN = '<!-- the run begins -->';
const END = '<!-- the run ends -->';
const HEAD = [
  '| item | the check that is taken out | of | the test that turns red |',
  '| --- | --- | --- | --- |',
];

/**
 * The files without the check, by their paths below src/.
 *
 * @throws Error where a text is not there exactly once, or what is left is no program.
 */
export function applyMutant({ id, also = [], ...first }: Mutant): ReadonlyMap<string, string> {
  const mutated = new Map<string, string>();
  for (const { file, text, becomes } of [first, ...also]) {
    const parts = (mutated.get(file) ?? readSource(file)).split(text);
    if (parts.length !== 2) throw new Error(`${id}: src/${file} has ${parts.length - 1} times: ${text}`);
    mutated.set(file, parts.join(becomes));
  }
  for (const source of mutated.values()) listSyntaxNodes(source);
  return mutated;
}

function readSource(file: string): string {
  return readFileSync(join(root, 'src', file), 'utf8');
}

/** The first cells of a mutant's line, by which it is found again. */
export function nameMutant({ id, what, file }: Mutant): string {
  return `| ${id} | ${what} | [${file}](../src/${file}) |`;
}

/** Reads the lines of the table. */
export function readRows(document: string): readonly string[] {
  const table = document.split(BEGIN)[1]?.split(END)[0] ?? '';
  return table.split('\n').filter((line) => /^\| [A-Z]-\d/.test(line));
}

/** Returns the document with its table written anew. */
export function fillIn(document: string, rows: readonly string[]): string {
  const [before = '', written = ''] = document.split(BEGIN);
  const [, after = ''] = written.split(END);
  const others = Object.entries(WITHOUT_MUTANT).map(([id, reason]) => `- ${id}: ${reason}.`);
  const rest = others.length > 0 ? ['Nothing is taken out for:', '', ...others, ''] : [];
  return [`${before}${BEGIN}`, '', ...HEAD, ...rows, '', ...rest, `${END}${after}`].join('\n');
}

interface AssertionResult {
  readonly status: string;
  readonly fullName: string;
}

/** What came of one mutant: the first test that failed by its own assertions, or what is wrong with the run. */
type Outcome = { readonly red: string } | { readonly problem: string };

/** A folder that is this repository but for its source and its tests, which are copies. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
  for (const entry of readdirSync(root)) {
    if (['.git', 'dist', 'src', 'test'].includes(entry)) continue;
    symlinkSync(join(root, entry), join(copy, entry));
  }
  // Jest looks for its configuration where this file is, and a link is where it leads to.
  for (const entry of ['jest.config.ts', 'package.json', 'scripts']) {
    rmSync(join(copy, entry));
    cpSync(join(root, entry), join(copy, entry), { recursive: true });
  }
  for (const entry of ['src', 'test']) cpSync(join(root, entry), join(copy, entry), { recursive: true });
  return copy;
}

async function runTests(copy: string, { test, titles, id }: Mutant): Promise<readonly AssertionResult[]> {
  const results = join(copy, 'results.json');
  rmSync(results, { force: true });
  const jest = join('node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest];
  const choice = ['--runTestsByPath', join('test', test), '-t', titles ?? `\\b${id}\\b`];
  const report = ['--runInBand', '--json', '--outputFile', results];
  const child = spawn(process.execPath, [...flags, ...choice, ...report], { cwd: copy, stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
  return testResults.flatMap(
    ({ assertionResults }: { assertionResults: readonly AssertionResult[] }) => assertionResults,
  );
}

async function tryMutant(copy: string, mutant: Mutant): Promise<Outcome> {
  const { titles, id, test } = mutant;
  const written: string[] = [];
  try {
    for (const [file, source] of applyMutant(mutant)) {
      writeFileSync(join(copy, 'src', file), source);
      written.push(file);
    }
    const results = await runTests(copy, mutant);
    const red = results.find(({ status }) => status === 'failed');
    if (red) return { red: `[${test}](../test/${test}): ${escapeCell(red.fullName)}` };
    const ran = results.filter(({ status }) => status === 'passed').length;
    return { problem: `survives ${ran} tests of ${test} whose titles have ${titles ?? id}` };
  } catch (error) {
    return { problem: String(error) };
  } finally {
    for (const file of written) writeFileSync(join(copy, 'src', file), readSource(file));
  }
}

function escapeCell(text: string): string {
  return text.replace(/[|<>[\]]/g, '\\$&');
}

/** Tries mutants one after another in a copy of its own, until none is left. */
async function work(left: Mutant[], outcomes: Map<Mutant, Outcome>): Promise<void> {
  const copy = copyRepository();
  try {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const outcome = await tryMutant(copy, mutant);
      outcomes.set(mutant, outcome);
      const came = 'red' in outcome ? outcome.red.replace(/^.*?\)/, 'found') : outcome.problem;
      process.stdout.write(`${mutant.id} ${mutant.what}: ${came}\n`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const words = process.argv.slice(2);
  const isMeant = (mutant: Mutant) =>
    words.length === 0 || words.some((word) => `${nameMutant(mutant)} ${mutant.test}`.includes(word));
  const outcomes = new Map<Mutant, Outcome>();
  const left = MUTANTS.filter(isMeant);
  await Promise.all([work(left, outcomes), work(left, outcomes)]);
  const document = readFileSync(documentPath, 'utf8');
  const known = readRows(document);
  const rows = MUTANTS.flatMap((mutant) => {
    const outcome = outcomes.get(mutant);
    const name = nameMutant(mutant);
    if (!outcome) return known.filter((row) => row.startsWith(name));
    return 'red' in outcome ? [`${name} ${outcome.red} |`] : [];
  });
  writeFileSync(documentPath, fillIn(document, rows));
  if ([...outcomes.values()].some((outcome) => 'problem' in outcome)) process.exitCode = 1;
}
