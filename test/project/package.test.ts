import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

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

  it('holds the compiled code, its types and nothing of the workshop', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining(['package.json', 'dist/index.js', 'dist/index.d.ts']),
    );
    const others = packed.files.filter(
      (file) => !/^dist\/.+\.(js|d\.ts)$|^dist\/(jest|commonjs)\/|^package\.json$|^[A-Z]+(\.md)?$/.test(file),
    );
    expect(others).toEqual([]);
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
});
