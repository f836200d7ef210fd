import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dependenciesAreCurrent, installCommand } from '../scripts/dependencies.js';

const here = import.meta.dirname;

/** Installs what is measured against, unless it is there, and compiles the servers. */
export function prepare(say: (text: string) => void): void {
  if (!dependenciesAreCurrent(here)) {
    say('installing the dependencies of the benchmark');
    const [npm, ...args] = installCommand();
    run(npm, args, here);
  }
  say('compiling the servers');
  run(process.execPath, [join(here, '../node_modules/typescript/bin/tsc'), '-p', here], here);
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Failed: ${program} ${args.join(' ')}\n${stdout}${stderr}`);
}
