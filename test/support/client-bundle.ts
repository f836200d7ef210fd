import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** Bundles the client module as an application would, for browsers that are up to date. */
export async function bundleClient(): Promise<string> {
  const entry = join(root, 'src', 'client', 'auth-client.ts');
  const options = ['--bundle', '--minify', '--format=esm', '--platform=browser', '--target=es2022'];
  const { stdout } = await execute(join(root, 'node_modules', '.bin', 'esbuild'), [entry, ...options]);
  return stdout;
}
