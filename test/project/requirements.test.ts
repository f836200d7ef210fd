import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, fillIn, findFaults, findShownBy } from '../../scripts/requirements.js';

describe('docs/requirements.md', () => {
  const document = readFileSync(documentPath, 'utf8');
  const shownBy = findShownBy();

  it('says what the tests show: node scripts/requirements.js writes it', () => {
    expect(fillIn(document, shownBy)).toBe(document);
  });

  it('has a test or a reason for every item', () => {
    expect(findFaults(document, shownBy)).toEqual([]);
  });

  it('holds all items of the four catalogues', () => {
    const ids = [...document.matchAll(/^\| ([CRFN])-\d+ \|/gm)].map(([, catalogue]) => catalogue);
    const count = (catalogue: string) => ids.filter((each) => each === catalogue).length;
    expect({ C: count('C'), R: count('R'), F: count('F'), N: count('N') }).toEqual({
      C: 75,
      R: 125,
      F: 127,
      N: 41,
    });
  });
});

describe('scripts/requirements.js', () => {
  const row = (shown: string, remark = '') => `| R-01 | What is asked | ${shown} | ${remark} |`;
  const shownBy = new Map([['R-01', ['test/a.test.ts']]]);

  it('writes the files that name an item, and nothing else', () => {
    const text = `# Title\n${row('old', 'by hand')}\n| x | y |`;
    expect(fillIn(text, shownBy)).toBe(
      `# Title\n${row('[a.test.ts](../test/a.test.ts)', 'by hand')}\n| x | y |`,
    );
    expect(fillIn(row('old'), new Map())).toBe(row(''));
  });

  it('finds items without a test or a reason, twice, and in titles only', () => {
    expect(findFaults(row(''), new Map())).toEqual([
      'R-01 is shown by no test, and its remark gives no reason.',
    ]);
    expect(findFaults(row('', 'one day'), new Map())).toHaveLength(1);
    expect(findFaults(row('', 'later: one day'), new Map())).toEqual([]);
    expect(findFaults(`${row('')}\n${row('')}`, shownBy)).toEqual(['R-01 is there twice.']);
    expect(findFaults('', shownBy)).toEqual(['test/a.test.ts: there is no item R-01.']);
  });
});
