// npx tsx scripts/faults.ts
//
// Lets each fault happen to an application on real servers (test/faults/), and writes what people and operators saw of it
// into the tables of docs/faults.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_FAULTS, startClusterWorld } from '../test/faults/cluster-faults.ts';
import type { Fault, FaultWorld, Outcome, Sight } from '../test/faults/fault.ts';
import { playFault } from '../test/faults/play-fault.ts';
import { PROCESS_FAULTS, startProcessWorld } from '../test/faults/process-faults.ts';
import { PROVIDER_FAULTS, startProviderWorld } from '../test/faults/provider-faults.ts';
import { SENTINEL_FAULTS, startSentinelWorld } from '../test/faults/sentinel-faults.ts';
import { SERVER_FAULTS, startServerWorld } from '../test/faults/server-faults.ts';

export const documentPath = join(import.meta.dirname, '..', 'docs', 'faults.md');

/** The sections of the document, by the name in their marks. */
export const TITLES = {
  server: 'a Redis server',
  sentinel: 'Redis behind Sentinel',
  cluster: 'a Redis cluster',
  provider: 'the provider',
  process: 'the process itself',
} as const;

export type SectionName = keyof typeof TITLES;

const HEAD = [
  '| fault | guarded page | page for all | login begins | login ends | logout | waits at most | the operator reads |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** One line of a table, from what the run of a fault brought. */
export function writeRow(
  { title, sees, bound, readsInShort }: Fault<never>,
  { statuses, told }: Outcome,
): string {
  const write = (name: keyof typeof statuses) => writeSight(sees[name], statuses[name]);
  const cells = [
    title,
    write('guarded'),
    write('open'),
    write('begin'),
    write('callback'),
    write('logout'),
    `${bound} ×`,
    readsInShort ?? quote(told),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Where it depends on what came first, all that it may be. */
function writeSight(sight: Sight, seen: number): string {
  return typeof sight === 'number' ? String(seen) : sight.join(' or ');
}

function quote(told: string): string {
  if (told === '') return 'nothing';
  return /^\w+$/.test(told) ? `\`${told}\`` : `“${shorten(told)}”`;
}

/** Without what changes from run to run. */
function shorten(message: string): string {
  return message
    .replace(/^Provider "default": /, '')
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, 'host:port')
    .replaceAll(/within \d+ ms/g, 'within the bound')
    .replaceAll(/\s+/g, ' ');
}

/** Returns the document with the table of a section written anew. */
export function fillIn(document: string, section: SectionName, rows: readonly string[]): string {
  const [begin, end] = [`<!-- the run begins: ${section} -->`, `<!-- the run ends: ${section} -->`];
  const [before = '', rest = ''] = document.split(begin);
  const [, after = ''] = rest.split(end);
  return [`${before}${begin}`, '', ...HEAD, ...rows, '', `${end}${after}`].join('\n');
}

async function write<World extends FaultWorld>(
  section: SectionName,
  startWorld: () => Promise<World>,
  faults: readonly Fault<World>[],
): Promise<void> {
  const world = await startWorld();
  try {
    const rows: string[] = [];
    for (const fault of faults) rows.push(writeRow(fault, await playFault(world, fault)));
    writeFileSync(documentPath, fillIn(readFileSync(documentPath, 'utf8'), section, rows));
  } finally {
    await world.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2);
  const isWanted = (section: SectionName) => wanted.length === 0 || wanted.includes(section);
  if (isWanted('server')) await write('server', startServerWorld, SERVER_FAULTS);
  if (isWanted('sentinel')) await write('sentinel', startSentinelWorld, SENTINEL_FAULTS);
  if (isWanted('cluster')) await write('cluster', startClusterWorld, CLUSTER_FAULTS);
  if (isWanted('provider')) await write('provider', startProviderWorld, PROVIDER_FAULTS);
  if (isWanted('process')) await write('process', startProcessWorld, PROCESS_FAULTS);
}
