// npx tsx scripts/api.ts
//
// Writes docs/api.md: whatever the entry points of package.json export, by the docstrings that editors show.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Declaration, type Member, readExports } from './declarations.ts';
import type { Docstring } from './docstring.ts';
import { sections } from './options.ts';

const root = join(import.meta.dirname, '..');

export const documentPath = join(root, 'docs', 'api.md');

/** What can be imported, by its name, and where its source is. */
export function listEntryPoints(): readonly { readonly name: string; readonly source: string }[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([path, target]) => {
    const types = findTypes(target);
    if (types === undefined) return [];
    const source = join(root, types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts'));
    return [{ name: path.replace('.', name), source }];
  });
}

function findTypes(target: unknown): string | undefined {
  if (typeof target === 'string') return target.endsWith('.d.ts') ? target : undefined;
  if (typeof target !== 'object' || target === null) return undefined;
  return Object.values(target)
    .map(findTypes)
    .find((types) => types !== undefined);
}

/** The interfaces whose members docs/options.md has, and the heading there. */
const OPTIONS = new Map(
  [...sections]
    .reverse()
    .flatMap(({ title, interfaces }) => interfaces.map(([, name]) => [name, title] as const)),
);

/** Writes the document. */
export function writeDocument(): string {
  return `${[INTRODUCTION, ...listEntryPoints().map(writeEntryPoint)].join('\n\n')}\n`;
}

const INTRODUCTION = `# API

Whatever can be imported, by the comments that editors show. Options, with their defaults, are in [options](options.md).
\`npx tsx scripts/api.ts\` writes this page.

In handlers \`req.user\` is what \`mapUser\` made of the person, \`req.auth\` a [RequestAuth](#requestauth), and \`req.session\` that of express-session.`;

const GROUPS: readonly (readonly [title: string, belongs: (declaration: Declaration) => boolean])[] = [
  ['Functions', ({ kind }) => kind === 'function' || kind === 'const'],
  ['Objects and types', ({ kind, name }) => (kind === 'interface' || kind === 'type') && !OPTIONS.has(name)],
  ['Errors', ({ kind }) => kind === 'class'],
];

function writeEntryPoint({ name, source }: { name: string; source: string }): string {
  const declarations = readExports(source);
  const groups = GROUPS.map(([title, belongs]) => [title, declarations.filter(belongs)] as const);
  const options = declarations.filter((each) => OPTIONS.has(each.name));
  return [
    `## ${name}`,
    ...groups.filter(([, found]) => found.length > 0).flatMap(([, found]) => found.map(writeDeclaration)),
    ...(options.length > 0 ? [writeOptions(options)] : []),
  ].join('\n\n');
}

/** Their members stand in another document. */
function writeOptions(options: readonly Declaration[]): string {
  const rows = options.map(({ name, doc }) => {
    const title = OPTIONS.get(name)!;
    return `| \`${name}\` | ${escapeCell(doc.text)} | [${title}](options.md#${slugify(title)}) |`;
  });
  return [
    '### Types of options',
    '',
    '| type | what it is | its members |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function writeDeclaration(declaration: Declaration): string {
  const { name, kind, doc, signature, members } = declaration;
  return [
    `### ${name}`,
    ...(saysMore(declaration) ? [['```ts', signature, '```'].join('\n')] : []),
    ...writeDoc(doc),
    ...(members.length > 0 ? [members.map((member) => writeMember(member, kind)).join('\n')] : []),
  ].join('\n\n');
}

/** Than the heading does. */
function saysMore({ kind, name, signature }: Declaration): boolean {
  return signature !== `${kind} ${name}`;
}

function writeDoc({ text, tags }: Docstring): string[] {
  const written = tags.map((tag) => `- ${writeTag(tag)}`);
  return [...(text === '' ? [] : [text]), ...(written.length > 0 ? [written.join('\n')] : [])];
}

function writeMember({ text, doc }: Member, kind: Declaration['kind']): string {
  const says = [doc.text.replace(/\n{2,}/g, ' ').replace(/\s*\n\s*/g, ' '), ...doc.tags.map(writeTag)].filter(
    (part) => part !== '',
  );
  const declared = kind === 'class' ? text.replace(/ \{$/, '') : text;
  return `- \`${declared}\`${says.length > 0 ? `: ${says.join(' ')}` : ''}`;
}

const WORDS: Readonly<Record<string, string>> = {
  default: 'Default:',
  returns: 'Returns',
  throws: 'Throws',
  see: 'See',
  deprecated: 'Deprecated:',
};

function writeTag({ name, text }: Docstring['tags'][number]): string {
  if (name === 'param') return text.replace(/^(\w+)\s*(?:- )?/, '`$1`: ');
  const end = /[.;:)]$/.test(text) ? '' : '.';
  return `${WORDS[name]} ${text}${end}`;
}

function escapeCell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

/** The anchor of a heading, as forges make it. */
export function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

if (process.argv[1] === import.meta.filename) writeFileSync(documentPath, writeDocument());
