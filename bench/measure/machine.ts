import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { findProgram } from '../../scripts/programs.js';

/** What a run was made on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  /** Versions of what was measured, by package. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Looks at the machine, at the programs and at what was installed. */
export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    processor: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: findSystem(),
    node: process.version,
    redis: /v=(\S+)/.exec(outputOf(findProgram('redis') ?? '', ['--version']))?.[1] ?? 'unknown',
    packages: readVersions(),
  };
}

/** One, five and fifteen minutes. */
export function readLoadAverages(): string {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');
}

/**
 * Keeps this process, and what it starts from now on, to one core, so that the other is the servers'. Returns whether
 * that was possible: without `taskset` or on one core it is not.
 */
export function pinSelf(core: number): boolean {
  if (cpus().length < 2) return false;
  return spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]).status === 0;
}

function findSystem(): string {
  const kernel = outputOf('uname', ['-sr']).trim();
  try {
    const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return name ? `${name}, ${kernel}` : kernel;
  } catch {
    return kernel;
  }
}

function readVersions(): Record<string, string> {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
  const { dependencies } = read('../package.json') as { dependencies: Record<string, string> };
  const own = read('../../package.json') as { name: string; version: string };
  const names = Object.keys(dependencies).filter((name) => !name.startsWith('@types/'));
  const versions = names.map((name) => [name, read(`../node_modules/${name}/package.json`).version]);
  return { [own.name]: own.version, ...Object.fromEntries(versions) };
}

function outputOf(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';
}
