import { createSecretKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sign, unsign } from 'cookie-signature';
import type { ApplicationKeys } from '../keys.ts';
import { remember } from '../remember.ts';
import type { Secret } from '../secret.ts';
import { type CookieAttributes, dropCookie, readCookies, setCookie } from './cookies.ts';

/** A cookie that holds a session's id, signed the way express-session signs. */
export interface SessionCookie {
  readonly name: string;
  readonly attributes: CookieAttributes;
  /** The session id the browser sent; `undefined` unless its form and signature are right. */
  read(req: IncomingMessage): string | undefined;
  /** The cookie's value for this id. */
  sign(id: string): string;
  /** Sets the cookie, instead of any of the same name that this response has so far. */
  write(res: ServerResponse, id: string, options?: { browserSession?: boolean | undefined }): void;
  /** Takes back what `write()` has set on this response: the browser keeps what it has. */
  withdraw(res: ServerResponse): void;
  /** Removes the cookie from the browser, with the attributes it was set with, unless the response has begun. */
  clear(res: ServerResponse): void;
}

/** What it is made of. */
export interface SessionCookieOptions {
  readonly name: string;
  /** Keeps the signature of one kind of cookie from passing for that of another. */
  readonly purpose: string;
  readonly path: string;
  readonly secure: boolean;
  /** Seconds the browser keeps it; `undefined` for as long as the browser runs. */
  readonly maxAgeSeconds: number | undefined;
  readonly secrets: readonly Secret[];
  readonly keys: ApplicationKeys;
}

/** 32 random bytes as base64url. Checked before anything else is done with what a browser sends. */
const SESSION_ID = /^[\w-]{43}$/;

/** Makes a kind of cookie. The first secret signs, all of them verify. */
export function createSessionCookie(options: SessionCookieOptions): SessionCookie {
  const { name, purpose, path, secure, maxAgeSeconds } = options;
  // Of Node's own kind: quicker for a signature than text, and printed by nobody.
  const keys = options.secrets.map((secret) => createSecretKey(options.keys.derive(secret, purpose)));
  const attributes = Object.freeze({ httpOnly: true, secure, sameSite: 'lax', path } as const);
  const signId = (id: string) => `s:${sign(id, keys[0]!)}`;
  const verify = remember((value) => {
    for (const key of keys) {
      const id = unsign(value.slice(2), key);
      if (id !== false) return id;
    }
    return undefined;
  });

  return {
    name,
    sign: signId,
    attributes,

    read: (req) => {
      if (!req.headers.cookie?.includes(name)) return undefined;
      const value = readCookies(req)[name];
      if (!value?.startsWith('s:') || !SESSION_ID.test(value.slice(2, value.indexOf('.')))) return undefined;
      return verify(value);
    },

    write: (res, id, { browserSession = false } = {}) => {
      const life = maxAgeSeconds === undefined || browserSession ? {} : { maxAge: maxAgeSeconds };
      setCookie(res, name, signId(id), { ...attributes, ...life });
    },

    withdraw: (res) => {
      if (!res.headersSent) dropCookie(res, name);
    },

    clear: (res) => {
      // Ending a session must not fail for that: without its records the cookie is worth nothing.
      if (res.headersSent) return;
      setCookie(res, name, '', { ...attributes, maxAge: 0 });
    },
  };
}
