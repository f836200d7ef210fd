// node scripts/check.js [arguments for Jest]
//
// Everything `npm test` checks. Prints what failed, and in the last line the numbers: each step but Jest counts as
// one, each test of Jest counts as one. Runs every step, whatever the ones before it found.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'check-'));
const resultsFile = join(scratch, 'jest.json');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tarball = join(scratch, `${name}-${version}.tgz`);

/** Each list runs in its order, all of them beside each other. */
const steps = [
  [
    { name: 'tsc', command: ['tsc', '--noEmit'] },
    { name: 'tsc examples', command: ['tsc', '--noEmit', '-p', 'examples'] },
    { name: 'biome check', command: ['biome', 'check', '--error-on-warnings'] },
  ],
  [
    { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
    { name: 'publint', command: ['publint', 'run', '--strict', '.'] },
    // Not `attw --pack`, which would build once more.
    {
      name: 'npm pack',
      command: ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', scratch],
    },
    { name: 'attw', command: ['attw', tarball, '--profile', 'esm-only', '--no-color'] },
  ],
];

const jest = {
  name: 'jest',
  command: [
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join('node_modules', 'jest', 'bin', 'jest.js'),
    // What a test file imported is never given back: a worker that has run many files is slow, and is replaced.
    '--workerIdleMemoryLimit=1200MB',
    ...process.argv.slice(2),
    '--reporters=<rootDir>/scripts/quiet-reporter.js', // Last, for it takes what follows as more reporters.
  ],
};

let passed = 0;
let failed = 0;

await Promise.all(steps.map(runInOrder));
await runJest();

rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
// What is printed goes out first: a pipe takes no more than 64 KB at once.
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write('', () => process.exit());

async function runInOrder(list) {
  for (const step of list) {
    const outcome = await run(step);
    if (outcome.ok) passed += 1;
    else fail(step, outcome);
  }
}

async function runJest() {
  const outcome = await run(jest);
  const results = readResults();
  passed += results?.passed ?? 0;
  const faults = (results?.failed ?? 0) + (results?.skipped.length ?? 0);
  if (faults > 0) fail(jest, outcome, faults);
  else if (!outcome.ok || !results) fail(jest, outcome);
}

function readResults() {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8'));
  } catch {
    return undefined; // Jest ended before it had results.
  }
}

function fail(step, { output, reason }, count = 1) {
  failed += count;
  console.log(`=== ${step.name}${reason ? ` (${reason})` : ''}\n\n${output.trim()}\n`);
}

/** Runs a step to its end, at most twenty minutes, and collects what it prints. */
function run({ command: [program, ...args] }) {
  const timeout = 20 * 60_000;
  const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`;
  const env = { ...process.env, PATH: path, QUIET_REPORTER_RESULTS: resultsFile };
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const settle = (ok, reason) => resolve({ ok, reason, output });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => settle(false, error.message));
    child.once('close', (code) => settle(code === 0));
    // A step may leave children that hold its pipes open: what it said has come by then, and they are not waited for.
    child.once('exit', (code, signal) =>
      setTimeout(() => settle(code === 0, signal ? `ended by ${signal}` : undefined), 2000),
    );
  });
}
