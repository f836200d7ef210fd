// npm run release [-- --publish]
//
// Publishes the version that package.json names, as the files that `npm pack` takes and with what publisher.json says.
// Without --publish everything is done but the last step. Refuses what should not go out, and names all of it at once.
// Provenance comes from a public CI alone: elsewhere npm refuses to publish.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillManifest, findGaps, readPublisher } from './publisher.js';

const root = process.cwd();
const QUESTION = 'Use `npm run release`: it looks before it publishes.';

try {
  release(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function release(given) {
  if (given.includes('--instead-of-npm-publish')) refuse([QUESTION]);
  const unknown = given.filter((argument) => argument !== '--publish');
  if (unknown.length > 0) refuse([`Unknown: ${unknown.join(' ')}. Usage: npm run release [-- --publish]`]);
  const manifest = readJson(join(root, 'package.json'));
  const faults = [
    ...findGaps(readPublisher(root)),
    ...findTreeFaults(manifest),
    ...findChangelogFaults(manifest),
  ];
  if (faults.length > 0) refuse(faults);

  console.log(`Testing ${manifest.name} ${manifest.version}.`);
  run(['npm', 'test']);
  const scratch = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    const folder = stage(scratch);
    const dryRun = given.includes('--publish') ? [] : ['--dry-run'];
    // The scripts have run: what is published is what was packed.
    run(['npm', 'publish', folder, '--ignore-scripts', '--access', 'public', '--provenance', ...dryRun]);
    console.log(
      dryRun.length > 0 ? 'Not published: that needs --publish.' : `Published ${manifest.version}.`,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What is published must be what anybody finds under its tag. */
function findTreeFaults({ version }) {
  const changes = ask('status', '--porcelain');
  const faults = changes ? [`The working tree is not clean:\n${changes}`] : [];
  const tagged = ask('rev-parse', '--quiet', '--verify', `v${version}^{commit}`);
  if (tagged && tagged !== ask('rev-parse', 'HEAD')) faults.push(`The tag v${version} is on another commit.`);
  return faults;
}

function findChangelogFaults({ version }) {
  const heading = /^## (\S+) – (.+)$/m.exec(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'));
  const [, name, date] = heading ?? [];
  if (name === version && /^\d{4}-\d{2}-\d{2}$/.test(date)) return [];
  const found = heading ? `it begins with "${heading[0]}"` : 'it has no version at all';
  return [`CHANGELOG.md must begin with "## ${version} – " and the day, such as 2027-01-31; ${found}.`];
}

/** Packs, unpacks, and writes the manifest of the release. */
function stage(scratch) {
  run(['npm', 'pack', '--silent', '--pack-destination', scratch]);
  const [tarball] = readdirSync(scratch);
  const folder = join(scratch, 'package');
  mkdirSync(folder);
  run(['tar', '-xzf', join(scratch, tarball), '--strip-components=1', '-C', folder]);
  const path = join(folder, 'package.json');
  const manifest = fillManifest(readJson(path), readPublisher(root));
  writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return folder;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function ask(...args) {
  return (spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout ?? '').trim();
}

function run([program, ...args]) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) refuse([`Failed: ${[program, ...args].join(' ')}${error ? ` (${error.message})` : ''}`]);
}

function refuse(faults) {
  throw new Error(faults.join('\n'));
}
