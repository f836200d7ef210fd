import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const root = join(import.meta.dirname, '..', '..');

/** The TypeScript blocks of a document, each as a module of its own. */
async function readCodeBlocks(document: string): Promise<Record<string, string>> {
  const text = await readFile(join(root, document), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);
  return Object.fromEntries(blocks.map((code, index) => [`block-${index + 1}.ts`, code]));
}

describe('the documents', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(() => packed?.remove());

  it.each([
    ['README.md', 4],
    ['docs/front-ends.md', 4],
    ...[
      'README.md',
      'SECURITY.md',
      'CONTRIBUTING.md',
      'docs/apis.md',
      'docs/architecture.md',
      'docs/connect-systems.md',
      'docs/doctor.md',
      'docs/errors.md',
      'docs/front-ends.md',
      'docs/operating.md',
      'docs/pages.md',
      'docs/providers.md',
      'docs/sockets.md',
    ].map((document) => [document, 5] as const),
  ] as const)('%s has code blocks that compile with the published package and Express %d', async (document, express) => {
    const blocks = await readCodeBlocks(document);
    const project = await packed.createProject(
      {
        ...blocks,
        'package.json': '{ "type": "module" }',
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            ...{ module: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: true },
            types: ['node'],
          },
          include: ['*.ts'],
        }),
      },
      express,
    );
    expect(Object.keys(blocks).length).toBeGreaterThan(document === 'README.md' ? 3 : -1);
    expect(await (Object.keys(blocks).length > 0 ? project.checkTypes() : '')).toBe('');
  });

  it('names only files that are there', async () => {
    const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'];
    for (const document of [
      ...documents,
      'docs/apis.md',
      'docs/connect-systems.md',
      'docs/doctor.md',
      'docs/front-ends.md',
      'docs/operating.md',
      'docs/pages.md',
      'docs/providers.md',
      'docs/sockets.md',
      'docs/architecture.md',
      'docs/errors.md',
    ]) {
      const text = await readFile(join(root, document), 'utf8');
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path!);
      for (const link of links) await expect(stat(join(root, document, '..', link))).resolves.toBeDefined();
    }
  });
});
