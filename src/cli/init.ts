import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { findNearestName } from '../options/nearest-name.ts';
import { findPreset, listPresets } from './init-presets.ts';
import { writeProject } from './init-project.ts';

/** What is to be written, and where. */
export interface InitChoice {
  readonly folder: string;
  /** As in `providers`. */
  readonly preset: string;
  readonly isTypeScript: boolean;
}

/**
 * Writes an application that runs once it has been given its credentials. Overwrites nothing: where a file of one of these
 * names is there, it writes none; a `package.json` is left as it is.
 *
 * @returns what the process ends with.
 */
export async function runInit(
  { folder, preset: name, isTypeScript }: InitChoice,
  { write }: { write: (text: string) => void },
): Promise<number> {
  const preset = findPreset(name);
  if (!preset) {
    const nearest = findNearestName(name, listPresets());
    const guess = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    write(`There is no provider ${JSON.stringify(name)}.${guess} There are: ${listPresets().join(', ')}.\n`);
    return 2;
  }
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
  const secret = randomBytes(48).toString('base64');
  const files = writeProject({ preset, isTypeScript, version, secret, name: nameOf(folder) });
  const { 'package.json': manifest, ...others } = files;
  const there = Object.keys(others).filter((path) => existsSync(join(folder, path)));
  if (there.length > 0) {
    write(
      `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing was written.\n`,
    );
    return 1;
  }
  const hasManifest = existsSync(join(folder, 'package.json'));
  for (const [path, text] of Object.entries(hasManifest ? others : files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // Somebody may be quicker; what holds the secret is for nobody else.
    await writeFile(join(folder, path), text, { flag: 'wx', mode: path === '.env' ? 0o600 : 0o666 });
  }
  write(describeNext(Object.keys(others), hasManifest ? readInstall(manifest!) : undefined));
  return 0;
}

const PACKAGE = new URL('../../package.json', import.meta.url);

function nameOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name || 'app';
}

function readInstall(manifest: string): string {
  const { dependencies, devDependencies = {} } = JSON.parse(manifest) as Record<
    string,
    Record<string, string>
  >;
  const dev = Object.keys(devDependencies);
  const install = `npm install ${Object.keys(dependencies!).join(' ')}`;
  return dev.length > 0 ? `${install} && npm install --save-dev ${dev.join(' ')}` : install;
}

function describeNext(paths: readonly string[], install: string | undefined): string {
  const steps = [
    'Fill in .env, and register the addresses that REGISTER.md names.',
    install === undefined
      ? 'npm install'
      : `${install}   (package.json was there, and is as it was; it needs "type": "module")`,
    install === undefined ? 'npm run doctor' : 'See the scripts in REGISTER.md.',
    ...(install === undefined ? ['npm start'] : []),
  ];
  return `Written: ${paths.join(', ')}\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}\n`;
}
