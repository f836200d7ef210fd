import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, '.github');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /\.(yml|md)$/.test(path),
);
const texts = Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
const all = Object.values(texts).join('\n');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('.github/', () => {
  it('runs the versions that the package says it works with', () => {
    const matrix = texts['workflows/test.yml']!;
    const floor = manifest.engines.node.replace('>=', '');
    for (const version of [floor, '22', '24']) expect(matrix).toMatch(new RegExp(`^ +- ${version}\\b`, 'm'));
    for (const what of ['express@4', 'ioredis@5', 'redis:6.2', 'redis:7.', 'redis:8.', 'valkey:8.'])
      expect(matrix).toContain(what);
  });

  it('says of each version whether it has been seen', () => {
    const rows = texts['workflows/test.yml']!.split('\n').filter((line) =>
      /^ +- (\d|install:|\{ image:)/.test(line),
    );
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter((row) => !/#.*\bseen\b/.test(row))).toEqual([]);
  });

  it('calls only scripts that there are, and tests that there are', () => {
    const scripts = [...all.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    expect(scripts).toEqual(expect.arrayContaining(['test:docs', 'release', 'jest']));
    expect(scripts.filter((name) => !manifest.scripts[name])).toEqual([]);
    const folders = [...all.matchAll(/\btest\/[\w./-]+/g)].map(([path]) => path);
    expect(folders.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('looks after each private package, and for none that is not there', () => {
    const listed = [...texts['dependabot.yml']!.matchAll(/\/([\w/-]+)[,\]]/g)].map(([, path]) => path!);
    expect(listed.length).toBeGreaterThan(4);
    expect(listed.filter((path) => !existsSync(join(root, path, 'package-lock.json')))).toEqual([]);
  });

  it('publishes by the script that looks before it publishes, with the right to vouch for it', () => {
    const release = texts['workflows/release.yml']!;
    expect(release).toContain('npm run release -- --publish');
    expect(release).toContain('id-token: write');
    expect(all).not.toContain('npm publish');
  });
});
