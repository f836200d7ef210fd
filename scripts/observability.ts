// npx tsx scripts/observability.ts
//
// Writes the tables of docs/observability.md: the channels and their payloads from the interfaces that type them, and the
// metrics from the table that they are made of.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nameChannel } from '../src/diagnostics.ts';
import type { DiagnosticFacts, DiagnosticTraces } from '../src/diagnostics-payloads.ts';
import { nameForPrometheus } from '../src/observe/exposition.ts';
import { MEASURES } from '../src/observe/measures.ts';
import { nameForOtel } from '../src/observe/otel-measures.ts';

const root = join(import.meta.dirname, '..');
export const documentPath = join(root, 'docs', 'observability.md');

interface Payload {
  readonly text: string;
  readonly parents: readonly string[];
  readonly members: readonly (readonly [name: string, type: string, text: string])[];
}

const source = readFileSync(join(root, 'src', 'diagnostics-payloads.ts'), 'utf8');
const payloads = new Map<string, Payload>(
  [
    ...source.matchAll(
      /\/\*\*((?:(?!\*\/).)*)\*\/\nexport interface (\w+)(?: extends ([\w, ]+))? \{(.*?)^\}/gms,
    ),
  ].map(([, text, name, parents = '', body]) => [
    name!,
    { text: flatten(text!), parents: parents.split(', ').filter(Boolean), members: readMembers(body!) },
  ]),
);

function readMembers(body: string): Payload['members'] {
  const members = body.matchAll(
    /(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?^ {2}(?:readonly )?(['\w.]+)(\??): ([^;]+);/gms,
  );
  return [...members].map(([, text = '', name, , type]) => [name!.replaceAll("'", ''), type!, flatten(text)]);
}

function flatten(comment: string): string {
  return comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The channels of one of the two maps, each with its payload. */
function listChannels(map: 'DiagnosticFacts' | 'DiagnosticTraces'): [channel: string, payload: Payload][] {
  return payloads
    .get(map)!
    .members.map(([name, type]) => [
      nameChannel(name as keyof DiagnosticFacts | keyof DiagnosticTraces),
      payloads.get(type)!,
    ]);
}

function writeChannels(map: 'DiagnosticFacts' | 'DiagnosticTraces'): string {
  const sections = listChannels(map).map(([channel, { text, parents, members }]) => {
    const inherited = parents.flatMap((parent) => payloads.get(parent)!.members);
    const rows = [...members, ...inherited].map(
      ([name, , meaning]) => `| \`${name}\` | ${escapeCell(meaning)} |`,
    );
    return [`### ${channel}`, '', text, '', '| member | what it says |', '| --- | --- |', ...rows].join('\n');
  });
  return sections.join('\n\n');
}

function writeMeasures(): string {
  const rows = Object.entries(MEASURES).map(([name, measure]) => {
    const labels = measure.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${nameForPrometheus(name, measure)}\` | \`${nameForOtel(name)}\` | ${measure.kind} | ${labels} | ${measure.help} |`;
  });
  const head = [
    '| Prometheus | OpenTelemetry | kind | labels | what it counts |',
    '| --- | --- | --- | --- | --- |',
  ];
  return [...head, ...rows].join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const PARTS: Readonly<Record<string, () => string>> = {
  facts: () => writeChannels('DiagnosticFacts'),
  traces: () => writeChannels('DiagnosticTraces'),
  metrics: writeMeasures,
};

/** The document with its tables as they must be; everything between them stays as it is. */
export function writeDocument(document = readFileSync(documentPath, 'utf8')): string {
  return Object.entries(PARTS).reduce((text, [name, write]) => {
    const part = new RegExp(`(<!-- ${name} -->\n).*?(<!-- end of ${name} -->)`, 's');
    if (!part.test(text)) throw new Error(`There is no place for ${name}.`);
    return text.replace(part, (_, begin: string, end: string) => `${begin}\n${write()}\n\n${end}`);
  }, document);
}

if (process.argv[1] === import.meta.filename) writeFileSync(documentPath, writeDocument());
