import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseSync } from '@swc/core';
import { createCookieJar } from '../support/cookie-jar.ts';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';
import { type CodeBlock, readCodeBlocks, readProgram } from './document-blocks.ts';
import { listDocuments } from './documents.ts';
import { createFolderWithUs } from './program-folder.ts';
import { walkPages } from './walk-pages.ts';

/** What is generated shows signatures, which are no programs. */
const blocks = listDocuments()
  .filter((document) => document !== 'docs/api.md')
  .flatMap(readCodeBlocks);
/** Programs of other libraries, which run beside ours: see migrating.test.ts. */
const isForeign = ({ file }: CodeBlock) => file === 'before.mjs';
const isModule = ({ code }: CodeBlock) => /^(import|export) /m.test(code);

const typescript = blocks.filter(({ language }) => language === 'ts');
const javascript = blocks.filter(({ language }) => language === 'js');

/** By what names the block where something is wrong. */
function toFiles(list: readonly CodeBlock[], ending: string): Record<string, string> {
  return Object.fromEntries(
    list.map(({ document, line, code }) => [`${document.replaceAll('/', '_')}-line-${line}${ending}`, code]),
  );
}

describe('the code of the documents', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(() => packed?.remove());

  it.each([4, 5] as const)('compiles with the published package and Express %d', async (express) => {
    const check = async (files: Record<string, string>, options: object) => {
      const project = await packed.createProject(
        {
          ...files,
          'package.json': '{ "type": "module" }',
          'tsconfig.json': JSON.stringify({
            compilerOptions: {
              ...{ module: 'nodenext', target: 'es2022', noEmit: true, skipLibCheck: true },
              ...{ types: ['node'], moduleDetection: 'force', ...options },
            },
            include: ['*.ts', '*.mjs'],
          }),
        },
        express,
      );
      // Files of the reader's own are not there.
      return (await project.checkTypes()).replace(/^.*Cannot find module '\.\/.*\n/gm, '');
    };
    expect(typescript.length).toBeGreaterThan(40);
    expect(await check(toFiles(typescript, '.ts'), { strict: true })).toBe('');
    const modules = javascript.filter((block) => isModule(block) && !isForeign(block));
    expect(modules.length).toBeGreaterThan(5);
    // What there is to import, and how it is called; people who write JavaScript are told no more of types.
    expect(await check(toFiles(modules, '.mjs'), { allowJs: true, checkJs: true, strict: false })).toBe('');
  });

  it('is JavaScript where it says so', () => {
    for (const { document, line, code } of javascript) {
      const parse = () => parseSync(code, { syntax: 'ecmascript', target: 'es2022' });
      expect({ document, line, parse }).toEqual({ document, line, parse: expect.any(Function) });
      expect(parse).not.toThrow();
    }
  });

  it('is marked with its language', () => {
    const known = /^(|ts|js|html|sh|json|yaml|nginx|text|lua|css|promql)$/;
    expect(blocks.filter(({ language }) => !known.test(language))).toEqual([]);
  });
});

describe('the program of README.md', () => {
  it('is that of docs/getting-started.md', () => {
    expect(readProgram('docs/getting-started.md', 'app.mjs')).toBe(readProgram('README.md', 'app.mjs'));
  });

  it.each([4, 5] as const)('runs as pasted, in Express %d: a person logs in and out', async (express) => {
    const folder = await createFolderWithUs(express);
    try {
      const { origin, output } = await folder.run(readProgram('README.md', 'app.mjs'));
      const jar = createCookieJar();
      const page = await walkPages(`${origin}/me`, jar);
      expect(JSON.parse(page.text)).toMatchObject({ sub: 'ada', name: 'Ada Lovelace' });
      await walkPages(`${origin}/logout`, jar, 'POST');
      // The provider knows nobody any more either, and asks again.
      expect(await walkPages(`${origin}/me`, jar)).toMatchObject({ url: `${origin}/me`, status: 200 });
      expect(output()).toContain(`Open ${origin}`);
    } finally {
      await folder.remove();
    }
  });
});
