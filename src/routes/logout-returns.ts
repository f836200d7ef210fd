import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { SendPage } from '../pages/page-sender.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { type CookieAttributes, invalidatePageCache, readCookies, setCookie } from '../session/cookies.ts';
import { readQuery } from './request-input.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { Urls } from './urls.ts';

/** The way back from a provider's logout. */
export interface LogoutReturns {
  /**
   * Chooses the path that the provider sends the browser back to, and the `state` that comes back with it, where an address
   * waits for that. Only two paths are ever named, so that two need to be registered; another address waits in a cookie
   * meanwhile.
   *
   * @param stateRule - what the provider does with `state`: see its quirk.
   */
  prepare(
    res: Response,
    returnTo: string,
    stateRule: boolean | 'required',
  ): { path: string; state: string | undefined };
  /** The signed-out page. Leads on to the address that waits, if the state is that of this browser. */
  route(req: Request, res: Response, browser: BrowserSession): Promise<void>;
}

/** What the way back is made from. */
export interface LogoutReturnsOptions {
  readonly urls: Urls;
  readonly readReturnAddress: ReturnAddressReader;
  readonly sendPage: SendPage;
  readonly redirect: (res: Response, status: 303, location: string) => void;
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
}

const COOKIE_LIFE_SECONDS = 600;

/**
 * Makes the way back from a provider's logout. An address waits in its cookie for ten minutes.
 *
 * @see [RP-Initiated Logout, section 3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)
 */
export function createLogoutReturns(options: LogoutReturnsOptions): LogoutReturns {
  const { urls, readReturnAddress, sendPage, redirect, https, cookiePath } = options;
  const name = `${options.cookieName}-logout`;
  const attributes = (maxAge: number): CookieAttributes => ({
    httpOnly: true,
    secure: https,
    sameSite: 'lax',
    path: cookiePath,
    maxAge,
  });

  return {
    prepare: (res, returnTo, stateRule) => {
      if (returnTo === urls.afterLogout || urls.signedOut === undefined) {
        // The back button of Chromium shows pages as they were left, no-store or not, unless an HttpOnly cookie has
        // changed since. The removal of a cookie that came with the page does not count: the first page after a
        // login would be shown after the logout. So one more cookie changes.
        invalidatePageCache(res, name, attributes(0));
        // Nothing waits for a state: it would stay in the address of the application's own page.
        return { path: urls.afterLogout, state: stateRule === 'required' ? createState() : undefined };
      }
      const state = stateRule ? createState() : undefined;
      setCookie(res, name, `${state ?? ''}.${returnTo}`, attributes(COOKIE_LIFE_SECONDS));
      return { path: urls.signedOut, state };
    },

    route: async (req, res, browser) => {
      const value = readCookies(req)[name];
      const dot = value?.indexOf('.') ?? -1;
      const state = readQuery(req).get('state') ?? '';
      const isOurs = value !== undefined && dot >= 0 && state === value.slice(0, dot);
      const returnTo = isOurs ? readReturnAddress(value.slice(dot + 1)) : undefined;
      if (value !== undefined) setCookie(res, name, '', attributes(0));
      if (returnTo) {
        redirect(res, 303, returnTo);
        return;
      }
      if (browser.fault) throw browser.fault;
      if (browser.identity) {
        const logout = urls.logout();
        await sendPage(req, res, {
          status: 200,
          name: 'signed_in',
          subject: { page: 'signedOut', state: 'signed_in' },
          links: [
            { href: urls.home, label: 'home' },
            ...(logout ? [{ href: logout, label: 'signOut' } as const] : []),
          ],
        });
        return;
      }
      const login = urls.login();
      await sendPage(req, res, {
        status: 200,
        name: 'signed_out',
        subject: { page: 'signedOut', state: 'signed_out' },
        links: [
          ...(login ? [{ href: login, label: 'signIn' } as const] : []),
          { href: urls.home, label: 'home' },
        ],
      });
    },
  };
}

function createState(): string {
  return randomBytes(16).toString('base64url');
}
