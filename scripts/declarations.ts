import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Docstring, readDocstring } from './docstring.ts';

/*
 * What the source exports, read from its text. Every file is formatted, so that a declaration begins at the beginning of
 * a line, ends by `}` or `;` at one, and has its members two spaces in.
 */

/** Something that is exported, as it stands in the source. */
export interface Declaration {
  readonly name: string;
  readonly kind: 'function' | 'const' | 'interface' | 'type' | 'class';
  readonly doc: Docstring;
  /** Without `export`, a body, and the members of an interface or a class. */
  readonly signature: string;
  readonly members: readonly Member[];
}

/** One of an interface or a class. */
export interface Member {
  readonly name: string;
  /** As it is declared. */
  readonly text: string;
  readonly doc: Docstring;
}

/** The declarations of all that a file exports, in its order, wherever they stand. */
export function readExports(file: string): Declaration[] {
  const source = readFileSync(file, 'utf8');
  const names = [...source.matchAll(/^export (?:async )?(?:function|const|interface|type|class) (\w+)/gm)];
  const own = names.map(([, name]) => readDeclaration(source, name!));
  const passedOn = [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '(.*?)';/gms)].flatMap(
    ([, list = '', from = '']) => readNames(list).map((name) => findDeclaration(file, from, name)),
  );
  return [...own, ...passedOn];
}

function readNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');
}

/** Follows those that pass it on. */
function findDeclaration(file: string, from: string, name: string): Declaration {
  const target = join(dirname(file), from);
  if (!existsSync(target))
    throw new Error(`${file} exports ${name} from ${from}, which is not in the source.`);
  const found = readExports(target).find((declaration) => declaration.name === name);
  if (!found) throw new Error(`${from} does not export ${name}.`);
  return found;
}

function readDeclaration(source: string, name: string): Declaration {
  const start = new RegExp(`^export (?:async )?(function|const|interface|type|class) ${name}\\b`, 'm').exec(
    source,
  )!;
  const kind = start[1] as Declaration['kind'];
  const text = source.slice(start.index).replace(/^export (async )?/, '');
  const doc = readDocstring(
    /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*(?:\/\/[^\n]*\s*)*$/.exec(source.slice(0, start.index))?.[0] ?? '',
  );
  return { name, kind, doc, signature: readSignature(kind, text), members: readMembers(kind, text) };
}

function readSignature(kind: Declaration['kind'], text: string): string {
  switch (kind) {
    case 'function': {
      const [head = ''] = /^[\s\S]*?\)(?:: [^\n]*)?(?= \{$)/m.exec(text) ?? [];
      // How it takes its parameter apart is its own business.
      return head.replace(/\(\{[\s\S]*?\}: /, '(options: ');
    }
    case 'const':
      return /^const \w+(?:: .*?(?= =))?/.exec(text)?.[0] ?? '';
    case 'type':
      return stripComments(/^[\s\S]*?;$/m.exec(text)?.[0] ?? '');
    default:
      return /^[^{]*/.exec(text)?.[0].replace(/\s+/g, ' ').trim() ?? '';
  }
}

function readMembers(kind: Declaration['kind'], text: string): Member[] {
  if (kind === 'const') return readKeys(text);
  if (kind !== 'interface' && kind !== 'class') return [];
  const body = /^[^{]*\{\n([\s\S]*?)^\}/m.exec(text)?.[1] ?? '';
  const members = body.matchAll(
    /((?: {2}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)^ {2}(?! |\/|\*|\}|\)|constructor)([\s\S]*?[;{]$)/gm,
  );
  return [...members].map(([, comment = '', declared = '']) => ({
    name: /^(?:declare |readonly )*(\w+)/.exec(declared)?.[1] ?? '()',
    text: declared
      .replace(/^(declare |readonly )+/, '')
      .replace(kind === 'class' ? /( = [^;]*)?;$/ : /;$/, '')
      .replace(/\s+/g, ' '),
    doc: readDocstring(comment),
  }));
}

/** Of an object that is made of others by their names: what it has. */
function readKeys(text: string): Member[] {
  const [, body = ''] = /^const \w+ = (?:Object\.freeze\()?\{\n([\s\S]*?)^\}/.exec(text) ?? [];
  if (!/^[\s\w,.{}]*$/.test(body)) return [];
  const names = body.match(/\w+/g) ?? [];
  return names.map((name) => ({ name, text: name, doc: readDocstring('') }));
}

function stripComments(text: string): string {
  return text.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '').replace(/;$/, '');
}
