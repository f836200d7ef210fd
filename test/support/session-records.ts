import { type ApplicationKeys, createApplicationKeys } from '../../src/keys.ts';
import type { BrowserClient } from './browser-client.ts';

/** The session id in a browser's cookie. */
export function readSessionId({ jar }: BrowserClient, cookieName = 'session'): string {
  const value = decodeURIComponent(jar.get(cookieName)?.value ?? '');
  const id = /^s:([\w-]{43})\./.exec(value)?.[1];
  if (!id) throw new Error(`The browser has no session cookie: ${JSON.stringify(jar.all())}`);
  return id;
}

/** What an application that was not given a name names things by: its base URL. */
export function keysOf({ origin }: { origin: string }): ApplicationKeys {
  return createApplicationKeys(origin);
}

/** The keys that a session has in Redis: its record, the application's data, the tokens, and its lock. */
export function redisKeysOf(app: { origin: string }, sessionId: string, prefix = 'connect-auth:') {
  const key = keysOf(app).sessionKey(sessionId);
  const name = (kind: string) => `${prefix}${kind}:{${key}}`;
  return { key, record: name('s'), data: name('d'), tokens: name('t'), lock: name('lock') };
}

/** The keys of the session that a browser has. */
export function redisKeysOfBrowser(app: { origin: string }, browser: BrowserClient, cookieName?: string) {
  return redisKeysOf(app, readSessionId(browser, cookieName));
}
