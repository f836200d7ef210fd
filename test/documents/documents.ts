import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** What the repository has to read, by paths from its root: its own pages, and all of docs/. */
export function listDocuments(): readonly string[] {
  const entries = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = entries.filter((path) => path.endsWith('.md') && !path.includes('node_modules'));
  const own = readdirSync(root).filter((path) => path.endsWith('.md'));
  return [...own, ...pages.map((path) => `docs/${path}`)].sort();
}

/** Those that are written by hand, and say what one does. */
export function listGuides(): readonly string[] {
  return listDocuments().filter((path) => !OTHERS.test(path));
}

const OTHERS =
  /^docs\/(decisions\/.*|options|api|requirements|conformance|mutants|architecture|first-two-minutes)\.md$|^CHANGELOG/;

/** The text of a document. */
export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
