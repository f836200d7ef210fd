import { hash } from '../../src/keys.ts';
import type { BrowserClient } from './browser-client.ts';

/** The session id in a browser's cookie. */
export function readSessionId({ jar }: BrowserClient, cookieName = 'session'): string {
  const value = decodeURIComponent(jar.get(cookieName)?.value ?? '');
  const id = /^s:([\w-]{43})\./.exec(value)?.[1];
  if (!id) throw new Error(`The browser has no session cookie: ${JSON.stringify(jar.all())}`);
  return id;
}

/** The keys that a session has in Redis: identity, data, tokens, and when it was touched last. */
export function sessionKeys(id: string, prefix = 'connect-auth:') {
  const names = ['auth', 'sess', 'tok', 'seen'].map((name) => `${prefix}${name}:{${hash(id)}}`);
  return names as [auth: string, data: string, tokens: string, seen: string];
}
