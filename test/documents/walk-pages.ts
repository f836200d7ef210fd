import type { CookieJar } from '../support/cookie-jar.ts';
import { exchange } from '../support/http-exchange.ts';

/** Where a walk has ended. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/**
 * Opens a page as a browser does, and goes on through redirects and forms, of whatever origin, until a page has neither.
 * Forms are sent as they stand; of one that asks for a person, `ada` is pressed. Who posts to begin with has pressed a
 * button, and goes through redirects alone.
 */
export async function walkPages(
  start: string,
  jar: CookieJar,
  method: 'GET' | 'POST' = 'GET',
): Promise<Page> {
  let step: Step = { method, url: start, body: method === 'POST' ? new URLSearchParams() : undefined };
  for (let hop = 0; hop < 30; hop += 1) {
    const answer = await load(step, jar);
    const location = answer.headers.get('location');
    const text = await answer.text();
    const next: Step | undefined = location
      ? { method: 'GET', url: new URL(location, step.url).href }
      : method === 'GET'
        ? findForm(text, step.url)
        : undefined;
    if (!next) return { url: step.url, status: answer.status, text };
    step = next;
  }
  throw new Error(`The way does not come to an end: ${step.url}`);
}

interface Step {
  readonly method: string;
  readonly url: string;
  readonly body?: URLSearchParams | undefined;
}

async function load({ method, url, body }: Step, jar: CookieJar): Promise<Response> {
  const cookie = jar.header(url, { method });
  const headers = {
    ...{ accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ...(cookie && { cookie }),
    ...(body && { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin }),
  };
  const response = await exchange({ method, url, headers, body: body?.toString() });
  jar.store(url, response.headers.getSetCookie());
  return response;
}

function findForm(page: string, url: string): Step | undefined {
  const [form] = /<form\b[^>]*>/.exec(page) ?? [];
  if (!form) return undefined;
  const read = (tag: string, name: string) =>
    new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');
  const inputs = [...page.matchAll(/<input type="hidden"[^>]*>/g)].map(([tag]) => tag);
  const body = new URLSearchParams(inputs.map((tag) => [read(tag, 'name') ?? '', read(tag, 'value') ?? '']));
  if (page.includes('name="person"')) body.set('person', 'ada');
  return { method: 'POST', url: new URL(read(form, 'action') ?? '', url).href, body };
}
