import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { exchange } from '../support/http-exchange.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** A folder with `node_modules` in which programs of documents run, each in a process of its own. */
export interface ProgramFolder {
  /**
   * Runs a program until it answers. Its port 3000 is replaced by another, and nothing else of it.
   *
   * @throws Error with what it printed, when it ends before.
   */
  run(code: string, environment?: Readonly<Record<string, string>>): Promise<RunningProgram>;
  /** Ends what runs, and removes the folder. */
  remove(): Promise<void>;
}

export interface RunningProgram {
  readonly origin: string;
  /** All it has printed so far. */
  output(): string;
}

/** Where this package is installed beside an Express, as `npm install` would. Compiled by esbuild, which takes no time. */
export async function createFolderWithUs(express: 4 | 5 = 5): Promise<ProgramFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'program-'));
  const modules = join(folder, 'node_modules');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await bundleUs(join(modules, 'express-connect-auth'), manifest);
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const installedAs = name === 'express' && express === 4 ? 'express4' : name;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', installedAs), join(modules, name), 'dir');
  }
  return createFolder(folder);
}

/** Where the packages of docs/migrating are installed, which are those of others. */
export async function createFolderWithPeers(): Promise<ProgramFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'program-'));
  await symlink(join(root, 'docs', 'migrating', 'node_modules'), join(folder, 'node_modules'), 'dir');
  return createFolder(folder);
}

function createFolder(folder: string): ProgramFolder {
  const children: ChildProcess[] = [];
  return {
    run: async (code, environment = {}) => {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      const file = join(folder, `program-${port}.mjs`);
      await writeFile(
        file,
        code.replaceAll('localhost:3000', `localhost:${port}`).replace('listen(3000', `listen(${port}`),
      );
      const child = spawn(process.execPath, [file], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...environment },
      });
      children.push(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      await waitUntilItAnswers(child, port, () => output);
      return { origin: `http://localhost:${port}`, output: () => output };
    },
    remove: async () => {
      await Promise.all(children.map(end));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilItAnswers(child: ChildProcess, port: number, output: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The program ended by itself:\n${output()}`);
    const answers = await exchange({ method: 'HEAD', url: `http://localhost:${port}/`, headers: {} }).then(
      () => true,
      () => false,
    );
    if (answers) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Every entry point of package.json, from its source. */
async function bundleUs(folder: string, manifest: { exports: Record<string, unknown> }): Promise<void> {
  const entries = Object.values(manifest.exports).flatMap((target) => findModule(target) ?? []);
  const sources = entries.map((path) => path.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts'));
  await execute(
    join(root, 'node_modules', '.bin', 'esbuild'),
    [
      ...sources,
      ...['--bundle', '--splitting', '--format=esm', '--platform=node', '--target=node20'],
      ...['--packages=external', '--outbase=src', `--outdir=${join(folder, 'dist')}`],
    ],
    { cwd: root },
  );
  const { name, version } = manifest as unknown as Record<string, string>;
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, version, type: 'module', exports: manifest.exports }),
  );
  if ((await readdir(join(folder, 'dist'))).length === 0) throw new Error('Nothing was compiled.');
}

/** The ES module of an entry point, whatever conditions stand around it. */
function findModule(target: unknown): string | undefined {
  if (typeof target === 'string') return /^\.\/dist\/.*\.js$/.test(target) ? target : undefined;
  const { import: esModule, default: otherwise } = target as Record<string, unknown>;
  return findModule(esModule ?? otherwise);
}
