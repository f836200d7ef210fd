import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { slugify } from '../../scripts/api.ts';
import { listDocuments, readDocument } from './documents.ts';

const root = join(import.meta.dirname, '..', '..');

/** The anchors of a document, as forges number those that come twice. */
function listAnchors(document: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const headings = readDocument(document)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const slug = slugify(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
      const count = counts.get(slug) ?? 0;
      counts.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

/** What is wrong with the links of a document. */
function findDeadLinks(document: string): string[] {
  const text = readDocument(document)
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '');
  const links = [...text.matchAll(/\]\((?![a-z]+:)([^)\s]*)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : normalize(join(dirname(document), path));
    if (!existsSync(join(root, target))) return true;
    const hasAnchors = target.endsWith('.md') && statSync(join(root, target)).isFile();
    return anchor !== undefined && hasAnchors && !listAnchors(target).has(anchor);
  });
}

describe('the links of the documents', () => {
  it.each(listDocuments())('%s leads only to what is there', (document) => {
    expect(findDeadLinks(document)).toEqual([]);
  });

  it('lead to every page of docs/ from README.md, and to no page twice', () => {
    const links = [...readDocument('README.md').matchAll(/\]\((docs\/[^)#]+\.md)\)/g)].map(
      ([, link]) => link!,
    );
    const list = links.slice(links.indexOf('docs/getting-started.md'));
    expect(list).toEqual([...new Set(list)]);
    const pages = listDocuments().filter((path) => /^docs\/(migrating\/)?(?!index)[\w-]+\.md$/.test(path));
    expect(pages.filter((page) => !links.includes(page))).toEqual([]);
  });
});
