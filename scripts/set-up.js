// node scripts/set-up.js [redis] [chromium] [chromium-headless-shell] [./folder of a private package]
//
// Brings a bare clone to where the other scripts run: the dependencies, and the programs and private packages named.
// Says nothing when there is nothing to do. Imports nothing but Node, for node_modules may be missing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dependenciesAreCurrent, installCommand } from './dependencies.js';
import { findItself, findOnPath, findProgram, programs } from './programs.js';

const root = join(import.meta.dirname, '..');

const QUIETLY = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const WAIT = ['-o', 'DPkg::Lock::Timeout=300'];
const INSTALL = [...WAIT, 'install', '-y', '--no-install-recommends'];

setUp(process.argv.slice(2));

function setUp(names) {
  const isFolder = (name) => name.startsWith('./');
  const wanted = names.filter((name) => !isFolder(name));
  const unknown = wanted.find((program) => !Object.hasOwn(programs, program));
  if (unknown) stop(`Unknown program "${unknown}"; known are ${Object.keys(programs).join(' and ')}.`);

  const isComfort = (program) => programs[program].standIn !== undefined;
  const missing = wanted.filter((program) => !isComfort(program) && !findProgram(program));
  const aptGet = missing.length > 0 ? findAptGet(missing) : undefined;
  for (const folder of ['.', ...names.filter(isFolder)]) installDependencies(folder);
  if (aptGet) installPrograms(missing, aptGet);
  for (const program of wanted.filter(isComfort)) if (!findItself(program)) installComfort(program);
}

function installDependencies(folder) {
  if (dependenciesAreCurrent(join(root, folder))) return;
  console.log(`Installing the dependencies${folder === '.' ? '' : ` of ${folder.slice(2)}`} with npm ci.`);
  run(installCommand(), join(root, folder));
}

/** The beginning of an apt-get command that works here; else names what to do and ends. */
function findAptGet(missing) {
  missing.forEach(checkChoice);
  return findUsableAptGet() ?? stop(`Not found on PATH: ${describe(missing)}. ${findRemedy(missing)}`);
}

/** Ends when the variable of a program that was not found is set. */
function checkChoice(program) {
  const { variable } = programs[program];
  const chosen = process.env[variable];
  if (chosen) stop(`${variable} names ${chosen}, which is not an executable file.`);
}

function findUsableAptGet() {
  const aptGet = findOnPath(['apt-get']);
  if (aptGet && process.getuid?.() === 0) return [aptGet];
  const sudo = findOnPath(['sudo']);
  if (aptGet && sudo && spawnSync(sudo, ['-n', 'true']).status === 0) return [sudo, '-n', aptGet];
  return undefined;
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
  run([...aptGet, ...WAIT, 'update']);
  run([...aptGet, ...INSTALL, ...packages]);
  const absent = missing.filter((program) => !findProgram(program));
  if (absent.length > 0) stop(`apt-get succeeded, but ${describe(absent)} is still not on PATH.`);
}

/** Installs what has a stand-in, where this system has it; that it cannot be had is no fault. */
function installComfort(program) {
  checkChoice(program);
  const { packages } = programs[program];
  const aptGet = findUsableAptGet();
  const isKnown = aptGet && spawnSync('apt-cache', ['show', packages['apt-get']]).status === 0;
  if (!isKnown) return;
  console.log(`Installing ${packages['apt-get']} with apt-get.`);
  const [command, ...args] = [...aptGet, ...INSTALL, packages['apt-get']];
  spawnSync(command, args, { env: QUIETLY });
}

/** Runs a command to its end in silence; when it fails, prints what it said and ends. */
function run([command, ...args], cwd = root) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: Number.POSITIVE_INFINITY,
    env: QUIETLY,
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
