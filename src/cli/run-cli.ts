import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runDoctor } from './doctor.ts';
import { runInit } from './init.ts';
import { listPresets } from './init-presets.ts';
import { loadAuth } from './load-auth.ts';

/** What the command needs of the machine. */
export interface CliSurroundings {
  readonly cwd: string;
  /** To standard output. */
  readonly write: (text: string) => void;
  /** To standard error. */
  readonly writeError: (text: string) => void;
  /** Gives the process the variables of a file. */
  readonly loadEnvFile: (path: string) => void;
}

/**
 * The command `express-connect-auth`.
 *
 * @returns what the process ends with: 0, 1 where something is wrong, 2 where the command is.
 */
export async function runCli(args: readonly string[], surroundings: CliSurroundings): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'doctor') return await doctor(rest, surroundings);
    if (command === 'init') return await init(rest, surroundings);
    const isAsked = command === undefined || command === 'help' || command === '--help' || command === '-h';
    (isAsked ? surroundings.write : surroundings.writeError)(
      isAsked ? HELP : `There is no command ${JSON.stringify(command)}.\n\n${HELP}`,
    );
    return isAsked ? 0 : 2;
  } catch (error) {
    surroundings.writeError(`${(error as Error).message}\n`);
    return 2;
  }
}

/** In lines that a terminal holds. */
const PRESETS = listPresets()
  .join(', ')
  .replace(/(.{1,75},) /g, '$1\n                           ');

const HELP = `express-connect-auth doctor [FILE …]    looks at applications: options, Redis, providers, addresses
  FILE                     a program that calls connectAuth(); it is run, and listens nowhere
                           (default: "main" of package.json, else app.js, server.js, main.js or index.js)
  --url ADDRESS            sends sample requests to where browsers open it; it must run there, with the same secret
  --tenant NAME            the tenant to look at, where there are tenants
  --beside REPORT.json     compares with the --json of another application; may be given several times
  --env-file FILE          variables of the environment
  --no-credentials         sends the provider no made-up code
  --json                   prints data
  --strict                 fails for warnings as well

express-connect-auth init [FOLDER]       writes an application that runs
  --provider NAME          ${PRESETS}
                           (default: oidc)
  --typescript             in TypeScript

It ends with 0, or 1 where something is wrong, or 2 where the command is.
`;

async function doctor(
  args: readonly string[],
  { cwd, write, loadEnvFile }: CliSurroundings,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      tenant: { type: 'string' },
      beside: { type: 'string', multiple: true },
      'env-file': { type: 'string', multiple: true },
      'no-credentials': { type: 'boolean' },
      json: { type: 'boolean' },
      strict: { type: 'boolean' },
    },
  });
  for (const file of values['env-file'] ?? []) loadEnvFile(resolve(cwd, file));
  return runDoctor(
    {
      files: positionals.length > 0 ? positionals : [await findProgram(cwd)],
      check: {
        tryCredentials: !values['no-credentials'],
        ...(values.url === undefined ? {} : { url: values.url }),
        ...(values.tenant === undefined ? {} : { tenant: values.tenant }),
      },
      beside: values.beside ?? [],
      asJson: values.json ?? false,
      isStrict: values.strict ?? false,
    },
    { cwd, write, load: (file) => loadAuth(file, cwd) },
  );
}

/** Where most programs are. */
const USUAL = ['app', 'server', 'main', 'index', 'src/app', 'src/server', 'src/main', 'src/index'];

async function findProgram(cwd: string): Promise<string> {
  const manifest = await readFile(join(cwd, 'package.json'), 'utf8').catch(() => '{}');
  const { main } = JSON.parse(manifest) as { main?: string };
  const files = USUAL.flatMap((name) => ['.js', '.mjs', '.cjs'].map((ending) => name + ending));
  const found = [main, ...files].find((file) => file !== undefined && existsSync(join(cwd, file)));
  if (found === undefined)
    throw new Error('Which program? Name the file that calls connectAuth(): doctor ./app.js');
  return found;
}

async function init(args: readonly string[], { cwd, write }: CliSurroundings): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { provider: { type: 'string' }, typescript: { type: 'boolean' } },
  });
  if (positionals.length > 1)
    throw new Error(`Which folder? init takes one, and was given ${positionals.length}.`);
  return runInit(
    {
      folder: resolve(cwd, positionals[0] ?? '.'),
      preset: values.provider ?? 'oidc',
      isTypeScript: values.typescript ?? false,
    },
    { write },
  );
}
