import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { runCli } from '../../src/cli/run-cli.ts';

const root = await mkdtemp(join(tmpdir(), 'connect-auth-cli-'));
afterAll(() => rm(root, { recursive: true }));

/** Runs the command elsewhere than where its paths lead. */
async function run(...args: readonly string[]) {
  const loaded: string[] = [];
  let [written, told] = ['', ''];
  const code = await runCli(args, {
    cwd: join(root, 'elsewhere'),
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      told += text;
    },
    loadEnvFile: (path) => void loaded.push(path),
  });
  return { code, loaded, written, told };
}

it('init writes into the folder that is named, from the root of the disk or from here', async () => {
  expect(await run('init', join(root, 'shop'))).toMatchObject({ code: 0, told: '' });
  expect(await readdir(join(root, 'shop'))).toContain('app.js');
  expect(await run('init', 'inner')).toMatchObject({ code: 0 });
  expect(await readdir(join(root, 'elsewhere/inner'))).toContain('app.js');
});

it('doctor reads the file of variables that is named, from the root of the disk or from here', async () => {
  const { loaded } = await run('doctor', '--env-file', '/etc/shop.env', '--env-file', '.env', 'none.js');
  expect(loaded).toEqual(['/etc/shop.env', join(root, 'elsewhere/.env')]);
});
