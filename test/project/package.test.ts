import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const root = join(import.meta.dirname, '..', '..');

const options = `{
  baseUrl: 'http://localhost:3000',
  secret: 'x'.repeat(32),
  provider: providers.oidc({
    issuer: 'http://localhost:9999',
    clientId: 'app',
    clientSecret: 'the secret of the app',
  }),
}`;

/** Asks two pages of the app, prints the answers and must then come to an end by itself. */
const program = `
const auth = connectAuth(${options});
const app = express();
app.use(auth);
app.get('/', (req, res) => res.json({ user: req.user ?? null, isAuthenticated: req.auth.isAuthenticated }));
app.get('/me', requireAuth, (req, res) => res.json(req.user));
const server = app.listen(0, '127.0.0.1', async () => {
  const origin = 'http://127.0.0.1:' + server.address().port;
  const page = await fetch(origin);
  const guarded = await fetch(origin + '/me', { headers: { accept: 'application/json' } });
  console.log(JSON.stringify([page.status, await page.json(), guarded.status]));
  server.close();
  server.closeAllConnections();
  await auth.close();
});
`;

const answers = [200, { user: null, isAuthenticated: false }, 401];

describe('the published package', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(() => packed?.remove());

  it('holds the compiled code, its types, its documents and nothing of the workshop', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining(['package.json', 'dist/index.js', 'dist/index.d.ts', 'LICENSE']),
    );
    const others = packed.files.filter(
      (file) =>
        !/^dist\/.+\.(js|d\.ts)$|^dist\/(jest|commonjs)\/|^docs\/[\w/-]+\.md$|^package\.json$|^[A-Z_]+(\.md)?$/.test(
          file,
        ),
    );
    expect(others).toEqual([]);
  });

  it('is no larger than it has to be', async () => {
    const sizes = await Promise.all(
      packed.files.map(async (file) => (await stat(join(packed.folder, file))).size),
    );
    const unpacked = sizes.reduce((sum, size) => sum + size, 0);
    expect({ packed: (await stat(packed.tarball)).size, unpacked, files: sizes.length }).toEqual({
      packed: within(200_000, 1_000_000),
      unpacked: within(500_000, 3_400_000),
      files: within(200, 1000),
    });
  });

  it('has types for each of its exports, also for those who resolve modules as before 2022', async () => {
    const { exports, typesVersions, types } = await readManifest(packed);
    const entries = Object.entries(exports).filter(([path]) => path !== './package.json');
    expect(entries.map(([path]) => path)).toEqual(expect.arrayContaining(['.', './client']));
    for (const [path, targets] of entries) {
      const name = path.slice(2);
      const files = listTargets(targets).map((target) => target.replace('./', ''));
      expect(packed.files).toEqual(expect.arrayContaining(files));
      const declared = path === '.' ? types : typesVersions['*'][name]?.[0];
      expect({ path, declared }).toEqual({ path, declared: expect.stringMatching(/\.d\.c?ts$/) });
      expect(listTargets(targets)).toContain(declared);
    }
  });

  it('has programs that Node runs', async () => {
    const { bin = {} } = await readManifest(packed);
    for (const program of Object.values(bin) as string[]) {
      expect(await readFile(join(packed.folder, program), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it('holds every document that its README leads to, and what these lead to among documents', async () => {
    const seen = new Set(['README.md']);
    for (const document of seen) {
      const text = await readFile(join(packed.folder, document), 'utf8');
      for (const [, link] of text.matchAll(/\]\((?!\w+:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        const path = join(document, '..', link!);
        if (path.endsWith('.md')) seen.add(path);
        else if (document === 'README.md') expect(await stat(join(packed.folder, path))).toBeDefined();
      }
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  it('is typed where the project sees no packages of packages, by what the README installs and by its own names', async () => {
    const project = await packed.createProject(
      {
        'package.json': '{ "type": "module" }',
        'tsconfig.json': JSON.stringify({
          compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] },
        }),
        'main.ts': `
import express from 'express';
import { connectAuth, providers } from 'express-connect-auth';

declare global {
  namespace Express {
    interface SessionData {
      cart: string[];
    }
  }
}

const app = express();
app.use(connectAuth(${options}));
app.post('/cart', (req, res) => {
  const before: string[] = req.session.cart ?? [];
  req.session.cart = [...before, req.user?.sub ?? 'nobody'];
  // @ts-expect-error There is no such field.
  req.session.basket;
  res.json(req.session.cart);
});
// @ts-expect-error Here nothing is found that was not asked for.
await import('express-session');
`,
      },
      5,
      'isolated',
    );
    expect(await project.checkTypes()).toBe('');
  });

  it('works by import', async () => {
    const imports = `
import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
`;
    const project = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'main.js': imports + program,
    });
    expect(JSON.parse(await project.runNode('main.js'))).toEqual(answers);
  });

  it('works by require', async () => {
    const requires = `
const express = require('express');
const { connectAuth, providers, requireAuth } = require('express-connect-auth');
`;
    const project = await packed.createProject({
      'package.json': '{ "type": "commonjs" }',
      'main.js': requires + program,
    });
    expect(JSON.parse(await project.runNode('main.js'))).toEqual(answers);
  });

  it('has a client module for browsers, typed without the types of Node', async () => {
    const project = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib: ['es2022', 'dom'] },
          ...{ strict: true, types: [], skipLibCheck: false },
        },
      }),
      'main.ts': `
import { createAuthClient } from 'express-connect-auth/client';

const client = createAuthClient<{ sub: string }>({ sessionUrl: '/auth/session' });
client.watch((state, { user }) => {
  const sub: string | undefined = user?.sub;
  // @ts-expect-error There is no such state.
  if (state === 'over') console.log(sub);
});
// @ts-expect-error It must know whom to ask.
createAuthClient({});
`,
      'main.js': `
import { createAuthClient } from 'express-connect-auth/client';
console.log(typeof createAuthClient({ sessionUrl: '/auth/session' }).fetch);
`,
    });
    expect(await project.checkTypes()).toBe('');
    expect(await project.runNode('main.js')).toBe('function\n');
  });

  it('has types that TypeScript checks, of req.user and req.auth as well', async () => {
    const project = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({
        compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] },
      }),
      'main.ts': `
import express from 'express';
import { type ConnectAuthOptions, connectAuth, providers, requireAuth } from 'express-connect-auth';

type IsAny<Value> = 0 extends 1 & Value ? true : false;

const options: ConnectAuthOptions = ${options};
const app = express();
app.use(connectAuth(options));
app.get('/', (req, res) => {
  const notAny: [IsAny<typeof req.user>, IsAny<typeof req.auth>] = [false, false];
  const isAuthenticated: boolean = req.auth.isAuthenticated;
  const name: string | undefined = req.user?.name;
  // @ts-expect-error Nobody may be logged in.
  req.user.sub;
  // @ts-expect-error There is no such member.
  req.auth.isAuthentic;
  res.json({ notAny, isAuthenticated, name });
});
app.get('/items/:id', requireAuth, (req, res) => {
  const id: string = req.params.id;
  res.json(id);
});
// @ts-expect-error The secret is missing.
connectAuth({ baseUrl: 'http://localhost:3000', provider: options.provider });
`,
    });
    expect(await project.checkTypes()).toBe('');
  });

  it('has types that are right beside the newest of Node, which is what npm installs', async () => {
    // By the links and not by what they lead to, where another @types/node is the nearest.
    const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, preserveSymlinks: true };
    const entries = ['', '/client', '/metrics', '/testing'].map((name) => `express-connect-auth${name}`);
    const project = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['node'] } }),
      'main.ts': entries.map((entry) => `export * from '${entry}';`).join('\n'),
    });
    const modules = join(root, 'node_modules');
    for (const name of await readdir(join(modules, '@types')))
      await project.link(`@types/${name}`, join(modules, '@types', name));
    for (const name of ['@redis/client', '@ioredis/commands', 'denque', 'oauth4webapi'])
      await project.link(name, join(modules, name));
    const newest = join(root, 'examples', 'node_modules');
    for (const name of ['@types/node', 'undici-types']) await project.link(name, join(newest, name));
    expect(await project.checkTypes()).toBe('');
  });
});

interface Manifest {
  exports: Record<string, unknown>;
  typesVersions: { '*': Record<string, string[]> };
  types: string;
  bin?: Record<string, string>;
}

async function readManifest({ folder }: PackedPackage): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

/** The files of an export, under whatever conditions. */
function listTargets(target: unknown): string[] {
  return typeof target === 'string' ? [target] : Object.values(target as object).flatMap(listTargets);
}

/** A number between the two: much less is as wrong as too much. */
function within(least: number, most: number): unknown {
  return {
    asymmetricMatch: (value: number) => value >= least && value <= most,
    toString: () => `${least} to ${most}`,
  };
}
