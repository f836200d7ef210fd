import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { ConnectAuthError, LoginError } from '../errors.ts';
import type { Hooks } from '../events.ts';
import type { ResolvedOptions } from '../options.ts';
import type { ProvenLogin, Provider } from '../provider/provider.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Identity } from '../session/identity.ts';
import type { Sessions } from '../session/sessions.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';
import { readCallbackAnswer } from './callback-answer.ts';
import type { PendingLogin, PendingLogins } from './pending-logins.ts';
import type { Urls } from './urls.ts';

export interface CallbackOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly pendingLogins: PendingLogins;
  readonly sessions: Sessions;
  readonly vault: TokenVault;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly hooks: Hooks;
  readonly mapUser: ResolvedOptions['mapUser'];
  readonly absoluteTimeoutMs: number;
  /** Tells `onLogout` that another login in the same browser ended this one. */
  readonly reportReplaced: (req: Request, res: Response, identity: Identity) => Promise<void>;
  readonly now: Clock;
}

/** Finishes a login, for GET and POST alike. */
export type Callback = (
  req: Request,
  res: Response,
  browser: BrowserSession,
  providerName: string,
) => Promise<void>;

export function createCallback(options: CallbackOptions): Callback {
  const { providers, pendingLogins, sessions, vault, urls, answers, hooks, mapUser, absoluteTimeoutMs, now } =
    options;

  const establish = async (
    req: Request,
    res: Response,
    browser: BrowserSession,
    pending: PendingLogin,
    proven: ProvenLogin,
  ) => {
    const provider = providers.get(pending.provider)!;
    const user = await callHook(() =>
      mapUser(proven.claims, { provider: provider.name, issuer: provider.issuer }),
    );
    const id = sessions.newId();
    const loggedInAt = now();
    const identity: Identity = {
      provider: provider.name,
      issuer: provider.issuer,
      sub: proven.sub,
      sid: proven.sid,
      claims: proven.claims,
      user: user === (proven.claims as Express.User) ? undefined : user,
      acr: proven.acr,
      authTime: proven.authTime,
      issuedAt: proven.issuedAt,
      loginStartedAt: pending.startedAt,
      loggedInAt,
      absoluteEnd: loggedInAt + absoluteTimeoutMs,
    };
    const sealedTokens = await vault.seal(id, proven.tokens);
    const replaced = await sessions.logIn(browser, res, { id, identity, sealedTokens });
    if (replaced && !(replaced.issuer === identity.issuer && replaced.sub === identity.sub)) {
      await options.reportReplaced(req, res, replaced);
    }
    try {
      const { claims, issuer } = identity;
      const event = { req, res, provider: provider.name, issuer, claims, user, returnTo: pending.returnTo };
      await callHook(() => hooks.onLogin(event));
    } catch (error) {
      await sessions.logOut(browser, res);
      throw error;
    }
  };

  return async (req, res, browser, providerName) => {
    const answer = await readCallbackAnswer(req);
    const found = await pendingLogins.take(req, res, answer.get('state') ?? '');
    if (found.outcome === 'unknown' || found.outcome === 'used') {
      // The back button after a login, or a second tab: somebody who is logged in has nothing to be told.
      if (!browser.identity) {
        throw new LoginError('No login of this browser waits for this callback.', {
          code: 'login_not_found',
        });
      }
      answers.redirect(res, 303, urls.home);
      return;
    }
    if (found.outcome === 'expired') {
      throw new LoginError('The login waited for more than ten minutes.', {
        code: 'login_expired',
        returnTo: found.returnTo,
      });
    }
    const { login } = found;
    const provider = providers.get(login.provider);
    if (!provider || provider.name !== providerName || !fitsMode(req, provider)) {
      throw new LoginError('The callback came by another way than the login asked for.', {
        code: 'login_invalid',
      });
    }
    const proven = await withReturnAddress(login.returnTo, () => provider.finishLogin(answer, login.checks));
    await establish(req, res, browser, login, proven);
    if (!res.headersSent) answers.redirect(res, 303, login.returnTo);
  };
}

/** An answer in the query, where a form was asked for, is somebody else's doing. */
function fitsMode(req: Request, provider: Provider): boolean {
  return (req.method === 'POST') === (provider.definition.responseMode === 'form_post');
}

/** What the application's own code throws refuses the login, unless it is one of our errors already. */
async function callHook<T>(hook: () => T | Promise<T>): Promise<T> {
  try {
    return await hook();
  } catch (error) {
    if (error instanceof ConnectAuthError) throw error;
    throw new LoginError('The application refused the login.', { code: 'login_refused', cause: error });
  }
}

/** Lets the page that reports a failure offer a restart that leads to the same place. */
async function withReturnAddress<T>(returnTo: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw Object.assign(error as Error, { returnTo });
  }
}
