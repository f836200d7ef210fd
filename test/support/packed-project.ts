import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** The package as it would be published. */
export interface PackedPackage {
  /** What is in it, sorted. */
  readonly files: readonly string[];
  /** Where it is unpacked. */
  readonly folder: string;
  /** The file that is published. */
  readonly tarball: string;
  /**
   * Makes a project that has the package installed, from files by their path.
   *
   * @param express - its version. @default 5
   * @param layout - `hoisted`, as npm's, or `isolated`, as that of pnpm and bun: the project sees what it has asked for itself,
   * express, ioredis and types, and nothing that the package needs. @default 'hoisted'
   */
  createProject(
    files: Readonly<Record<string, string>>,
    express?: 4 | 5,
    layout?: 'hoisted' | 'isolated',
  ): Promise<PackedProject>;
  remove(): Promise<void>;
}

export interface PackedProject {
  readonly folder: string;
  /** Installs another package, from a folder where it is. */
  link(name: string, from: string): Promise<void>;
  /** Runs a file with Node and returns what it printed. */
  runNode(file: string): Promise<string>;
  /** Checks the project with the repository's TypeScript and returns its complaints. */
  checkTypes(): Promise<string>;
}

/** Builds and packs a copy of the repository, so that nobody sees a half-built `dist/`. */
export async function packPackage(): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'packed-'));
  const copy = await copyRepository();
  await execute('npm', ['pack', '--pack-destination', folder], { cwd: copy });
  await rm(copy, { recursive: true });
  const [tarball] = await readdir(folder);
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  const unpack = (to: string) =>
    execute('tar', ['-xzf', join(folder, tarball!), '--strip-components=1', '-C', to]);
  await unpack(unpacked);
  const { dependencies, peerDependencies } = await readManifest(unpacked);
  const packages = Object.keys({ ...dependencies, ...peerDependencies });
  const asked = [...Object.keys(peerDependencies!), '@types/node'];

  let count = 0;
  return {
    files: (await listFiles(unpacked)).sort(),
    folder: unpacked,
    tarball: join(folder, tarball!),
    async createProject(files, express = 5, layout = 'hoisted') {
      count += 1;
      const project = join(folder, `project-${count}`);
      const top = join(project, 'node_modules');
      const modules = layout === 'hoisted' ? top : join(top, '.isolated', 'node_modules');
      await mkdir(join(modules, 'express-connect-auth'), { recursive: true });
      await unpack(join(modules, 'express-connect-auth'));
      if (layout === 'isolated') {
        await symlink(join(modules, 'express-connect-auth'), join(top, 'express-connect-auth'), 'dir');
        for (const name of asked) await linkPackage(top, name);
      }
      // Only what the package declares is there, and what the documents' examples use. No registry is asked.
      for (const name of [...packages, '@types/node', 'ws', '@types/ws']) await linkPackage(modules, name);
      if (express === 4)
        for (const name of ['express', '@types/express']) await linkPackage(modules, name, `${name}4`);
      for (const [path, text] of Object.entries(files)) await writeFile(join(project, path), text);
      return {
        folder: project,
        link: (name, from) => linkFolder(modules, name, from),
        runNode: async (file) =>
          (await execute(process.execPath, [file], { cwd: project, timeout: 20_000 })).stdout,
        checkTypes: () => checkTypes(project),
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What is made here and belongs to nobody. */
const WORKSHOP = ['node_modules', 'dist', '.next'];

/** Everything that belongs to the repository, and its packages. */
async function copyRepository(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'copy-'));
  for (const name of await readdir(root)) {
    if (WORKSHOP.includes(name) || name.startsWith('.git')) continue;
    const filter = (path: string) => !WORKSHOP.includes(basename(path));
    await cp(join(root, name), join(copy, name), { recursive: true, filter });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  return copy;
}

async function readManifest(folder: string): Promise<Record<string, Record<string, string>>> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function linkPackage(modules: string, name: string, installedAs = name): Promise<void> {
  return linkFolder(modules, name, join(root, 'node_modules', installedAs));
}

async function linkFolder(modules: string, name: string, folder: string): Promise<void> {
  const link = join(modules, name);
  await rm(link, { force: true });
  await mkdir(dirname(link), { recursive: true });
  await symlink(folder, link, 'dir');
}

async function checkTypes(project: string): Promise<string> {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  try {
    return (await execute(tsc, ['--noEmit', '-p', project])).stdout;
  } catch (error) {
    return (error as { stdout?: string }).stdout || String(error);
  }
}
