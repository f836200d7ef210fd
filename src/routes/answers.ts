import type { Request, Response } from 'express';
import { ConnectAuthError, LoginError, ProviderError, StoreError } from '../errors.ts';
import type { ErrorEvent, Hooks } from '../events.ts';
import { wantsJson } from '../fetch-metadata.ts';
import type { Page, SendPage } from './pages.ts';
import type { LoginDisplay, PendingLogin } from './pending-logins.ts';

/** How every route answers. */
export interface Answers {
  readonly page: SendPage;
  /** Redirects and lets nobody keep or leak the address: it may follow one that held a code. */
  redirect(res: Response, status: 302 | 303, location: string): void;
  /** Brings a login to its end where it was shown: back to the page, or out of its window. */
  finishLogin(req: Request, res: Response, login: Pick<PendingLogin, 'returnTo' | 'display'>): void;
  /** Tells a person that what they sent needs a login, which no redirect could send again. */
  sendLoginPage(req: Request, res: Response): void;
  /** Tells `onError` about a fault that changes nothing for this request. */
  report(
    req: Request | undefined,
    res: Response | undefined,
    error: unknown,
    during: ErrorEvent['during'],
  ): Promise<void>;
  /** Tells `onError`, then answers: JSON for scripts, a page that says what to do next for people. */
  fail(req: Request, res: Response, error: unknown, during: ErrorEvent['during']): Promise<void>;
}

export interface AnswersOptions {
  readonly sendPage: SendPage;
  readonly hooks: Hooks;
  /** The path that starts a login with a return address; `undefined` when there is none. */
  readonly loginPath: (returnTo: string | undefined) => string | undefined;
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
    'It was finished already, or it began in another browser. Please sign in again.',
  ],
  login_expired: ['This sign-in took too long', 'For your safety it has ended. Please sign in again.'],
  login_insufficient: [
    'More is needed here',
    'This page needs a stronger or more recent sign-in than you have given.',
  ],
  login_denied: ['You were not signed in', 'The sign-in was cancelled or refused.'],
  login_refused: ['You were not signed in', 'This account cannot be used here.'],
  login_ended: ['You were signed out', 'A sign-out arrived while you were signing in.'],
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

export function createAnswers({ sendPage, hooks, loginPath, homePath }: AnswersOptions): Answers {
  const pageFor = (error: ConnectAuthError): Page => {
    const [title, message] = WORDS[error.code] ?? OTHER_WORDS;
    const { returnTo, display } = error as { returnTo?: string; display?: LoginDisplay };
    const retry = isRetryable(error) ? loginPath(returnTo) : undefined;
    return {
      status: error.status,
      title,
      message,
      ...(display === 'popup' ? { broadcast: { type: 'login_failed', error: error.code } } : {}),
      links: [
        ...(retry ? [{ href: retry, label: 'Sign in again' }] : []),
        { href: homePath, label: 'Home page' },
      ],
    };
  };

  const answers: Answers = {
    page: sendPage,

    redirect: (res, status, location) => {
      res.statusCode = status;
      res.setHeader('Location', location);
      res.setHeader('Cache-Control', 'no-store');
      res.setHeader('Referrer-Policy', 'no-referrer');
      res.end();
    },

    finishLogin: (req, res, { returnTo, display }) => {
      if (display === 'provider_popup') {
        res.set('Cache-Control', 'no-store').json({ returnTo });
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
        title: 'Nothing was done',
        message:
          'Your session has ended, or this needs a more recent sign-in. Go back to the page, and load it again.',
        links: [...(href ? [{ href, label: 'Sign in' }] : []), { href: homePath, label: 'Home page' }],
      });
    },

    report: async (req, res, failure, during) => {
      await hooks.onError({ error: asConnectAuthError(failure), during, req, res });
    },

    fail: async (req, res, failure, during) => {
      const error = asConnectAuthError(failure);
      await hooks.onError({ error, during, req, res });
      if (res.headersSent || res.writableEnded) return;
      res.setHeader('Cache-Control', 'no-store');
      res.setHeader('Referrer-Policy', 'no-referrer');
      const wait =
        error instanceof StoreError || error instanceof ProviderError ? error.retryAfterSeconds : undefined;
      if (error.status === 503) res.setHeader('Retry-After', String(Math.ceil(wait ?? 5)));
      if (wantsJson(req)) res.status(error.status).json({ error: error.code });
      else sendPage(req, res, { ...pageFor(error), forgetQuery: during === 'callback' });
    },
  };
  return answers;
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
