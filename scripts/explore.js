// npm run explore [-- times [seed]]
//
// Runs every test that explores at random with so many times the runs of `npm test` (10), from one seed (a new one),
// which is printed first: with it, the same commit finds the same again.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [times = '10', seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(times) || !/^-?\d+$/.test(seed)) {
  console.error('Usage: npm run explore -- [times, such as 10] [seed, such as 4711]');
  process.exit(1);
}

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => join('test', path))
  .filter((path) => readFileSync(join(root, path), 'utf8').includes('support/exploration.ts'));

console.log(`${times} times the runs, seed ${seed}`);
const jest = spawn('npm', ['run', '--silent', 'jest', '--', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, EXPLORE_FACTOR: times, EXPLORE_SEED: seed },
});
jest.once('exit', (code) => process.exit(code ?? 1));
