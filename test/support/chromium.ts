import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { findProgram } from '../../scripts/programs.js';

export interface ChromiumOptions {
  /**
   * Keeps pages that were left for the back button, as browsers do. Playwright switches it off, and the headless shell,
   * which is the same Chromium for less than half the time, has none. @default false
   */
  backForwardCache?: boolean;
}

/** Starts Chromium without a window. Close it when the tests of the file are done. */
export function openChromium({ backForwardCache = false }: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = findProgram(backForwardCache ? 'chromium' : 'chromium-headless-shell');
  if (!executablePath) throw new Error('No chromium on PATH. Run: node scripts/set-up.js chromium');
  return chromium.launch({
    executablePath,
    ...(backForwardCache && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    args: [
      '--no-sandbox', // There is none for root, and all pages are our own.
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      // What it would fetch on its own behalf.
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Runs `visit` in a browser profile of its own: no cookies, no cache. */
export async function withFreshContext<Result>(
  browser: Browser,
  visit: (context: BrowserContext) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  try {
    return await visit(context);
  } finally {
    await context.close();
  }
}
