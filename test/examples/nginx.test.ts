import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProgram } from '../../scripts/programs.js';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createRsaKey } from '../emulators/signing.ts';
import { createBrowser } from '../support/browser-client.ts';
import { type ExampleProcess, startExampleOf } from '../support/example-process.ts';
import { withFreePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { openSignedIn } from '../support/walk-example.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'nginx');

/** Starts nginx with the example's configuration, whose two ports alone are others. */
async function startNginx(folder: string, port: number, applicationPort: number): Promise<ChildProcess> {
  const key = await createRsaKey();
  const configuration = (await readFile(join(example, 'nginx.conf'), 'utf8'))
    .replace('8443', String(port))
    .replace('127.0.0.1:3000', `127.0.0.1:${applicationPort}`);
  await writeFile(join(folder, 'nginx.conf'), configuration);
  await writeFile(join(folder, 'key.pem'), key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(folder, 'cert.pem'), createSelfSignedCertificate('localhost', key));
  const program = findProgram('nginx');
  if (!program) throw new Error('No nginx on PATH. Run: node scripts/set-up.js nginx');
  const nginx = spawn(program, ['-p', folder, '-c', 'nginx.conf'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  nginx.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const listens = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  await until(async () => {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    return listens();
  });
  return nginx;
}

describe('the example behind nginx', () => {
  let folder: string;
  let nginx: ChildProcess;
  let application: ExampleProcess;
  let baseUrl: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    await withFreePort(async (port) => {
      baseUrl = `https://localhost:${port}/shop`;
      const started = await startExampleOf('nginx', { BASE_URL: baseUrl });
      application = started;
      nginx = await startNginx(folder, port, started.port);
    });
  });
  afterAll(async () => {
    const ended = once(nginx, 'exit');
    nginx.kill();
    await ended;
    await application.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('signs in and out below its path, over TLS that it knows nothing of, and trusts no header', async () => {
    const browser = createBrowser(new URL(baseUrl).origin);
    const account = await openSignedIn(browser, `${baseUrl}/account`);
    expect(await account.json()).toMatchObject({ user: 'ada' });
    expect(browser.jar.header(`${baseUrl}/account`)).toMatch(/^__Host-Http-/);
    const headers = { 'x-forwarded-host': 'elsewhere.test', 'x-forwarded-proto': 'http' };
    const login = await createBrowser(baseUrl).get('/shop/login', headers);
    const asked = new URL(login.headers.get('location')!).searchParams;
    expect(asked.get('redirect_uri')).toBe(`${baseUrl}/oauth/callback`);
    await browser.post('/shop/logout');
    expect((await browser.get('/shop/account')).status).toBe(302);
  });

  it('lets through at once what is said over an open answer', async () => {
    const browser = createBrowser(new URL(baseUrl).origin);
    await openSignedIn(browser, `${baseUrl}/account`);
    const headers = { cookie: browser.jar.header(`${baseUrl}/events`) };
    const outgoing = request(`${baseUrl}/events`, { headers, rejectUnauthorized: false, agent: false }).end();
    const [answer] = await once(outgoing, 'response');
    const [first] = await once(answer.setEncoding('utf8'), 'data');
    expect(first).toBe('data: Hello, ada\n\n');
    const rest = once(answer, 'data');
    await browser.post('/shop/logout');
    expect((await rest)[0]).toContain('event: end');
    outgoing.destroy();
  });
});
