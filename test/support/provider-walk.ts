import type { Callback } from './browser-client.ts';
import type { CookieJar } from './cookie-jar.ts';
import { exchange } from './http-exchange.ts';

/** What is pressed on the login page: a person, or Cancel. */
export type LoginChoice = { person: string } | { cancel: 'yes' };

/**
 * Walks the provider's pages as a browser does, from the given URL until it is sent elsewhere or meets a page that
 * leads nowhere: follows redirects, presses a button of the login page, submits the pages that submit themselves.
 *
 * @throws Error with the page's text when the provider answers with an error page.
 */
export async function walkProvider(start: string, jar: CookieJar, choice: LoginChoice): Promise<Callback> {
  const issuer = new URL(start).origin;
  let step: Callback = { method: 'GET', url: start };
  for (let hop = 0; hop < 20; hop += 1) {
    const response = await load(step, jar);
    const next = await findNext(response, step.url, choice);
    if (!next) return step;
    if (new URL(next.url).origin !== issuer) return next;
    step = next;
  }
  throw new Error(`The provider did not come to an end: ${step.url}`);
}

async function load(step: Callback, jar: CookieJar): Promise<Response> {
  const body = step.method === 'POST' ? step.body.toString() : undefined;
  const cookie = jar.header(step.url, { method: step.method });
  const headers = {
    accept: 'text/html',
    ...(cookie && { cookie }),
    ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  const response = await exchange({ method: step.method, url: step.url, headers, body });
  jar.store(step.url, response.headers.getSetCookie());
  return response;
}

async function findNext(response: Response, url: string, choice: LoginChoice): Promise<Callback | undefined> {
  const location = response.headers.get('location');
  if (location) return { method: 'GET', url: new URL(location, url).href };

  const page = await response.text();
  const form = /<form\b[^>]*>/.exec(page)?.[0];
  // The page of an error that goes to the application by form_post has the status 400, and a form.
  if (!form && response.status >= 400)
    throw new Error(`The provider answered ${response.status}: ${readText(page)}`);
  if (!form) return undefined;
  const action = unescapeHtml(/\baction="([^"]*)"/.exec(form)?.[1] ?? '');
  const body = new URLSearchParams(page.includes('name="person"') ? { ...choice } : readHiddenInputs(page));
  // The page of an emulator has two buttons.
  if (page.includes('name="decision"')) body.set('decision', 'cancel' in choice ? 'cancel' : 'approve');
  return { method: 'POST', url: new URL(action, url).href, body };
}

function readHiddenInputs(page: string): Record<string, string> {
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name, value]) => [name!, unescapeHtml(value!)]));
}

function readText(page: string): string {
  const text = page.replace(/<style>[\s\S]*?<\/style>|<title>.*?<\/title>|<[^>]*>/g, ' ');
  return unescapeHtml(text).replace(/\s+/g, ' ').trim();
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal, hex, name) => {
    if (name) return named[name] ?? entity;
    return String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal ? 10 : 16));
  });
}
