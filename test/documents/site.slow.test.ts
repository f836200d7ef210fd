import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { openChromium } from '../support/chromium.ts';
import { type ListeningServer, listen } from '../support/listen.ts';

const root = join(import.meta.dirname, '..', '..');
const built = join(root, 'docs', '.vitepress', 'dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

async function serveFile(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname } = new URL(req.url ?? '/', 'http://localhost');
  const path = normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  try {
    const content = await readFile(join(built, path));
    res.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content);
  } catch {
    res.writeHead(404).end();
  }
}

const WIDTHS = [390, 1280];
const PAGES = [
  '/',
  '/docs/getting-started.html',
  '/docs/providers.html',
  '/docs/troubleshooting.html',
  '/docs/api.html',
  '/docs/migrating/passport.html',
];

describe('the site of the documents', () => {
  let server: ListeningServer;
  let browser: Browser;
  beforeAll(async () => {
    // It fails for a link that leads nowhere.
    await promisify(execFile)('npm', ['run', '--silent', 'site'], { cwd: root });
    server = await listen((req, res) => void serveFile(req, res));
    browser = await openChromium({ backForwardCache: true });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(path: string, width: number): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(server.origin + path, { waitUntil: 'networkidle' });
    return { page, faults };
  }

  it.each(PAGES.flatMap((path) => WIDTHS.map((width) => [path, width] as const)))(
    'shows %s in %d pixels, with nothing that reaches beyond them',
    async (path, width) => {
      const { page, faults } = await open(path, width);
      expect(faults).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      const { SCREENSHOTS } = process.env;
      if (SCREENSHOTS) {
        const name = `${path.replaceAll('/', '_').replace('.html', '')}-${width}.png`;
        await page.screenshot({ path: join(SCREENSHOTS, name) });
      }
      await page.close();
    },
    60_000,
  );

  it('is searched in the browser', async () => {
    const { page, faults } = await open('/', 1280);
    await page.getByRole('button', { name: /search/i }).click();
    await page.getByRole('searchbox').fill('login_not_found');
    const found = page.locator('.VPLocalSearchBox .result').first();
    await found.waitFor();
    expect(await page.locator('.VPLocalSearchBox .results').innerText()).toMatch(/Errors|Troubleshooting/);
    expect(faults).toEqual([]);
    const { SCREENSHOTS } = process.env;
    if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, 'search.png') });
    await page.close();
  }, 60_000);
});
