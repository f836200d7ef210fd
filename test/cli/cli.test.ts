import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DoctorReport } from '../../src/cli/doctor.ts';
import { findPreset, listPresets } from '../../src/cli/init-presets.ts';
import { writeProject } from '../../src/cli/init-project.ts';
import { readProgram } from '../documents/document-blocks.ts';
import { setUpBed } from '../support/bed.ts';
import { createBrowser } from '../support/browser-client.ts';
import { runCommand, runNode, startNode } from '../support/command.ts';
import { withFreePort } from '../support/free-port.ts';
import { type PackedPackage, packPackage } from '../support/packed-project.ts';

const bed = setUpBed();
let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
}, 60_000);
afterAll(() => packed?.remove());

const SECRET = 'a secret of the tests, long enough to be one';

/** A program as people write it: it exports nothing, prints, listens, and waits for ever. */
const program = (
  imports: string,
  { issuer, port, more = '' }: { issuer: string; port: number; more?: string },
) => `
${imports}
console.log('the program begins');
const app = express();
app.use(connectAuth({
  baseUrl: 'http://localhost:${port}',
  secret: process.env.SESSION_SECRET,
  redis: 'memory',
  provider: providers.oidc({ issuer: '${issuer}', clientId: 'app', clientSecret: 'the-secret-of-the-app-at-the-provider' }),
  ${more}
}));
app.listen(${port}, () => console.log('never'));
setInterval(() => {}, 1000);
`;
const BY_IMPORT = `import express from 'express';
import { connectAuth, providers } from 'express-connect-auth';`;
const BY_REQUIRE = `const express = require('express');
const { connectAuth, providers } = require('express-connect-auth');`;

const read = (stdout: string) => JSON.parse(stdout) as DoctorReport;

describe('the command doctor', () => {
  it('runs a program whose port is in use, and finds what it constructs and does not export', async () => {
    const running = createServer().listen(0);
    await once(running, 'listening');
    const { port } = running.address() as AddressInfo;
    await bed.op.registerApp(`http://localhost:${port}`);
    const source = program(BY_IMPORT, { issuer: bed.op.issuer, port });
    const { folder } = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'app.js': source,
    });
    await writeFile(join(folder, '.env'), `SESSION_SECRET="${SECRET}"\n`);
    const result = await runCommand(folder, ['doctor', '--env-file', '.env', '--json']);
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('the program begins') });
    expect(result.stderr).not.toContain('never');
    const [entry] = read(result.stdout).applications;
    expect(entry).toMatchObject({ label: 'app.js', ok: true });
    expect(entry!.checks).toContainEqual(
      expect.objectContaining({ name: 'provider.credentials', status: 'ok' }),
    );
    expect(entry!.register![0]!.redirectUris).toEqual([`http://localhost:${port}/oauth/callback`]);
    for (const secret of [SECRET, 'the-secret-of-the-app-at-the-provider'])
      expect(result.stdout).not.toContain(secret);
    running.close();
  });

  it('looks at the program of the README, which waits for the provider that it starts', async () => {
    const { folder } = await packed.createProject({
      'app.mjs': readProgram('README.md', 'app.mjs'),
    });
    const { code, stdout } = await runCommand(folder, ['doctor', '--json']);
    expect(code).toBe(0);
    expect(read(stdout).applications[0]!.checks).toContainEqual(
      expect.objectContaining({ name: 'provider.credentials', status: 'ok' }),
    );
  });

  it('reads CommonJS, prints for a person, and fails for warnings where it is asked to', async () => {
    await bed.op.registerApp('http://localhost:3999');
    const source = program(BY_REQUIRE, { issuer: bed.op.issuer, port: 3999 });
    const { folder } = await packed.createProject({
      'package.json': '{ "main": "web.cjs" }',
      'web.cjs': source,
    });
    const { code, stdout } = await runCommand(folder, ['doctor', '--strict'], { SESSION_SECRET: SECRET });
    expect(code).toBe(1);
    expect(stdout).toContain(
      'web.cjs\n  WARNING redis.reachable: Sessions live in the memory of this process.\n',
    );
    expect(stdout).toContain('redirect URI          http://localhost:3999/oauth/callback\n');
    expect(stdout).toContain('0 faults, 1 warning.\n');
  });

  it('names what is wrong with options, and with a program that does not come so far', async () => {
    const { folder } = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'options.js': program(BY_IMPORT, {
        issuer: bed.op.issuer,
        port: 3999,
        more: "sesion: {}, store: 'x',",
      }),
      'throws.js': `${BY_IMPORT}\nthrow new Error('DATABASE_URL is missing');`,
    });
    const { code, stdout } = await runCommand(folder, ['doctor', 'options.js', 'throws.js', '--json'], {
      SESSION_SECRET: SECRET,
    });
    expect(code).toBe(1);
    expect(read(stdout).applications).toMatchObject([
      {
        label: 'options.js',
        checks: [
          { status: 'fault', field: 'sesion', remedy: 'Did you mean "session"?' },
          { status: 'fault', field: 'store', remedy: expect.stringContaining('Redis is given by redis') },
        ],
      },
      {
        label: 'throws.js',
        checks: [
          {
            status: 'fault',
            says: expect.stringContaining('DATABASE_URL is missing'),
            remedy: expect.any(String),
          },
        ],
      },
    ]);
  });

  it('waits for a program that constructs it later, and minds nothing that it fails at afterwards', async () => {
    const source = program(BY_IMPORT, { issuer: bed.op.issuer, port: 3999 });
    const [imports, rest] = [BY_IMPORT, source.replace(BY_IMPORT, '')];
    const { folder } = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'later.js': `${imports}\nsetTimeout(() => {${rest}}, 300);`,
      'fails.js': `${source}\nthrow new Error('the database is away');`,
    });
    const env = { SESSION_SECRET: SECRET };
    const { stdout } = await runCommand(
      folder,
      ['doctor', 'later.js', 'fails.js', '--json', '--no-credentials'],
      env,
    );
    expect(read(stdout).applications).toMatchObject([
      { label: 'later.js', ok: true, register: [expect.anything()] },
      { label: 'fails.js', ok: true, register: [expect.anything()] },
    ]);
  });

  it('compares with what it has found of another application', async () => {
    const source = (more: string) =>
      program(BY_IMPORT, {
        issuer: bed.op.issuer,
        port: 3999,
        more: `session: { cookieName: 'sid' }, ${more}`,
      });
    const { folder } = await packed.createProject({
      'package.json': '{ "type": "module" }',
      'shop.js': source("application: 'shop',"),
      'admin.js': source("application: 'admin',"),
    });
    const env = { SESSION_SECRET: SECRET };
    const { stdout } = await runCommand(folder, ['doctor', 'shop.js', '--json', '--no-credentials'], env);
    await writeFile(join(folder, 'shop.json'), stdout);
    const other = await runCommand(
      folder,
      ['doctor', 'admin.js', '--beside', 'shop.json', '--no-credentials'],
      env,
    );
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('admin.js and shop.js both call their cookie sid at localhost');
  });

  it('says what it can do, and what it does not know', async () => {
    const { folder } = await packed.createProject({ 'package.json': '{}' });
    expect(await runCommand(folder, ['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('doctor [FILE …]'),
    });
    for (const args of [['docter'], ['doctor', '--jsn'], ['doctor'], ['init', 'one', 'two']]) {
      const { code, stdout, stderr } = await runCommand(folder, args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    }
  });
});

describe('the command init', () => {
  it('writes an application that logs people in, and that the doctor finds well', async () => {
    const { folder } = await packed.createProject({});
    const result = await runCommand(folder, ['init', '--provider', 'oidc']);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('Fill in .env') });
    expect((await stat(join(folder, '.env'))).mode & 0o077).toBe(0);
    expect(await readFile(join(folder, '.env.example'), 'utf8')).toContain('\nSESSION_SECRET=\n');

    await withFreePort(async (port) => {
      const baseUrl = `http://localhost:${port}`;
      const { clientId, clientSecret } = await bed.op.registerApp(baseUrl, {
        post_logout_redirect_uris: [`${baseUrl}/`],
      });
      await fillIn(folder, {
        ...{ BASE_URL: baseUrl, PORT: String(port) },
        ...{ OIDC_ISSUER: bed.op.issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret },
      });
      const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      const [, ...start] = scripts.start.split(' ');
      const server = await startNode(folder, start);
      const browser = createBrowser(baseUrl);
      const login = await browser.get('/login');
      await browser.deliver(await bed.op.signIn(login.headers.get('location')!));
      expect(await (await browser.get('/')).text()).toContain('<p>You are Ada Lovelace.');
      expect(await (await browser.get('/profile')).json()).toMatchObject({ user: { sub: 'ada' } });
      expect((await browser.get('/healthz')).status).toBe(200);

      const [, ...doctor] = scripts.doctor.split(' ');
      const { code, stdout } = await runCommand(folder, [...doctor, '--url', baseUrl]);
      expect([code, stdout]).toEqual([0, expect.stringContaining('0 faults, 1 warning.')]);

      // Express 5 calls the function of `listen()` for a port in use as well.
      const second = await runNode(folder, start);
      expect([second.code, second.stdout]).toEqual([1, '']);
      expect(second.stderr).toContain('EADDRINUSE');
      await server.stop();
    });
  });

  it('overwrites nothing, and leaves a package.json as it is', async () => {
    const { folder } = await packed.createProject({ 'package.json': '{ "name": "mine", "type": "module" }' });
    const first = await runCommand(folder, ['init']);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npm install express express-connect-auth ioredis'),
    });
    expect(await readFile(join(folder, 'package.json'), 'utf8')).toBe('{ "name": "mine", "type": "module" }');
    const app = await readFile(join(folder, 'app.js'), 'utf8');
    const environment = await readFile(join(folder, '.env'), 'utf8');
    const again = await runCommand(folder, ['init', '--provider', 'google', '--typescript']);
    expect(again).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('.env, .env.example, .gitignore, REGISTER.md are there already'),
    });
    expect(await readFile(join(folder, 'app.js'), 'utf8')).toBe(app);
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(environment);
    await expect(stat(join(folder, 'app.ts'))).rejects.toThrow('ENOENT');
    expect(await runCommand(folder, ['init', 'other', '--provider', 'nobody'])).toMatchObject({ code: 2 });
    expect(await runCommand(folder, ['init', 'other', '--provider', 'keycloack'])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('Did you mean keycloak?'),
    });
  });

  it('writes TypeScript that compiles, for every provider that there is a preset of', async () => {
    const project = await packed.createProject({ 'package.json': '{ "type": "module" }' });
    for (const name of listPresets()) {
      const files = writeProject({
        ...{ preset: findPreset(name)!, isTypeScript: true, version: '1.0.0', secret: SECRET, name: 'app' },
      });
      await mkdir(join(project.folder, name));
      for (const [path, text] of Object.entries(files))
        await writeFile(join(project.folder, name, path), text);
    }
    await writeFile(
      join(project.folder, 'tsconfig.json'),
      (await readFile(join(project.folder, 'oidc', 'tsconfig.json'), 'utf8')).replace('"*.ts"', '"*/*.ts"'),
    );
    expect(await project.checkTypes()).toBe('');
  });

  it('writes for each provider what it must be given, and where that is', async () => {
    const { options, where, documentation } = findPreset('azureb2c')!;
    expect(options).toEqual(['clientId', 'clientSecret', 'domain', 'tenant', 'policy']);
    expect([where, documentation]).toEqual([
      expect.stringContaining('App registrations'),
      expect.arrayContaining([expect.stringContaining('https://learn.microsoft.com/')]),
    ]);
    const apple = writeProject({
      ...{ preset: findPreset('apple')!, isTypeScript: false, version: '1.0.0', secret: SECRET, name: 'app' },
    });
    expect(apple['app.js']).toContain("privateKey: readFileSync(read('APPLE_PRIVATE_KEY_FILE'), 'utf8')");
    expect(apple['.env']).toContain(`SESSION_SECRET=${SECRET}\n`);
    expect(apple['REGISTER.md']).toContain('https://developer.apple.com/');
    const keycloak = writeProject({
      ...{
        preset: findPreset('keycloak')!,
        isTypeScript: false,
        version: '1.0.0',
        secret: SECRET,
        name: 'app',
      },
    });
    expect(keycloak['.env']).toContain('KEYCLOAK_ISSUER=https://id.example.com/realms/main\n');
  });

  it('starts in TypeScript', async () => {
    const { folder } = await packed.createProject({});
    await runCommand(folder, ['init', '--typescript']);
    await fillIn(folder, { OIDC_CLIENT_ID: 'app', OIDC_CLIENT_SECRET: 'x', OIDC_ISSUER: bed.op.issuer });
    await symlink(
      join(import.meta.dirname, '..', '..', 'node_modules', 'tsx'),
      join(folder, 'node_modules', 'tsx'),
      'dir',
    );
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const [, ...doctor] = scripts.doctor.split(' ');
    const { stdout } = await runNode(folder, [...doctor, '--no-credentials', '--json']);
    expect(read(stdout).applications[0]!.register![0]!.redirectUris).toEqual([
      'http://localhost:3000/oauth/callback',
    ]);
  });
});

/** As a person would, by an editor. */
async function fillIn(folder: string, values: Readonly<Record<string, string>>): Promise<void> {
  let text = await readFile(join(folder, '.env'), 'utf8');
  for (const [name, value] of Object.entries(values))
    text = text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`);
  await writeFile(join(folder, '.env'), text);
}
