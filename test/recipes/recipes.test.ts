import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProgram } from '../../scripts/programs.js';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const execute = promisify(execFile);
const here = import.meta.dirname;
const ofRecipes = join(here, 'node_modules');
const ofRepository = join(here, '..', '..', 'node_modules');

/** What each runs besides Node: from test/recipes/node_modules, as its own documents say. */
const RECIPES: readonly (readonly [name: string, tests: number, command: readonly string[]])[] = [
  ['jest-commonjs', 3, [join(ofRecipes, 'jest', 'bin', 'jest.js')]],
  ['jest-esm', 2, ['--experimental-vm-modules', join(ofRecipes, 'jest', 'bin', 'jest.js')]],
  ['ts-jest', 2, [join(ofRecipes, 'jest', 'bin', 'jest.js')]],
  ['vitest', 2, [join(ofRecipes, 'vitest', 'vitest.mjs'), 'run']],
  ['node-test', 3, ['--test']],
  ['playwright', 3, [join(ofRecipes, '@playwright', 'test', 'cli.js'), 'test']],
];

describe('the recipes of docs/testing.md, with the package as it is published', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(() => packed?.remove());

  it.each(RECIPES)(
    '%s: %i tests pass',
    async (name, tests, command) => {
      const folder = join(here, name);
      const files = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
      const project = await packed.createProject(Object.fromEntries(files));
      for (const each of ['jest', '@jest/globals', 'ts-jest', 'typescript', 'vitest', '@playwright/test'])
        await project.link(each, join(ofRecipes, each));
      for (const each of ['supertest', '@types/supertest'])
        await project.link(each, join(ofRepository, each));
      const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env;
      const chromium = findProgram('chromium-headless-shell') ?? '';
      const run = await execute(process.execPath, command, {
        cwd: project.folder,
        env: { ...env, CI: 'true', NO_COLOR: '1', CHROMIUM_BIN: chromium },
        timeout: 100_000,
      }).catch((error: { stdout: string; stderr: string }) => error);
      const output = run.stdout + run.stderr;
      expect(output).toMatch(new RegExp(`\\b${tests} passed|^# pass ${tests}$`, 'm'));
      expect(output).not.toMatch(/\d failed|^# fail [1-9]/m);
    },
    120_000,
  );
});
