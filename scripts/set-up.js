// node scripts/set-up.js [redis] [chromium]
//
// Brings a bare clone to where the other scripts run: the dependencies, and the programs named. Says nothing when
// there is nothing to do. Imports nothing but Node, for node_modules may be missing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, findProgram, programs } from './programs.js';

const root = join(import.meta.dirname, '..');

setUp(process.argv.slice(2));

function setUp(wanted) {
  const unknown = wanted.find((program) => !Object.hasOwn(programs, program));
  if (unknown) stop(`Unknown program "${unknown}"; known are ${Object.keys(programs).join(' and ')}.`);

  const missing = wanted.filter((program) => !findProgram(program));
  const aptGet = missing.length > 0 ? findAptGet(missing) : undefined;
  if (!dependenciesAreCurrent()) installDependencies();
  if (aptGet) installPrograms(missing, aptGet);
}

/** Whether node_modules holds what package-lock.json names. Times say little after a clone or a branch change. */
function dependenciesAreCurrent() {
  const lock = readPackages('package-lock.json');
  const installed = readPackages(join('node_modules', '.package-lock.json'));
  if (!lock || !installed) return false;
  const isCurrent = ([path, entry]) =>
    // An optional package is absent wherever it is built for another platform.
    installed[path] ? installed[path].version === entry.version : entry.optional === true;
  return Object.entries(lock).every(isCurrent) && Object.keys(installed).every((path) => lock[path]);
}

function readPackages(file) {
  const path = join(root, file);
  if (!existsSync(path)) return undefined;
  const { '': _project, ...packages } = JSON.parse(readFileSync(path, 'utf8')).packages;
  return packages;
}

function installDependencies() {
  console.log('Installing the dependencies with npm ci.');
  // The level is written out, because under `npm test --silent` a failing npm ci would not say why.
  const command = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  run(npm ? [process.execPath, npm, ...command] : ['npm', ...command]);
}

/** The beginning of an apt-get command that works here; else names what to do and ends. */
function findAptGet(missing) {
  for (const program of missing) {
    const { variable } = programs[program];
    const chosen = process.env[variable];
    if (chosen) stop(`${variable} names ${chosen}, which is not an executable file.`);
  }
  const aptGet = findOnPath(['apt-get']);
  if (aptGet && process.getuid?.() === 0) return [aptGet];
  const sudo = findOnPath(['sudo']);
  if (aptGet && sudo && spawnSync(sudo, ['-n', 'true']).status === 0) return [sudo, '-n', aptGet];
  return stop(`Not found on PATH: ${describe(missing)}. ${findRemedy(missing)}`);
}

function findRemedy(missing) {
  const install = {
    'apt-get': 'sudo apt-get install -y --no-install-recommends',
    dnf: 'sudo dnf install -y',
    pacman: 'sudo pacman -S --needed',
    apk: 'sudo apk add',
    brew: 'brew install',
  };
  const manager = Object.keys(install).find((name) => findOnPath([name]));
  if (!manager) return `Set ${missing.map((program) => programs[program].variable).join(' and ')}.`;
  const commands =
    manager === 'brew'
      ? missing.map((program) => `${install.brew} ${programs[program].packages.brew}`)
      : [`${install[manager]} ${missing.map((program) => programs[program].packages[manager]).join(' ')}`];
  return `Run: ${commands.join(' && ')}`;
}

function installPrograms(missing, aptGet) {
  const packages = missing.map((program) => programs[program].packages['apt-get']);
  console.log(`Installing ${packages.join(' and ')} with apt-get.`);
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  run([...aptGet, ...wait, 'update']);
  run([...aptGet, ...wait, 'install', '-y', '--no-install-recommends', ...packages]);
  const absent = missing.filter((program) => !findProgram(program));
  if (absent.length > 0) stop(`apt-get succeeded, but ${describe(absent)} is still not on PATH.`);
}

/** Runs a command to its end in silence; when it fails, prints what it said and ends. */
function run([command, ...args]) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: Number.POSITIVE_INFINITY,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  stop(`Failed: ${[command, ...args].join(' ')}${result.error ? ` (${result.error.message})` : ''}`);
}

function describe(missing) {
  return missing.map((program) => programs[program].names[0]).join(' and ');
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
