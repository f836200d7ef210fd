import type { InitPreset } from './init-presets.ts';
import { writeApp, writeServer } from './init-sources.ts';

/** What a project is written for. */
export interface ProjectOptions {
  readonly preset: InitPreset;
  readonly isTypeScript: boolean;
  /** Of this package. */
  readonly version: string;
  /** For its `.env`. */
  readonly secret: string;
  readonly name: string;
}

/** One option of the provider, and the variable of the environment that it is read from. */
export interface Variable {
  readonly option: string;
  readonly name: string;
  /** What the variable names: the value, or a file that holds it, where it has several lines. */
  readonly kind: 'value' | 'file';
  readonly sample: string;
}

/** Writes all files of a project, as texts by their paths. */
export function writeProject(options: ProjectOptions): Readonly<Record<string, string>> {
  const { preset, isTypeScript, secret } = options;
  const ending = isTypeScript ? 'ts' : 'js';
  const variables = listVariables(preset);
  return {
    'package.json': writeManifest(options),
    [`app.${ending}`]: writeApp(preset.name, variables, isTypeScript),
    [`server.${ending}`]: writeServer(ending),
    '.env': writeEnvironment(variables, secret),
    '.env.example': writeEnvironment(variables, ''),
    '.gitignore': 'node_modules/\n.env\n*.pem\n*.p8\n',
    'REGISTER.md': writeRegister(preset, ending),
    ...(isTypeScript ? { 'tsconfig.json': TSCONFIG } : {}),
  };
}

/** By the option, or by the preset and the option. */
const SAMPLES: Readonly<Record<string, string>> = {
  issuer: 'https://id.example.com',
  'keycloak.issuer': 'https://id.example.com/realms/main',
  'authentik.issuer': 'https://id.example.com/application/o/main/',
  origin: 'https://id.example.com',
  baseUrl: 'https://id.example.com',
  domain: 'id.example.com',
  tenant: '11111111-2222-3333-4444-555555555555',
  userPoolId: 'eu-west-1_AbCdEfGhI',
  policy: 'B2C_1_signin',
};
const FILES: readonly string[] = ['clientKey', 'privateKey', 'certificate'];

function listVariables({ name, options }: InitPreset): readonly Variable[] {
  const upper = (text: string) => text.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
  return options.map((option) => {
    const kind = FILES.includes(option) ? 'file' : 'value';
    const suffix = kind === 'file' ? '_FILE' : '';
    const sample =
      kind === 'file' ? `./${option}.pem` : (SAMPLES[`${name}.${option}`] ?? SAMPLES[option] ?? '');
    return { option, kind, name: `${upper(name)}_${upper(option)}${suffix}`, sample };
  });
}

function writeManifest({ name, isTypeScript, version }: ProjectOptions): string {
  const run = isTypeScript ? 'node --env-file=.env --import tsx server.ts' : 'node --env-file=.env server.js';
  const doctor = isTypeScript
    ? 'node --import tsx node_modules/express-connect-auth/dist/cli/main.js doctor app.ts --env-file .env'
    : 'express-connect-auth doctor app.js --env-file .env';
  const manifest = {
    name,
    private: true,
    type: 'module',
    scripts: { start: run, doctor, ...(isTypeScript ? { types: 'tsc --noEmit' } : {}) },
    dependencies: { express: '^5.0.0', 'express-connect-auth': `^${version}`, ioredis: '^6.0.0' },
    ...(isTypeScript
      ? {
          devDependencies: {
            '@types/express': '^5.0.0',
            '@types/node': '^20.19.0',
            tsx: '^4.19.0',
            typescript: '^5.6.0',
          },
        }
      : {}),
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
    },
    include: ['*.ts'],
  },
  undefined,
  2,
)}\n`;

function writeEnvironment(variables: readonly Variable[], secret: string): string {
  const lines = [
    '# Where browsers reach this application.',
    'BASE_URL=http://localhost:3000',
    'PORT=3000',
    `# ${secret ? 'Made for this folder alone. Another one: ' : ''}openssl rand -base64 48`,
    `SESSION_SECRET=${secret}`,
    '# Without it sessions live in the memory of the process, which is for development only.',
    '# REDIS_URL=redis://localhost:6379',
    '# What the provider knows this application by.',
    ...variables.map(({ name, sample }) => `${name}=${sample}`),
  ];
  return `${lines.join('\n')}\n`;
}

function writeRegister({ name, where, documentation }: InitPreset, ending: string): string {
  const pages = documentation.map((page) => `- ${page}`);
  return `# Register this application

At the provider (\`providers.${name}()\`), in: ${where}. With another BASE_URL the addresses begin with that;
\`npm run doctor\` prints them as they must be, and looks whether everything is right.

| what | address |
| --- | --- |
| redirect URI (callback) | \`http://localhost:3000/oauth/callback\` |
| after a logout | \`http://localhost:3000/\` and \`http://localhost:3000/signed-out\` |
| back-channel logout, where the provider has it | \`http://localhost:3000/oauth/backchannel-logout\` |
| front-channel logout, where it has that | \`http://localhost:3000/oauth/frontchannel-logout\` |
${pages.length > 0 ? `\nThe provider's own pages:\n\n${pages.join('\n')}\n` : ''}
\`app.${ending}\` is the application, \`server.${ending}\` starts it, \`.env\` holds what is secret: keep it out of the repository.
`;
}
