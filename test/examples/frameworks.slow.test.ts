import { execFile, execFileSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { createBrowser } from '../support/browser-client.ts';
import { openChromium, withFreshContext } from '../support/chromium.ts';
import { type ExampleProcess, startExampleOf } from '../support/example-process.ts';
import { openSignedIn, signInAt } from '../support/walk-example.ts';

const root = join(import.meta.dirname, '..', '..');
const execute = promisify(execFile);

/** Installs the packages of an example, compiles it, and starts it. */
async function start(name: string, environment: Record<string, string> = {}): Promise<ExampleProcess> {
  const folder = join('examples', name);
  execFileSync(process.execPath, [join('scripts', 'set-up.js'), `./${folder}`], { cwd: root });
  await execute(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], {
    cwd: root,
  });
  const tsconfig = join(root, folder, 'tsconfig.json');
  const { PATH, HOME } = process.env as Record<string, string>;
  return startExampleOf(name, { PATH, HOME, TSX_TSCONFIG_PATH: tsconfig, ...environment } as never);
}

describe('the example with NestJS', () => {
  let example: ExampleProcess;
  beforeAll(async () => {
    example = await start('nestjs');
  }, 120_000);
  afterAll(() => example?.stop());

  it('signs in, guards what its module says, and asks its own guards', async () => {
    expect((await createBrowser(example.address).get('/account/engine')).status).toBe(302);
    const ada = await signInAt(`${example.address}/account`);
    expect(await (await ada.get('/account')).json()).toMatchObject({ user: { sub: 'ada' } });
    expect((await ada.get('/account/engine')).status).toBe(200);
    const grace = await signInAt(`${example.address}/account`, 'grace');
    expect((await grace.get('/account/engine')).status).toBe(403);
    expect(await (await grace.get('/')).text()).toContain('grace');
  });
});

describe('the example with Next', () => {
  let example: ExampleProcess;
  beforeAll(async () => {
    example = await start('next', { NEXT_TELEMETRY_DISABLED: '1' });
  }, 180_000);
  afterAll(async () => {
    await example?.stop();
    await rm(join(root, 'examples', 'next', '.next'), { recursive: true, force: true });
  });

  it('draws pages of whoever is signed in, and guards them', async () => {
    const browser = createBrowser(example.address);
    expect(await (await browser.get('/')).text()).toContain('Nobody is signed in.');
    const account = await openSignedIn(browser, `${example.address}/account`);
    expect(await account.text()).toContain('<h1>Ada Lovelace</h1>');
    expect(await (await browser.get('/')).text()).toContain('You are Ada Lovelace.');
    await browser.post('/logout');
    expect((await browser.get('/account')).status).toBe(302);
  }, 120_000);
});

describe('the example with Vite', () => {
  let browser: Browser;
  let example: ExampleProcess;
  beforeAll(async () => {
    browser = await openChromium();
    example = await start('vite');
  }, 120_000);
  afterAll(async () => {
    await example?.stop();
    await browser?.close();
    await rm(join(root, 'examples', 'vite', 'dist'), { recursive: true, force: true });
  });

  it(
    'signs in beside its page, calls its API, and signs out',
    () =>
      withFreshContext(browser, async (context) => {
        const page = await context.newPage();
        await page.goto(example.address);
        await page.getByText('Nobody is signed in.').waitFor();
        const popup = context.waitForEvent('page');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await (await popup).getByRole('button', { name: 'Ada Lovelace' }).click();
        await page.getByText('You are Ada Lovelace.').waitFor();
        await page.getByRole('button', { name: 'Load my orders' }).click();
        await page.getByText('[{"by":"ada","article":"Engine"}]').waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByText('Nobody is signed in.').waitFor();
        // Without a session the request itself leads to the login, and back.
        await page.getByRole('button', { name: 'Load my orders' }).click();
        await page.getByRole('button', { name: 'Ada Lovelace' }).click();
        await page.getByText('You are Ada Lovelace.').waitFor();
      }),
    60_000,
  );

  it('is built to files that the server serves, with nothing of the server in them', async () => {
    const folder = join(root, 'examples', 'vite');
    await execute(process.execPath, [join('node_modules', 'vite', 'bin', 'vite.js'), 'build'], {
      cwd: folder,
    });
    const assets = join(folder, 'dist', 'assets');
    const [script] = (await readdir(assets)).filter((name) => name.endsWith('.js'));
    const source = await readFile(join(assets, script!), 'utf8');
    expect(source).toContain('/auth/session');
    expect(source.length).toBeLessThan(12_000);
    expect(source).not.toMatch(/ioredis|node:/);
    const built = await startExampleOf('vite', { SERVE: 'built' });
    try {
      expect(await (await fetch(built.address)).text()).toContain(script);
    } finally {
      await built.stop();
    }
  }, 60_000);
});
