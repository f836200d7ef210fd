import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** A block of code in a document. */
export interface CodeBlock {
  readonly document: string;
  readonly language: string;
  /** What stands in brackets behind the language: `js [app.mjs]`. */
  readonly file: string | undefined;
  readonly code: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** Reads the blocks of a document, whose path begins at the root of the repository. */
export function readCodeBlocks(document: string): CodeBlock[] {
  const text = readFileSync(join(root, document), 'utf8');
  const blocks = text.matchAll(/^```([\w-]*)(?: \[(.+?)\])?\n(.*?)^```$/gms);
  return [...blocks].map(({ 1: language = '', 2: file, 3: code = '', index }) => ({
    ...{ document, language, file, code },
    line: text.slice(0, index).split('\n').length,
  }));
}

/** The program of a document that is to be saved under that name. */
export function readProgram(document: string, file: string): string {
  const found = readCodeBlocks(document).find((block) => block.file === file);
  if (!found) throw new Error(`${document} has no block [${file}].`);
  return found.code;
}
