import type { BrowserClient } from './browser-client.ts';

/** Who the application takes the browser for; `null`: nobody. */
export async function whoIs(browser: BrowserClient): Promise<string | null> {
  return (await (await browser.get('/')).json()).user?.sub ?? null;
}
