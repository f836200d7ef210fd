import { inspect } from 'node:util';
import type { BrowserClient } from './browser-client.ts';

/** Gathers everything that leaves an application, and looks for what must not. */
export interface LeakWatch {
  /** Notes something that was seen, and where. */
  see(where: string, what: unknown): void;
  /** Every place where one of these values stands, in whatever form. */
  find(secrets: Readonly<Record<string, readonly string[]>>): string[];
  /** The same browser; all it is answered is seen. */
  watchBrowser(browser: BrowserClient): BrowserClient;
}

export function createLeakWatch(): LeakWatch {
  /** Texts that were seen, with the first place of each. */
  const seen = new Map<string, string>();
  const see = (where: string, what: unknown) => {
    const text = withoutHint(typeof what === 'string' ? what : printInside(what));
    if (!seen.has(text)) seen.set(text, where);
  };
  const seeAnswer = async (request: string, pending: Promise<Response>): Promise<Response> => {
    const response = await pending;
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
    see(`the answer to ${request}`, [...lines, await response.clone().text()].join('\n'));
    return response;
  };

  return {
    see,
    find: (secrets) =>
      Object.entries(secrets).flatMap(([kind, values]) => {
        const forms = values.flatMap(formsOf);
        const places = [...seen].filter(([text]) => forms.some((form) => text.includes(form)));
        return [...new Set(places.map(([, where]) => `${kind} in ${where}`))];
      }),
    watchBrowser: (browser) => ({
      jar: browser.jar,
      get: (path, headers) => seeAnswer(path, browser.get(path, headers)),
      post: (path, form, headers) => seeAnswer(path, browser.post(path, form, headers)),
      deliver: (callback, headers) => seeAnswer('the callback', browser.deliver(callback, headers)),
      request: (method, path, options) => seeAnswer(path, browser.request(method, path, options)),
    }),
  };
}

/** The one token that the protocol itself puts into a URL: to the provider that issued it. */
function withoutHint(text: string): string {
  return text.replace(/([?&]id_token_hint=)[\w.-]+/g, '$1');
}

/** As a debugger, a log, an error tracker and an error page would show it. */
function printInside(value: unknown): string {
  const parts = [inspect(value, { depth: 12, maxStringLength: null, maxArrayLength: null }), toJson(value)];
  for (let link = value; link instanceof Error; link = link.cause) {
    parts.push(String(link.stack), toJson(Object.getOwnPropertyDescriptors(link)));
    parts.push(inspect(link, { depth: 12, showHidden: true, maxStringLength: null }));
  }
  return parts.join('\n');
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return ''; // A cycle, which `inspect` has walked.
  }
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const json = JSON.stringify(value).slice(1, -1);
  return [value, json, encodeURIComponent(value), bytes.toString('base64url'), bytes.toString('hex')];
}
