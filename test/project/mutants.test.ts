import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { applyMutant, documentPath, fillIn, nameMutant, readRows } from '../../scripts/mutants.ts';
import { documentPath as requirementsPath } from '../../scripts/requirements.js';
import { MUTANTS, RANGES, WITHOUT_MUTANT } from '../mutants/mutants.ts';

const named = MUTANTS.map((mutant) => ({ ...mutant, name: nameMutant(mutant) }));

/** The items of docs/requirements.md that are there and not for later, of the ranges that mutants must cover. */
function listItems(): string[] {
  const rows = readFileSync(requirementsPath, 'utf8').matchAll(/^\| ([A-Z])-(\d+) \|.*\| (.*?) \|$/gm);
  return [...rows].flatMap(([, catalogue, number, remark]) => {
    const isMeant = RANGES.some(
      ([of, first, last]) => of === catalogue && first <= Number(number) && Number(number) <= last,
    );
    return isMeant && !/^later:/.test(remark!) ? [`${catalogue}-${number}`] : [];
  });
}

describe('the checks that are taken out', () => {
  it.each(named)('are still in the source, and leave a program: $name', (mutant) => {
    expect(applyMutant(mutant).size).toBeGreaterThan(0);
  });

  it('are named once each', () => {
    const names = named.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('are some of each item, or there is a reason for none', () => {
    const items = listItems();
    expect(items.length).toBeGreaterThan(30);
    const covered = new Set(MUTANTS.map(({ id }) => id));
    expect(items.filter((id) => !covered.has(id) && !Object.hasOwn(WITHOUT_MUTANT, id))).toEqual([]);
    expect(Object.keys(WITHOUT_MUTANT).filter((id) => covered.has(id))).toEqual([]);
  });

  it('have turned a test red, each: npm run mutants writes docs/mutants.md', () => {
    const document = readFileSync(documentPath, 'utf8');
    const rows = readRows(document);
    const unlike = named.filter(
      ({ name, test }, index) => !rows[index]?.startsWith(`${name} [${test}](../test/${test}): `),
    );
    expect(unlike.map(({ name }) => name)).toEqual([]);
    expect(fillIn(document, rows.slice(0, named.length))).toBe(document);
  });
});

describe('scripts/mutants.ts', () => {
  const mutant = { ...{ id: 'X', what: '', test: '' }, ...{ file: 'clock.ts', becomes: '' } };

  it.each([
    ['is not there', 'no such text anywhere', '0 times'],
    ['is there more than once', 'e', 'times'],
  ])('refuses a text that %s', (_, text, told) => {
    expect(() => applyMutant({ ...mutant, text })).toThrow(told);
  });

  it('refuses what is no program any more', () => {
    expect(() => applyMutant({ ...mutant, text: 'export type Clock', becomes: '}' })).toThrow();
  });
});
