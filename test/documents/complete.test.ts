import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { documentPath, listEntryPoints, writeDocument } from '../../scripts/api.ts';
import { readExports } from '../../scripts/declarations.ts';
import { sections } from '../../scripts/options.ts';
import { listGuides, readDocument } from './documents.ts';

const src = join(import.meta.dirname, '..', '..', 'src');

/** The source of the middleware; what is run beside it speaks for itself. */
const source = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^(testing|cli|check|observe)\//.test(path))
  .map((path) => readFileSync(join(src, path), 'utf8'))
  .join('\n');

/** Every code of an error: those of the unions, and those that are given as they stand. */
function listCodes(): string[] {
  const unions = [...source.matchAll(/^export type \w+ErrorCode =([^;]*);/gm)].map(([, union]) => union!);
  const members = unions.flatMap((union) => union.match(/'(\w+)'/g) ?? []).map((code) => code.slice(1, -1));
  const literals = [...source.matchAll(/\bcode: '([a-z_]+)'/g)].map(([, code]) => code!);
  return [...new Set([...members, ...literals])].sort();
}

/** In the first column of the tables of a document. */
function listKeys(document: string): string[] {
  return [...readDocument(document).matchAll(/^\| (.*?) \|/gm)].map(([, key]) => key!);
}

describe('the documents say all of', () => {
  it('errors: each code has a line in docs/errors.md, and nothing else has', () => {
    const codes = listCodes();
    expect(codes.length).toBeGreaterThan(30);
    const rowsOf = (document: string) => readDocument(document).match(/^\| .*\|$/gm) ?? [];
    const rows = rowsOf('docs/errors.md');
    // What pages alone say of a kept form stands among the pages.
    const all = [...rows, ...rowsOf('docs/pages.md')];
    expect(codes.filter((code) => !all.some((row) => row.includes(`\`${code}\``)))).toEqual([]);
    const told = rows.flatMap(
      (row) => /^\| `?\w+`?(?: \(.*?\))? \| (`[^|]*`) \|/.exec(row)?.[1]?.match(/\w+/g) ?? [],
    );
    expect(told.filter((code) => code !== 'code' && !codes.includes(code))).toEqual([]);
  });

  it('warnings: each code has a line in docs/troubleshooting.md', () => {
    const codes = new Set(source.match(/\bCONNECT_AUTH_[A-Z_]+(?=')/g));
    expect(codes.size).toBeGreaterThan(4);
    const keys = listKeys('docs/troubleshooting.md');
    expect([...codes].filter((code) => !keys.includes(`\`${code}\``))).toEqual([]);
  });

  it('Redis: each word of its replies that is known has a line in docs/troubleshooting.md', () => {
    const words = new Set([...source.matchAll(/^\s*\[?\/\^\(?([A-Z]{3,})\b/gm)].map(([, word]) => word!));
    expect(words.size).toBeGreaterThan(10);
    const keys = listKeys('docs/troubleshooting.md').join();
    expect([...words].filter((word) => word !== 'ERR' && !keys.includes(word))).toEqual([]);
  });

  it('options: each has a word in a page that is written by hand', () => {
    // As code: many are words of every day.
    const guides = listGuides()
      .flatMap((document) => readDocument(document).match(/^```[\s\S]*?^```$|`[^`\n]+`/gm) ?? [])
      .join('\n');
    const names = new Set(sections.flatMap(({ table }) => Object.keys(table)));
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(guides))).toEqual([]);
  });

  it('exports: each has a heading or a row in docs/api.md, and a word on what it is', () => {
    const document = readDocument('docs/api.md');
    for (const { source: file } of listEntryPoints())
      for (const { name, doc } of readExports(file)) {
        expect(document).toMatch(new RegExp(`^(### ${name}$|\\| \`${name}\` \\|)`, 'm'));
        expect({ name, text: doc.text }).toEqual({ name, text: expect.stringMatching(/\w/) });
      }
  });
});

describe('the documents say nothing that is not so:', () => {
  it('docs/api.md is what the docstrings say: npx tsx scripts/api.ts writes it', () => {
    expect(readFileSync(documentPath, 'utf8')).toBe(writeDocument());
  });

  it('the words that docs/troubleshooting.md quotes are in the source', () => {
    const quotes = listKeys('docs/troubleshooting.md').flatMap((key) => key.match(/"[^"]+?"/g) ?? []);
    expect(quotes.length).toBeGreaterThan(20);
    const told = source.replace(/\\(['"`])/g, '$1');
    expect(quotes.filter((quote) => !told.includes(quote.slice(1, -1)))).toEqual([]);
  });

  it('README.md has at most 200 lines, and the two commands for a bare clone', () => {
    const readme = readDocument('README.md');
    expect(readme.split('\n').length).toBeLessThanOrEqual(201);
    expect(readme).toMatch(/^npm start /m);
    expect(readme).toMatch(/^npm test /m);
  });
});
