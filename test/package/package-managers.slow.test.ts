import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const programs = join(root, 'compatibility', 'managers', 'node_modules');

/** The versions that the repository itself is built with. */
const workshop = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).devDependencies;

/** One page, asked once. */
const program = `
import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';

const auth = connectAuth({
  baseUrl: 'http://localhost:3000',
  secret: 'x'.repeat(32),
  redis: 'memory',
  provider: providers.oidc({ issuer: 'http://localhost:9999', clientId: 'app', clientSecret: 'of the app' }),
});
const app = express();
app.use(auth);
app.get('/me', requireAuth, (req, res) => {
  res.json(req.user);
});
const server = app.listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port + '/me';
  const answer = await fetch(url, { headers: { accept: 'application/json' } });
  console.log(answer.status);
  server.close();
  server.closeAllConnections();
  await auth.close();
});
`;

/** The same by its types, with what a project declares of its own. */
const types = `${program.replace(/server\.address\(\)/, '(server.address() as { port: number })')}
declare global {
  namespace Express {
    interface SessionData {
      cart: string[];
    }
  }
}
app.get('/cart', (req, res) => {
  const cart: string[] = req.session.cart ?? [];
  const name: string | undefined = req.user?.name;
  res.json({ cart, name });
});
`;

interface Manager {
  install: string[];
  /** Runs a file of the project by Node. */
  run: string[];
  files?: Record<string, string>;
}

const yarn = [process.execPath, join(programs, '@yarnpkg', 'cli-dist', 'bin', 'yarn.js')];
/** In place of the program, whose path is known later. */
const BUN = 'bun';
const managers: Record<string, Manager> = {
  pnpm: {
    install: [process.execPath, join(programs, 'pnpm', 'bin', 'pnpm.cjs'), 'install', '--ignore-scripts'],
    run: [process.execPath],
  },
  'Yarn, by Plug’n’Play': {
    install: [...yarn, 'install'],
    run: [...yarn, 'node'],
    files: {
      'yarn.lock': '',
      '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\n',
    },
  },
  'bun, isolated': { install: [BUN, 'install', '--linker', 'isolated'], run: [process.execPath] },
  'bun, hoisted': { install: [BUN, 'install', '--linker', 'hoisted'], run: [process.execPath] },
};

describe('the published package', () => {
  let packed: PackedPackage;
  let folder: string;
  let bun: string;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    execFileSync(process.execPath, [join('scripts', 'set-up.js'), './compatibility/managers'], { cwd: root });
    packed = await packPackage();
    folder = await mkdtemp(join(tmpdir(), 'managers-'));
    bun = await findBun();
    // All ask where npm asks, and keep what they fetch in a folder that goes with the test.
    const { stdout } = await execute('npm', ['config', 'get', 'registry'], { cwd: root });
    const registry = stdout.trim();
    environment = {
      ...process.env, // which may name proxies and authorities
      ...{ HOME: join(folder, 'home'), CI: 'false', npm_config_store_dir: join(folder, 'store') },
      ...{ npm_config_registry: registry, BUN_CONFIG_REGISTRY: registry, YARN_NPM_REGISTRY_SERVER: registry },
      ...(registry.startsWith('http:') && { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname }),
    };
  }, 180_000);
  afterAll(async () => {
    await packed?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.entries(managers))(
    'installs, runs and is typed with %s',
    async (name, { install, run, files }) => {
      const project = join(folder, name.replace(/\W+/g, '-'));
      await mkdir(project);
      const manifest = {
        ...{ name: 'consumer', private: true, type: 'module' },
        dependencies: {
          'express-connect-auth': `file:${packed.tarball}`,
          ...pick('express', 'ioredis'),
        },
        // The versions of TypeScript that Yarn knows how to teach its layout.
        devDependencies: { ...pick('@types/express', '@types/node'), typescript: '5.9.3' },
      };
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
      };
      const contents = {
        'package.json': JSON.stringify(manifest),
        'tsconfig.json': JSON.stringify({ compilerOptions, files: ['types.ts'] }),
        ...{ 'main.js': program, 'types.ts': types, ...files },
      };
      for (const [path, text] of Object.entries(contents)) await writeFile(join(project, path), text);

      const tell = async ([command, ...args]: string[]) => {
        const options = { cwd: project, env: environment };
        const { stdout } = await execute(command === BUN ? bun : command!, args, options).catch((error) => {
          throw new Error(`${error.message}\n${error.stdout}`); // They say there what is wrong.
        });
        return stdout.trim();
      };
      await tell(install);
      expect(await tell([...run, 'main.js'])).toBe('401');
      const isYarn = run.length > 1;
      const tsc = isYarn
        ? [...yarn, 'tsc']
        : [process.execPath, join('node_modules', 'typescript', 'bin', 'tsc')];
      expect(await tell([...tsc, '-p', '.'])).toBe('');
    },
    180_000,
  );
});

function pick(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, workshop[name]]));
}

/** Its package puts the program in place by a script, which does not run here: that of the platform has it. */
async function findBun(): Promise<string> {
  const [platform] = await readdir(join(programs, '@oven'));
  return join(programs, '@oven', platform!, 'bin', 'bun');
}
