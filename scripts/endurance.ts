import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', 'docs', 'faults.md');

/** Writes what a run has found into its section of docs/faults.md. */
export function writeEndurance(section: 'chaos' | 'fuzz' | 'soak', lines: readonly string[]): void {
  const [from, to] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const page = readFileSync(file, 'utf8');
  const [before, rest] = [page.slice(0, page.indexOf(from)), page.slice(page.indexOf(to))];
  writeFileSync(file, `${before}${from}\n\n${lines.join('\n')}\n\n${rest}`);
}
