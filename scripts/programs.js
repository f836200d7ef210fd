import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';

/**
 * What the tests need beside Node, by the name that `scripts/set-up.js` is given. One with a `standIn` is comfort: where it
 * cannot be had, the other does the same more slowly.
 */
export const programs = {
  redis: {
    variable: 'REDIS_SERVER_BIN',
    names: ['redis-server', 'valkey-server'],
    packages: { 'apt-get': 'redis-server', dnf: 'redis', pacman: 'valkey', apk: 'redis', brew: 'redis' },
  },
  nginx: {
    variable: 'NGINX_BIN',
    names: ['nginx'],
    packages: { 'apt-get': 'nginx', dnf: 'nginx', pacman: 'nginx', apk: 'nginx', brew: 'nginx' },
  },
  chromium: {
    variable: 'CHROMIUM_BIN',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    packages: {
      'apt-get': 'chromium',
      dnf: 'chromium',
      pacman: 'chromium',
      apk: 'chromium',
      brew: '--cask chromium',
    },
  },
  'chromium-headless-shell': {
    variable: 'CHROMIUM_HEADLESS_SHELL_BIN',
    names: ['chromium-headless-shell', 'chrome-headless-shell'],
    packages: { 'apt-get': 'chromium-headless-shell' },
    standIn: 'chromium',
  },
  promtool: {
    variable: 'PROMTOOL_BIN',
    names: ['promtool'],
    packages: {
      'apt-get': 'prometheus',
      dnf: 'golang-github-prometheus',
      pacman: 'prometheus',
      apk: 'prometheus',
      brew: 'prometheus',
    },
  },
};

/** The path of a program: the one its variable names and no other, or the first one on PATH, or its stand-in. */
export function findProgram(program, environment = process.env) {
  const { standIn } = programs[program];
  return findItself(program, environment) ?? (standIn && findProgram(standIn, environment));
}

/** The same without a stand-in. */
export function findItself(program, environment = process.env) {
  const { variable, names } = programs[program];
  const chosen = environment[variable];
  return findOnPath(chosen ? [chosen] : names, environment);
}

export function findOnPath(names, environment = process.env) {
  // npm puts node_modules/.bin first, where any package may place a launcher by one of these names.
  const folders = (environment.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder && !folder.endsWith(join('node_modules', '.bin')));
  return names
    .flatMap((name) => (name.includes(sep) ? [name] : folders.map((folder) => join(folder, name))))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
