import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import { ConnectAuthError, LoginError, ProviderError, RETRY_AFTER_SECONDS, StoreError } from '../errors.ts';
import type { ErrorEvent, Hooks } from '../events.ts';
import { wantsJson } from '../fetch-metadata.ts';
import type { Page, SendPage } from './pages.ts';
import type { LoginDisplay, PendingLogin } from './pending-logins.ts';
import type { Urls } from './urls.ts';

/** How every route answers. */
export interface Answers {
  readonly page: SendPage;
  /** Redirects and lets nobody keep or leak the address: it may follow one that held a code. */
  redirect(res: Response, status: 302 | 303, location: string): void;
  /** Says no more than a status, to somebody who may be a person. */
  empty(res: Response, status: number): void;
  /** Brings a login to its end where it was shown: back to the page, or out of its window. */
  sendLoginResult(req: Request, res: Response, login: Pick<PendingLogin, 'returnTo' | 'display'>): void;
  /** Tells a person that what they sent needs a login, which no redirect could send again. */
  sendLoginPage(req: Request, res: Response): void;
  /** Tells `onError` about a fault that changes nothing for this request. */
  reportError(
    req: Request | undefined,
    res: Response | undefined,
    error: unknown,
    during: ErrorEvent['during'],
  ): Promise<void>;
  /** Tells `onError`, then answers: JSON for scripts, a page that says what to do next for people. */
  fail(req: Request, res: Response, error: unknown, failure: Failure): Promise<void>;
}

/** What an answer to a failure must know beside the error. */
export interface Failure {
  readonly during: ErrorEvent['during'];
  /** Where the login would have returned to: a restart leads to the same place. */
  readonly returnTo?: string | undefined;
  /** Where the login was shown. */
  readonly display?: LoginDisplay | undefined;
  /** The provider where somebody proved who they are: whoever is refused here can go there as somebody else. */
  readonly provider?: string | undefined;
}

/** What the answers are made from. */
export interface AnswersOptions {
  readonly sendPage: SendPage;
  readonly hooks: Hooks;
  /** The path that starts a login with a return address; `undefined` when there is none. */
  readonly loginPath: Urls['login'];
  /** The path that ends sessions; `undefined` when there is none. */
  readonly logoutPath: string | undefined;
  readonly homePath: string;
}

/** What people read. Nothing of it comes from the request or from the provider. */
const WORDS: Readonly<Record<string, readonly [title: string, message: string]>> = {
  login_invalid: [
    'This sign-in could not be read',
    'The answer that arrived was not complete. Please sign in again.',
  ],
  login_not_found: [
    'This sign-in is no longer waiting',
    'It was finished already, or this browser did not keep it: it may have begun in another browser, or cookies may be blocked. Please sign in again.',
  ],
  login_expired: ['This sign-in took too long', 'For your safety it has ended. Please sign in again.'],
  login_insufficient: [
    'More is needed here',
    'This page needs a stronger or more recent sign-in than you have given.',
  ],
  login_denied: ['You were not signed in', 'The sign-in was cancelled or refused.'],
  login_refused: ['You were not signed in', 'This account cannot be used here.'],
  login_ended: ['You were signed out', 'A sign-out arrived while you were signing in.'],
  login_limited: [
    'You are signed in elsewhere',
    'You have as many sessions as you may have here. Sign out on another device, then sign in again.',
  ],
  provider_unavailable: [
    'Sign-in is not available',
    'The sign-in service does not answer. Please try again soon.',
  ],
  provider_invalid_response: [
    'You were not signed in',
    'The sign-in service gave an answer that cannot be trusted.',
  ],
  provider_refused: ['You were not signed in', 'The sign-in service refused to finish this sign-in.'],
  store_unavailable: ['Please try again soon', 'Your session cannot be reached at this moment.'],
  cross_origin_request: ['This was not done', 'The request came from another website.'],
};
const OTHER_WORDS = ['Something went wrong', 'This could not be done.'] as const;

/** Refused is this person, not this attempt. */
const REFUSED: readonly string[] = ['login_refused', 'login_limited'];

/** The value of `prompt` that asks whose account it shall be; every login may ask for it. */
export const OTHER_ACCOUNT = 'select_account';

/** Makes the answers that all routes share. */
export function createAnswers(options: AnswersOptions): Answers {
  const { sendPage, hooks, loginPath, logoutPath, homePath } = options;

  /** The provider would answer with the same account at once, however often they sign in. */
  const waysOut = (error: ConnectAuthError, { returnTo, provider }: Failure) => {
    if (provider === undefined || !REFUSED.includes(error.code)) return { links: [] };
    const other = loginPath(returnTo, { provider, prompt: OTHER_ACCOUNT });
    const links = other ? [{ href: other, label: 'Use another account' }] : [];
    if (!logoutPath) return { links };
    const label = 'Sign out of the sign-in service';
    const action = `${logoutPath}?${new URLSearchParams({ provider })}`;
    return { links, form: { action, label, fields: {} } };
  };

  const pageFor = (error: ConnectAuthError, failure: Failure): Page => {
    const { during, returnTo, display } = failure;
    const [title, message] = WORDS[error.code] ?? OTHER_WORDS;
    const retry = isRetryable(error) ? loginPath(returnTo) : undefined;
    const { links, ...out } = waysOut(error, failure);
    return {
      status: error.status,
      title,
      message,
      ...out,
      ...(display === 'popup' ? { broadcast: { type: 'login_failed', error: error.code } } : {}),
      links: [
        ...links,
        ...(retry ? [{ href: retry, label: 'Sign in again' }] : []),
        { href: homePath, label: 'Home page' },
      ],
      stripQuery: during === 'callback',
    };
  };

  const answers: Answers = {
    page: sendPage,

    redirect: (res, status, location) => {
      res.setHeader('Location', location);
      answers.empty(res, status);
    },

    empty: (res, status) => {
      res.statusCode = status;
      keepToOurselves(res);
      res.end();
    },

    sendLoginResult: (req, res, { returnTo, display }) => {
      if (display === 'provider_popup') {
        noStore(res);
        res.json({ returnTo });
      } else if (display === 'popup') {
        const message = { type: 'login', returnTo };
        const links = [{ href: returnTo, label: 'Continue' }];
        const words = { title: 'You are signed in', message: 'You may close this window.' };
        sendPage(req, res, { status: 200, ...words, links, broadcast: message });
      } else {
        answers.redirect(res, 303, returnTo);
      }
    },

    sendLoginPage: (req, res) => {
      const href = loginPath(undefined);
      sendPage(req, res, {
        status: 401,
        title: 'Please sign in again',
        message:
          'Your session has ended, or this needs a more recent sign-in: what you sent was not saved. Sign in, then go back to the page, load it again and send it once more.',
        links: [...(href ? [{ href, label: 'Sign in' }] : []), { href: homePath, label: 'Home page' }],
      });
    },

    reportError: async (req, res, failure, during) => {
      await hooks.onError({ error: asConnectAuthError(failure), during, req, res });
    },

    fail: async (req, res, thrown, failure) => {
      const error = asConnectAuthError(thrown);
      const returnTo = failure.returnTo ?? (error instanceof LoginError ? error.returnTo : undefined);
      const isSilent = failure.display === 'silent';
      // The provider's "not without a page" is an answer, and no fault.
      if (!isSilent || error.code !== 'login_denied')
        await hooks.onError({ error, during: failure.during, req, res, returnTo });
      if (res.headersSent || res.writableEnded) return;
      // Nobody has asked for a login, so nobody is told that there is none.
      if (isSilent) {
        answers.redirect(res, 303, returnTo ?? homePath);
        return;
      }
      keepToOurselves(res);
      if (error.status === 503) setRetryAfter(res, error);
      if (wantsJson(req)) res.status(error.status).json({ error: error.code });
      else sendPage(req, res, pageFor(error, { ...failure, returnTo }));
    },
  };
  return answers;
}

/** Says in how many seconds to come again: as the fault says, else {@link RETRY_AFTER_SECONDS}. */
export function setRetryAfter(res: Response, fault: unknown): void {
  const isTemporary = fault instanceof StoreError || fault instanceof ProviderError;
  const seconds = (isTemporary ? fault.retryAfterSeconds : undefined) ?? RETRY_AFTER_SECONDS;
  res.setHeader('Retry-After', String(Math.ceil(seconds)));
}

/** The address may have held a code: nobody keeps the answer, and the next page is not told where one came from. */
function keepToOurselves(res: Response): void {
  noStore(res);
  res.setHeader('Referrer-Policy', 'no-referrer');
}

/** Whether signing in again could help; a refusal by the application or of the request itself stays one. */
function isRetryable(error: ConnectAuthError): boolean {
  return error instanceof ProviderError || (error instanceof LoginError && error.code !== 'login_refused');
}

/** Whatever else is thrown is a fault of ours or of a hook; it is told as such, and shown as nothing. */
function asConnectAuthError(failure: unknown): ConnectAuthError {
  if (failure instanceof ConnectAuthError) return failure;
  return new ConnectAuthError('An unexpected fault.', { code: 'unexpected', status: 500, cause: failure });
}
