import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const src = join(import.meta.dirname, '..', '..', 'src');

describe('the exports of src/', () => {
  it('all say what they are', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const exports = files.flatMap((file) =>
      findExports(readFileSync(join(src, file), 'utf8')).map((found) => ({ file, ...found })),
    );
    expect(exports.length).toBeGreaterThan(300);
    expect(exports.filter(({ isDescribed }) => !isDescribed)).toEqual([]);
  });
});

describe('findExports()', () => {
  it('sees what stands before an export, past comments of the linter', () => {
    const source =
      '/** Says it. */\n// biome-ignore lint: a reason\nexport const a = 1;\n\nexport function b() {}\n';
    expect(findExports(source)).toEqual([
      { name: 'a', isDescribed: true },
      { name: 'b', isDescribed: false },
    ]);
  });
});

/** Finds what a file exports by a declaration of its own, and whether a docstring stands before it. */
function findExports(source: string): { name: string; isDescribed: boolean }[] {
  const lines = source.split('\n');
  return lines.flatMap((line, index) => {
    const name = /^export (?:async )?(?:function|const|interface|type|class) (\w+)/.exec(line)?.[1];
    if (name === undefined) return [];
    const before = lines.slice(0, index).filter((each) => !each.startsWith('//'));
    return [{ name, isDescribed: before.at(-1)?.trim().endsWith('*/') ?? false }];
  });
}
