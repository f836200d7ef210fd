import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const compilers = join(root, 'compatibility', 'typescript');
const document = readFileSync(join(root, 'docs', 'compatibility.md'), 'utf8');

const versions = Object.keys(
  JSON.parse(readFileSync(join(compilers, 'package.json'), 'utf8')).dependencies as Record<string, string>,
).map((name) => name.replace('typescript-', ''));

/** How a project may be compiled, as the document's table names it. */
const settings = [
  { name: '`module: "nodenext"`, ES modules', module: 'nodenext', type: 'module' },
  { name: '`module: "nodenext"`, CommonJS', module: 'nodenext', type: 'commonjs' },
  { name: '`module: "node20"`', module: 'node20', type: 'commonjs' },
  {
    name: '`module: "esnext"`, `moduleResolution: "bundler"`',
    module: 'esnext',
    resolution: 'bundler',
    type: 'module',
  },
  {
    name: '`module: "commonjs"`, `moduleResolution: "node10"`',
    module: 'commonjs',
    resolution: 'node10',
    type: 'commonjs',
  },
  {
    name: '`module: "commonjs"`, `moduleResolution: "bundler"`',
    module: 'commonjs',
    resolution: 'bundler',
    type: 'commonjs',
  },
  { name: '`module: "node16"`, CommonJS', module: 'node16', type: 'commonjs' },
] as const;

const server = `
import express from 'express';
import { type ConnectAuthOptions, connectAuth, providers, requireAuth } from 'express-connect-auth';
import type { LoginEvent } from 'express-connect-auth';

declare global {
  namespace Express {
    interface User {
      team?: string;
    }
    interface SessionData {
      cart: string[];
    }
  }
}

const told = ({ user, provider }: LoginEvent) => console.log(provider, user.sub);
const options: ConnectAuthOptions = {
  baseUrl: 'http://localhost:3000',
  secret: 'x'.repeat(32),
  provider: providers.oidc({ issuer: 'http://localhost:9999', clientId: 'app', clientSecret: 'secret' }),
  onLogin: told,
  onError: ({ error }) => console.error(error.code),
};
const app = express();
app.use(connectAuth(options));
app.get('/', (req, res) => {
  const isAuthenticated: boolean = req.auth.isAuthenticated;
  req.session.cart = ['book'];
  // @ts-expect-error Nobody may be logged in.
  req.user.sub;
  res.json({ isAuthenticated, name: req.user?.name, team: req.user?.team });
});
app.get('/items/:id', requireAuth({ roles: 'admin' }), (req, res) => {
  const id: string = req.params.id;
  res.json({ id });
});
`;
const client = `
import { createAuthClient } from 'express-connect-auth/client';

createAuthClient<{ sub: string }>({ sessionUrl: '/auth/session' }).watch((state, { user }) => {
  document.title = state + user?.sub;
});
`;

describe('the types of the published package', () => {
  let packed: PackedPackage;
  beforeAll(async () => {
    execFileSync(process.execPath, [join('scripts', 'set-up.js'), './compatibility/typescript'], {
      cwd: root,
    });
    packed = await packPackage();
  }, 180_000);
  afterAll(() => packed?.remove());

  it.each(
    settings,
  )('are read by the TypeScript that the document names for $name, and by none before it', async ({
    name,
    ...setting
  }) => {
    const project = await createProject(packed, setting);
    const answers: Record<string, string> = {};
    let first: string | undefined;
    for (const version of versions) {
      answers[version] = await compile(version, project);
      if (answers[version] === '') {
        first = version;
        break;
      }
    }
    const last = await findLast(first, project);
    const row = `| ${name} | ${first ?? 'none'} | ${last} |`;
    // What the versions said tells why, where the table is another.
    expect({ answers, isThere: document.includes(row), row }).toEqual({ answers, isThere: true, row });
  }, 240_000);
});

/** The newest version that compiles it. Two were not enough to be the last: options have gone before. */
async function findLast(first: string | undefined, project: string): Promise<string> {
  if (first === undefined) return 'none';
  for (const version of [...versions].reverse()) {
    if (version === first || (await compile(version, project)) === '')
      return version === versions.at(-1) ? 'newest' : version;
  }
  return first;
}

async function createProject(
  packed: PackedPackage,
  { module, type, ...given }: { module: string; type: string; resolution?: string },
): Promise<string> {
  const { folder } = await packed.createProject({
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        ...{ module, target: 'es2022', lib: ['es2022', 'dom'], types: ['node'], strict: true },
        ...(given.resolution && { moduleResolution: given.resolution }),
        ...{ noEmit: true, skipLibCheck: true, esModuleInterop: true },
      },
      files: ['server.ts', 'client.ts'],
    }),
    'server.ts': server,
    'client.ts': client,
  });
  return folder;
}

/** What this version of TypeScript complains of. */
async function compile(version: string, project: string): Promise<string> {
  const tsc = join(compilers, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
  try {
    await execute(process.execPath, [tsc, '-p', project]);
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout).slice(0, 300) || String(error);
  }
}
