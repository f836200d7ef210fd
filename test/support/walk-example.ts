import { type BrowserClient, createBrowser } from './browser-client.ts';
import { createCookieJar } from './cookie-jar.ts';
import { walkProvider } from './provider-walk.ts';

/** Opens a page of an example that needs a login, signs in at its provider, and returns the page that this leads to. */
export async function openSignedIn(
  browser: BrowserClient,
  url: string,
  person = 'ada',
  provider = createCookieJar(),
): Promise<Response> {
  const answer = await browser.get(url);
  const location = answer.headers.get('location');
  if (!location) throw new Error(`GET ${url} answered ${answer.status} and led to no login.`);
  const callback = await walkProvider(location, provider, { person });
  const back = (await browser.deliver(callback)).headers.get('location');
  if (!back) throw new Error('The callback led nowhere.');
  return browser.get(new URL(back, url).href);
}

/** A new browser on an example, in which somebody has signed in by that page. */
export async function signInAt(url: string, person?: string): Promise<BrowserClient> {
  const browser = createBrowser(new URL(url).origin);
  await openSignedIn(browser, url, person);
  return browser;
}
