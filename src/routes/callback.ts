import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import { ConnectAuthError, LoginError } from '../errors.ts';
import type { Hooks } from '../events.ts';
import { findSource } from '../fetch-metadata.ts';
import { rememberAnswered } from '../freshness.ts';
import type { ResolvedOptions } from '../options.ts';
import type { ProvenLogin, Provider } from '../provider/provider.ts';
import { unwrapPopupState } from '../provider/quirks/popup-state.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Identity } from '../session/identity.ts';
import type { Sessions } from '../session/sessions.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';
import { readCallbackAnswer } from './callback-answer.ts';
import type { Logout } from './logout.ts';
import type { LoginDisplay, PendingLogin, PendingLogins } from './pending-logins.ts';
import type { PutAway } from './put-away.ts';
import type { RevokeSealed, RevokeTokens } from './revocation.ts';
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
  readonly describe: ResolvedOptions['session']['describe'];
  readonly absoluteTimeoutMs: number;
  readonly putAway: PutAway;
  readonly endUnended: Logout['endUnended'];
  /** Tells `onLogout` that another login in the same browser ended this one. */
  readonly reportReplaced: (req: Request, res: Response, identity: Identity) => Promise<void>;
  /** Revokes tokens that no session keeps. */
  readonly revokeTokens: RevokeTokens;
  readonly revokeSealed: RevokeSealed;
  readonly ownOrigins: ReadonlySet<string>;
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
  const {
    providers,
    pendingLogins,
    sessions,
    vault,
    urls,
    answers,
    hooks,
    mapUser,
    describe,
    absoluteTimeoutMs,
    now,
  } = options;

  const establish = async (
    req: Request,
    res: Response,
    browser: BrowserSession,
    pending: PendingLogin,
    proven: ProvenLogin,
  ) => {
    const provider = providers.get(pending.provider)!;
    checkScopes(provider, proven.missingScopes);
    const user = await callHook(() =>
      mapUser(proven.claims, { provider: provider.name, issuer: provider.issuer }),
    );
    const id = sessions.newId();
    const loggedInAt = now();
    const identity: Identity = {
      loginId: sessions.newId(),
      description: describe(req)?.slice(0, 256),
      provider: provider.name,
      issuer: provider.issuer,
      sub: proven.sub,
      sid: proven.sid,
      claims: proven.claims,
      user: user === (proven.claims as Express.User) ? undefined : user,
      browserSession: proven.browserSession || undefined,
      acr: proven.acr,
      authTime: proven.authTime,
      answered: rememberAnswered(pending.checks, browser.identity, pending.startedAt),
      issuedAt: proven.issuedAt,
      loginStartedAt: pending.startedAt,
      loggedInAt,
      absoluteEnd: loggedInAt + absoluteTimeoutMs,
    };
    const sealedTokens = await vault.seal(id, proven.tokens);
    const { id: oldId = '' } = browser;
    const replaced = await sessions.logIn(browser, res, { id, identity, sealedTokens });
    // Where this fails its cookie stays: the next logout tries again.
    await options.endUnended(req, res).catch(() => undefined);
    // Never for the same person: revoking the old tokens of a grant may take the new ones with them.
    if (replaced?.identity) {
      await options.reportReplaced(req, res, replaced.identity);
      const { tokens, identity: old } = replaced;
      await options.revokeSealed(req, res, { provider: old.provider, id: oldId, tokens });
    }
    try {
      const { claims, issuer } = identity;
      const { returnTo } = pending;
      const { missingScopes } = proven;
      const event = { req, res, provider: provider.name, issuer, claims, user, missingScopes, returnTo };
      await callHook(() => hooks.onLogin(event));
    } catch (error) {
      await sessions.logOut(browser, res);
      throw error;
    }
  };

  return async (req, res, browser, providerName) => {
    const answer = await readCallbackAnswer(req);
    const provider = providers.get(providerName)!;
    if (provider.definition.popupRedirectUri)
      answer.set('state', unwrapPopupState(answer.get('state') ?? ''));
    const found = await pendingLogins.take(req, res, answer.get('state') ?? '');
    if (found.outcome === 'unknown' || found.outcome === 'used') {
      // The back button after a login, or a second tab: somebody who is logged in has nothing to be told.
      if (!browser.identity) {
        if (req.method === 'POST' && findSource(req, options.ownOrigins) === 'foreign') {
          // A POST from another site does not say whether somebody is logged in. A GET does.
          answers.redirect(res, 303, new URL(urls.redirectUri(providerName)).pathname);
          return;
        }
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
    if (login.provider !== providerName || !cameAsAsked(req, provider, login.display)) {
      throw new LoginError('The callback came by another way than the login asked for.', {
        code: 'login_invalid',
      });
    }
    await withLogin(login, async () => {
      if (browser.id === undefined && login.sessionId) {
        await sessions.restore(browser, login.sessionId);
        await options.putAway(req, res, browser);
      }
      const proven = await provider.finishLogin(answer, login.checks);
      try {
        await establish(req, res, browser, login, proven);
      } catch (error) {
        // No session keeps these tokens: nobody else shall have them either.
        await options.revokeTokens(req, res, providerName, proven.tokens);
        throw error;
      }
    });
    if (!res.headersSent) answers.finishLogin(req, res, login);
  };

  /** An answer by another way than the one asked for is somebody else's doing. */
  function cameAsAsked(req: Request, provider: Provider, display: LoginDisplay): boolean {
    if (display === 'provider_popup')
      return req.method === 'POST' && findSource(req, options.ownOrigins) === 'own';
    return (req.method === 'POST') === (provider.definition.responseMode === 'form_post');
  }
}

function checkScopes({ name, definition }: Provider, missing: readonly string[]): void {
  if (!definition.refuseMissingScopes || missing.length === 0) return;
  throw new LoginError(`Provider "${name}" did not grant: ${missing.join(' ')}.`, { code: 'login_refused' });
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

/** Lets the answer to a failure know where the login was shown, and offer a restart that leads to the same place. */
async function withLogin<T>({ returnTo, display }: PendingLogin, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw Object.assign(error as Error, { returnTo, display });
  }
}
