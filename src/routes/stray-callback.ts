import type { Request, Response } from 'express';
import { LoginError } from '../errors.ts';
import { findSource, isNavigation } from '../fetch-metadata.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Answers } from './answers.ts';
import type { Login } from './login.ts';
import type { FoundLogin } from './pending-logins.ts';
import type { Urls } from './urls.ts';

/** What it is made of. */
export interface StrayCallbackOptions {
  readonly urls: Urls;
  readonly answers: Answers;
  readonly startLogin: Login['start'];
  readonly ownOrigins: ReadonlySet<string>;
}

/** A callback that no login of this browser waits for. */
export interface StrayCallback {
  readonly browser: BrowserSession;
  /** Name of the provider whose callback it is. */
  readonly provider: string;
  readonly found: Extract<FoundLogin, { outcome: 'unknown' | 'taken' }>;
  readonly answer: URLSearchParams;
}

/** Marks the GET that follows a form whose login may be begun again. */
const RESTART = 'restart';

/** Whether a provider's answer holds what a login is finished with; else it is an error, or nothing. */
export function bringsProof(answer: URLSearchParams): boolean {
  return answer.has('code') || answer.has('id_token');
}

/**
 * What only a login without a page is answered by: nobody has asked for it, so nobody is told. This browser keeps cookies,
 * so that the page it is led to does not try again at once.
 *
 * @see [OpenID Connect Core, section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)
 */
function isSilentNo(answer: URLSearchParams): boolean {
  return SILENT_NO.includes(answer.get('error') ?? '');
}

const SILENT_NO: readonly string[] = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
];

/**
 * Answers a callback that finishes nothing. Somebody who is logged in goes home, and so does who was asked about
 * without a page. A login whose cookie gave way to that of another, begun in the same moment, is begun again: once, for
 * its `state` says so then. Everybody else is told.
 *
 * @throws LoginError `login_not_found`
 */
export function createStrayCallback({ urls, answers, startLogin, ownOrigins }: StrayCallbackOptions) {
  return async (req: Request, res: Response, { browser, provider, found, answer }: StrayCallback) => {
    const { reason, needsOperator, wasReplaced } = found.outcome === 'taken' ? FINISHED_BEFORE : found;
    // An error is an answer, whatever login it was for.
    const mayRestart = wasReplaced && (bringsProof(answer) || answer.has(RESTART));
    // The back button after a login, or a second tab: somebody who is logged in has nothing to be told.
    if (browser.identity || (wasReplaced && isSilentNo(answer))) {
      answers.redirect(res, 303, urls.home);
    } else if (req.method === 'POST' && findSource(req, ownOrigins) === 'foreign') {
      // A POST from another site does not say whether somebody is logged in. A GET does.
      const { pathname } = new URL(urls.redirectUri(provider));
      answers.redirect(
        res,
        303,
        mayRestart ? `${pathname}?state=${answer.get('state')}&${RESTART}=1` : pathname,
      );
    } else if (mayRestart && isNavigation(req)) {
      await startLogin(req, res, { browser, provider, returnTo: urls.home, isRestart: true });
    } else {
      throw new LoginError(`No login of this browser waits for this callback: ${reason}.`, {
        code: 'login_not_found',
        needsOperator,
      });
    }
  };
}

const FINISHED_BEFORE = { reason: 'it was finished before', needsOperator: false, wasReplaced: false };
