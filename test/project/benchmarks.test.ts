import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contestants } from '../../bench/contestants.ts';
import { readFlags } from '../../bench/flags.ts';
import type { RowResult } from '../../bench/measure/requests.ts';
import { spreadOf } from '../../bench/measure/statistics.ts';
import { findOutputFolder, writeReport } from '../../bench/report/write-report.ts';
import type { Run } from '../../bench/run.ts';

const row = (name: string, ratio: number): RowResult => ({
  contestant: contestants.find((contestant) => contestant.name === name)!,
  ratio: spreadOf([ratio - 0.01, ratio, ratio + 0.01]),
  perSecond: spreadOf([1000 * ratio]),
  cpu: spreadOf([100 / ratio]),
  cpuOverReference: spreadOf([100 / ratio - 100]),
  busy: 0.99,
  commands: 1,
  stored: { keys: 5, bytes: 3736 },
});

const requests: NonNullable<Run['requests']> = {
  rows: [row('control', 1.01), row('ours-user', 0.87), row('hand-written', 0.9)],
  comparisons: [{ of: 'ours-user', to: 'hand-written', ratio: spreadOf([0.96, 0.97, 0.98]) }],
  reference: { perSecond: spreadOf([1000]), cpu: spreadOf([100]) },
  canBeTrusted: true,
  others: [0.01, 0.02, 0.31],
  ours: [0.4, 0.5, 0.6],
};

const cost = (cpu: number) => ({ cpu: spreadOf([cpu]), commands: 4, leftByStart: { keys: 0, bytes: 0 } });
const logins: NonNullable<Run['logins']> = { ours: cost(1.3), byHand: cost(1), ratio: spreadOf([1.3]) };

const whole: Run = {
  flags: readFlags([]),
  machine: {
    ...{
      processor: 'a processor',
      cores: 2,
      memoryGb: 24,
      system: 'a system',
      node: 'v20.0.0',
      redis: '7.0.0',
    },
    packages: { express: '5.3.0' },
  },
  date: new Date('2026-11-27T12:00:00Z'),
  isPinned: true,
  loads: { before: '0.00 0.00 0.00', after: '1.50 0.50 0.20' },
  ...{ requests, logins, large: undefined },
};

describe('the report of a benchmark', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'benchmarks-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const reportOf = async (run: Run) => {
    const into = await mkdtemp(join(folder, 'report-'));
    writeReport(run, into);
    return { files: await readdir(into), text: await readFile(join(into, 'benchmarks.md'), 'utf8') };
  };

  it('has what was measured, and on what', async () => {
    const { files, text } = await reportOf(whole);
    expect(files).toEqual(['benchmarks.md', 'benchmarks.svg']);
    expect(text).toMatch(/\| ours: requireAuth, req\.user +\| +0\.87 \| +0\.86–0\.88 \|/);
    expect(text).toContain('Ours ÷ by hand, block by block: 1.30, quartiles 1.30–1.30.');
    expect(text).toContain('2026-11-27, a processor, 2 cores, 24 GB, a system');
    expect(text).toContain('0.02 in the median window, 0.31 in the worst');
    expect(text).not.toMatch(/\{\{|undefined|NaN/);
  });

  it.each([
    ['requests', '## Requests'],
    ['logins', '## Logins'],
    ['large', '## A million sessions'],
  ] as const)('has no figure of %s that were not measured', async (part, heading) => {
    const { files, text } = await reportOf({ ...whole, [part]: undefined });
    const [section = ''] = text.slice(text.indexOf(heading) + heading.length).split('\n## ');
    expect(section).toContain('*Not measured in this run.*');
    expect(section).not.toMatch(/^\| (ours|L1)/m);
    expect(files.includes('benchmarks.svg')).toBe(part !== 'requests');
  });

  it.each([
    ['that was quick', { flags: readFlags(['--quick']) }],
    ['of some rows', { flags: readFlags(['--only', 'ours-user']) }],
    ['whose control was out of bounds', { requests: { ...requests, canBeTrusted: false } }],
    ['without requests', { requests: undefined }],
    ['without logins', { logins: undefined }],
    ['that was not pinned', { isPinned: false }],
  ])('of a run %s does not go to docs', (_, change) => {
    expect(findOutputFolder({ ...whole, ...change })).toBeUndefined();
    expect(findOutputFolder(whole)).toMatch(/docs$/);
  });

  it('says when it is not to be trusted', async () => {
    const { text } = await reportOf({ ...whole, requests: { ...requests, canBeTrusted: false } });
    expect(text).toContain('THIS RUN IS NOT TO BE TRUSTED');
    expect((await reportOf(whole)).text).not.toContain('NOT TO BE TRUSTED');
  });

  it('draws the fastest first', async () => {
    const into = await mkdtemp(join(folder, 'picture-'));
    writeReport(whole, into);
    const picture = await readFile(join(into, 'benchmarks.svg'), 'utf8');
    const names = ['L1 once more', 'a small signed session', 'ours: requireAuth'];
    const places = names.map((name) => picture.indexOf(name));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });
});

describe('the spread of figures', () => {
  it.each([
    { values: [3], median: 3, low: 3, high: 3 },
    { values: [4, 1, 3, 2], median: 2.5, low: 1.75, high: 3.25 },
    { values: [10, 9, 1, 2, 5], median: 5, low: 2, high: 9 },
  ])('of $values is $median, $low to $high', ({ values, ...spread }) => {
    expect(spreadOf(values)).toEqual(spread);
  });
});
