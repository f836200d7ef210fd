import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findLayerFaults, type Sources } from '../support/layers.ts';

const src = join(import.meta.dirname, '..', '..', 'src');

describe('the layers of src/', () => {
  it('are kept by every file', () => {
    const sources = readSources();
    expect(Object.keys(sources)).toContain('options/options.ts');
    expect(findLayerFaults(sources)).toEqual([]);
  });
});

describe('findLayerFaults()', () => {
  const faultsOf = (path: string, source: string) => findLayerFaults({ [path]: source });

  it.each([
    ['index.ts', `export { connectAuth } from './connect-auth.ts';`],
    ['assembly/a.ts', `import express from 'express';\nimport { a } from '../vault/a.ts';`],
    ['routes/login.ts', `import { a } from './page.ts';\nimport { b } from '../session/b.ts';`],
    ['options.ts', `import { a } from './errors.ts';\nimport type { Redis } from 'ioredis';`],
    ['session/a.ts', `import { createHmac } from 'node:crypto';\n// import { a } from '../vault/a.ts';`],
    [
      'vault/a.ts',
      `/** import x from '../routes/x.ts'; console.log(Date.now()) */\nimport { createCipheriv } from 'node:crypto';`,
    ],
    ['user/a.ts', `type Handler = import('express').RequestHandler;`],
    ['routes/page.ts', `const page = '<p class="x">console.log</p>'; const quote = /['"\`/]/; // class X {}`],
    ['errors.ts', `export class ConnectAuthError extends Error {}`],
    ['clock.ts', `export const systemClock = Date.now;`],
    ['client/a.ts', `import type { A } from '../answer-types.ts';\nimport { b } from './b.ts';`],
  ])('accepts %s: %s', (path, source) => {
    expect(faultsOf(path, source)).toEqual([]);
  });

  it.each([
    ['store/a.ts', `import { b } from '../session/b.ts';`, 'in layer 2, above its own layer 1'],
    ['store/a.ts', `import type { B } from '../session/b.ts';`, 'above its own layer'],
    ['store/a.ts', `export * from '../provider/b.ts';`, 'beside it in layer 1'],
    ['vault/a.ts', `import {\n  b,\n  c,\n} from '../session/b.ts';`, 'beside it in layer 2'],
    ['user/a.ts', `const b = await import('../routes/b.ts');`, 'beside it in layer 3'],
    ['options.ts', `import './store/a.ts';`, 'above its own layer 0'],
    ['session/a.ts', `import { B } from '../helpers/b.ts';`, 'belongs to no layer'],
    ['helpers/a.ts', '', 'no layer is known for helpers/'],
    ['client/a.ts', `import { A } from '../answer-types.ts';`, 'browsers load it, by itself'],
    ['client/a.ts', `import type { A } from '../request-types.ts';`, 'browsers load it, by itself'],
    ['routes/a.ts', `import { a } from '../client/a.ts';`, 'above its own layer 3'],
    ['connect-auth.ts', `import { a } from './testing/a.ts';`, 'in layer 7, above its own layer 5'],
  ])('refuses in %s: %s', (path, source, message) => {
    expect(faultsOf(path, source)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['vault/a.ts', `import { Redis } from 'ioredis';`, 'ioredis, which belongs to store'],
    ['session/a.ts', `import { type JWK } from 'jose';`, 'jose, which belongs to provider and testing'],
    [
      'user/a.ts',
      `export { Router } from 'express';`,
      'express, which belongs to routes and assembly and testing',
    ],
    ['client/a.ts', `import { hash } from 'node:crypto';`, 'a package without an owner'],
    ['store/a.ts', `import lodash from 'lodash/fp';`, 'lodash, a package without an owner'],
    ['routes/a.ts', `const b = require('@scope/b/c');`, '@scope/b, a package without an owner'],
  ])('refuses the package in %s: %s', (path, source, message) => {
    expect(faultsOf(path, source)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['console.warn(1);', 'console'],
    ['const a = process.env.A;', 'process.env'],
    ['const now = Date.now();', 'Date.now()'],
    ['const now = new Date();', 'new Date()'],
    ['const a = Math.random();', 'Math.random()'],
    ['export default 1;', 'a default export'],
    ['class Store<Value> extends Base {}', 'the class Store'],
    ['const a = class {};', 'the class without a name'],
    ['const text = `at $\u007bDate.now()}`;', 'Date.now()'],
    ['const quote = /"/; console.log(quote);', 'console'],
  ])('refuses anywhere: %s', (source, message) => {
    expect(faultsOf('store/a.ts', source)).toEqual([
      expect.stringContaining(`src/store/a.ts has ${message}`),
    ]);
  });
});

function readSources(): Sources {
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(src, path), 'utf8')]));
}
