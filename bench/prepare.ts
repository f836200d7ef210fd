import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

/** Installs what is measured against, unless it is there, and compiles the servers. */
export function prepare(say: (text: string) => void): void {
  if (!dependenciesAreCurrent()) {
    say('installing the dependencies of the benchmark');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], here);
  }
  say('compiling the servers');
  run(process.execPath, [join(here, '../node_modules/typescript/bin/tsc'), '-p', here], here);
}

/** Whether node_modules holds what the lock file names. */
function dependenciesAreCurrent(): boolean {
  const lock = readPackages('package-lock.json');
  const installed = readPackages(join('node_modules', '.package-lock.json'));
  return Object.entries(lock).every(
    ([path, entry]) => path === '' || installed[path]?.version === entry.version || entry.optional,
  );
}

type Packages = Record<string, { version?: string; optional?: boolean } | undefined>;

function readPackages(file: string): Record<string, { version?: string; optional?: boolean }> & Packages {
  const path = join(here, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Failed: ${program} ${args.join(' ')}\n${stdout}${stderr}`);
}
