// Installs a package's dependencies where they are missing. Imports nothing but Node, for node_modules may be missing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether node_modules of a folder holds what its package-lock.json names. Times say little after a clone or a branch
 * change.
 */
export function dependenciesAreCurrent(folder) {
  const lock = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (!lock || !installed) return false;
  const isCurrent = ([path, entry]) =>
    // An optional package is absent wherever it is built for another platform.
    installed[path] ? installed[path].version === entry.version : entry.optional === true;
  return Object.entries(lock).every(isCurrent) && Object.keys(installed).every((path) => lock[path]);
}

/** The command that installs them, as a list. */
export function installCommand() {
  // The level is written out, because under `npm test --silent` a failing npm ci would not say why.
  const command = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  return npm ? [process.execPath, npm, ...command] : ['npm', ...command];
}

function readPackages(path) {
  if (!existsSync(path)) return undefined;
  const { '': _project, ...packages } = JSON.parse(readFileSync(path, 'utf8')).packages;
  return packages;
}
