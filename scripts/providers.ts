// npx tsx scripts/providers.ts
//
// Plays each preset at its provider, as that is documented (test/providers/), and writes what an application saw of it
// into the table of docs/providers.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Habits } from '../test/providers/habits.ts';
import { type Outcome, playRow } from '../test/providers/play-row.ts';
import { ROWS } from '../test/providers/rows.ts';

export const documentPath = join(import.meta.dirname, '..', 'docs', 'providers.md');

const BEGIN = '<!-- the run begins -->';
const END = '<!-- the run ends -->';

const HEAD = [
  '| provider | preset | who it is, says | tokens renewed | logout at the provider | revoked | a wrong setting, and what the operator reads |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

/** One line of the table, from what the run of a row brought. */
export function writeRow(habits: Habits, outcome: Outcome): string {
  const { title, preset, wrong } = habits;
  const { refresh, logout, revoked, told } = outcome;
  const cells = [
    title,
    `\`providers.${preset}()\``,
    sourceOf(habits),
    refresh ? 'yes' : 'no',
    logout ? 'yes' : 'no',
    revoked === 0 ? 'no' : revoked === 1 ? 'one token' : 'both tokens',
    `${wrong.what}: “${shorten(told)}”`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function sourceOf({ idToken, userinfo, userinfoAs, apis }: Habits): string {
  if (apis) return 'its user API';
  if (userinfo === undefined || idToken?.name !== undefined) return 'the ID token';
  return userinfoAs === 'jwt' ? 'the ID token, and userinfo as a signed JWT' : 'the ID token, and userinfo';
}

/** Without what changes from run to run, and at most a line. */
function shorten(message: string): string {
  const line = message.replace(/^Provider "default": /, '').replace(/\s+/g, ' ');
  return line.length > 220 ? `${line.slice(0, 219)}…` : line;
}

/** Returns the document with its table written anew. */
export function fillIn(document: string, rows: readonly string[]): string {
  const [before = '', rest = ''] = document.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return [`${before}${BEGIN}`, '', ...HEAD, ...rows, '', `${END}${after}`].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const rows: string[] = [];
  for (const habits of ROWS) rows.push(writeRow(habits, await playRow(habits)));
  writeFileSync(documentPath, fillIn(readFileSync(documentPath, 'utf8'), rows));
}
