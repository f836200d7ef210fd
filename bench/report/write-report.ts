import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../run.ts';
import { drawPicture } from './draw-picture.ts';
import { formatLarge, formatLogins, formatMachine, formatRequests, formatTrust } from './format-run.ts';

/**
 * Where the report of a run goes: where the command line says, else to docs if it is worth that. `undefined`: nowhere.
 */
export function findOutputFolder({ flags, requests, logins, isPinned }: Run): string | undefined {
  if (flags.out !== undefined) return flags.out;
  const isWhole = !flags.quick && !flags.only && requests !== undefined && logins !== undefined;
  return isWhole && isPinned && requests.canBeTrusted ? join(import.meta.dirname, '../../docs') : undefined;
}

/** Writes benchmarks.md and its picture, of what this run has measured and of nothing else. Returns their paths. */
export function writeReport(run: Run, folder: string): string[] {
  const { requests, logins, large } = run;
  const template = readFileSync(new URL('benchmarks.template.md', import.meta.url), 'utf8');
  const missing = '*Not measured in this run.*';
  const text = fill(template, {
    machine: formatMachine(run),
    picture: requests ? PICTURE : '',
    requests: requests ? formatRequests(requests) : missing,
    trust: requests ? formatTrust(run, requests).replaceAll('\n', '\n\n') : missing,
    logins: logins ? formatLogins(logins) : missing,
    large: large ? formatLarge(large) : missing,
  });
  const files = {
    'benchmarks.md': text,
    ...(requests && { 'benchmarks.svg': drawPicture(requests.rows, describeShortly(run)) }),
  };
  mkdirSync(folder, { recursive: true });
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
}

const PICTURE = '![Requests per second of each contestant, as a part of the reference](benchmarks.svg)';

function describeShortly({ date, machine, flags }: Run): string {
  return `${date.toISOString().slice(0, 10)}, Node ${machine.node}: medians of ${flags.rounds} rounds, with quartiles.`;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}
