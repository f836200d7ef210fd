import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { hash } from '../keys.ts';
import type { LoginChecks } from '../provider/provider.ts';
import { type CookieAttributes, readCookies, setCookie } from '../session/cookies.ts';
import type { Store } from '../store/store.ts';
import type { Sealer } from '../vault/sealer.ts';

/**
 * Where a login shows itself: in the page, in a window of its own that ends on a page of ours, or in the popup of a
 * provider's package, whose result a page of ours hands over.
 */
export type LoginDisplay = 'page' | 'popup' | 'provider_popup';

/** A login that waits for the provider's answer. */
export interface PendingLogin {
  readonly provider: string;
  readonly checks: LoginChecks;
  readonly returnTo: string;
  readonly display: LoginDisplay;
  /** The session that the browser had, where the provider's answer will be a POST without the cookie of it. */
  readonly sessionId: string | undefined;
  /** Milliseconds by our clock. */
  readonly startedAt: number;
}

/** What a callback finds. `used`: taken before, by this browser; `expired`: only the return address is left. */
export type FoundLogin =
  | { readonly outcome: 'found'; readonly login: PendingLogin }
  | { readonly outcome: 'expired'; readonly returnTo: string }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'used' };

export interface PendingLogins {
  /** Keeps a login and binds it to this browser by a cookie of its own. */
  put(req: Request, res: Response, login: PendingLogin, options: { crossSite: boolean }): Promise<void>;
  /** Takes a login out: once, whatever comes of it, and only by the browser that began it. */
  take(req: Request, res: Response, state: string): Promise<FoundLogin>;
  /**
   * Ends all logins that this browser has under way, also one whose callback is on its way to us. A store that fails
   * leaves the records, which without the cookies nobody can take.
   */
  forgetAll(req: Request, res: Response): Promise<void>;
}

export interface PendingLoginsOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Begins the cookies' names; carries the `__Host-` prefix on https. */
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
  readonly now: Clock;
}

const LOGIN_LIFE_MS = 600_000;
/** After ten minutes only the return address counts, for a restart that still knows the way. */
const RETURN_ADDRESS_LIFE_MS = 3_600_000;
/** Each login under way costs a cookie in every request: more than this and headers grow without bound. */
const MAX_PER_BROWSER = 5;
/** What tells the cookies of several logins apart. */
const COOKIE_ID = /^[\w-]{16}$/;

/** Pending logins: sealed in the store by `state` and binding; the binding is in the cookie and nowhere else. */
export function createPendingLogins(options: PendingLoginsOptions): PendingLogins {
  const { store, sealer, cookieName, cookiePath, https, now } = options;
  const prefix = `${cookieName}-login-`;
  const cookieOf = (state: string) => prefix + hash(state).slice(0, 16);

  const attributesOf = ({ crossSite }: { crossSite: boolean }, maxAge: number): CookieAttributes => ({
    httpOnly: true,
    // A POST from the provider's site carries only SameSite=None, which must be Secure, on loopback http as well.
    secure: https || crossSite,
    sameSite: crossSite ? 'none' : 'lax',
    path: cookiePath,
    maxAge,
  });
  const remove = (res: Response, name: string, value: string) =>
    setCookie(res, name, '', attributesOf({ crossSite: isCrossSite(value) }, 0));

  /** A name that we never gave, and that somebody else put there, could not be written back. */
  const isOurs = (name: string) => name.startsWith(prefix) && COOKIE_ID.test(name.slice(prefix.length));
  /** Oldest first. */
  const listCookies = (req: Request) =>
    Object.entries(readCookies(req))
      .filter((entry): entry is [string, string] => isOurs(entry[0]) && entry[1] !== undefined)
      .sort(([, a], [, b]) => startOf(a) - startOf(b));

  return {
    put: async (req, res, login, { crossSite }) => {
      const { state } = login.checks;
      const binding = randomBytes(32).toString('base64url');
      const record = recordOf(cookieOf(state), binding);
      const sealed = await sealer.seal(login, { purpose: 'login', record, salt: `${state}.${binding}` });
      await store.putLogin(record, sealed, RETURN_ADDRESS_LIFE_MS);
      const others = listCookies(req);
      for (const [name, value] of others.slice(0, Math.max(0, others.length - MAX_PER_BROWSER + 1))) {
        remove(res, name, value);
      }
      const value = [login.startedAt.toString(36), crossSite ? 'x' : 's', binding].join('.');
      setCookie(res, cookieOf(state), value, attributesOf({ crossSite }, RETURN_ADDRESS_LIFE_MS / 1000));
    },

    take: async (req, res, state) => {
      const name = cookieOf(state);
      const value = readCookies(req)[name];
      const binding = value && bindingOf(value);
      if (!value || !binding) return { outcome: 'unknown' };
      const record = recordOf(name, binding);
      const taken = await store.takeLogin(record, randomBytes(16).toString('base64url'));
      remove(res, name, value);
      if (taken === 'unknown') return { outcome: 'unknown' };
      if (taken === 'taken') return { outcome: 'used' };
      const context = { purpose: 'login', record, salt: `${state}.${binding}` } as const;
      const login = (await sealer.open(taken.value, context)) as PendingLogin | undefined;
      if (!login) return { outcome: 'unknown' };
      if (now() - login.startedAt > LOGIN_LIFE_MS) return { outcome: 'expired', returnTo: login.returnTo };
      return { outcome: 'found', login };
    },

    forgetAll: async (req, res) => {
      const cookies = listCookies(req);
      if (!res.headersSent) for (const [name, value] of cookies) remove(res, name, value);
      const records = cookies
        .slice(-MAX_PER_BROWSER)
        .map(([name, value]) => recordOf(name, bindingOf(value)));
      const nobody = randomBytes(16).toString('base64url');
      await Promise.all(records.map((record) => store.takeLogin(record, nobody))).catch(() => undefined);
    },
  };
}

/** By what the cookie alone tells, so that a logout finds it; opening it takes the state as well. */
function recordOf(cookieName: string, binding: string): string {
  return hash([cookieName, binding]);
}

function bindingOf(cookieValue: string): string {
  return cookieValue.split('.')[2] ?? '';
}

/** When the login of this cookie began. Only orders them; a browser that lies harms itself. */
function startOf(value: string): number {
  return Number.parseInt(value.split('.')[0] ?? '', 36) || 0;
}

function isCrossSite(value: string): boolean {
  return value.split('.')[1] === 'x';
}
