import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

const FOLDERS = ['http', 'login', 'logout', 'session', 'tenants', 'testing', 'tokens', 'user'];

describe('the build for CommonJS', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(() => packed?.remove());

  it('passes the tests that the modules pass', async () => {
    const { folder } = await packed.createProject({ 'package.json': '{}' });
    const build = join(folder, 'node_modules', 'express-connect-auth', 'dist', 'commonjs');
    const mapper = {
      '^express-connect-auth$': join(build, 'index.cjs'),
      '^express-connect-auth/testing$': join(build, 'testing.cjs'),
    };
    const { JEST_WORKER_ID: _, ...env } = process.env;
    const run = await execute(
      process.execPath,
      [
        '--experimental-vm-modules',
        ...['node_modules/jest/bin/jest.js', ...listTests()],
        ...['--moduleNameMapper', JSON.stringify(mapper), '--silent'],
      ],
      { cwd: root, env, timeout: 15 * 60_000, maxBuffer: 64 * 1024 * 1024 },
    ).catch((error: { stdout: string; stderr: string }) => error);
    expect(run.stderr).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
  }, 1_000_000);
});

/** Those that go through the public door alone, so that another build can stand behind it. */
function listTests(): string[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, 'test', folder)).map((name) => join('test', folder, name)),
  );
  return files.filter(
    (file) => file.endsWith('.test.ts') && !readFileSync(join(root, file), 'utf8').includes('../src/'),
  );
}
