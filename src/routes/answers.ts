import type { Request, Response } from 'express';
import { ApplicationError, LoginRefused } from '../application-errors.ts';
import { noStore } from '../cache-headers.ts';
import type { Diagnostics } from '../diagnostics.ts';
import {
  ConnectAuthError,
  LoginError,
  LoginRequiredError,
  ProviderError,
  RETRY_AFTER_SECONDS,
  StoreError,
} from '../errors.ts';
import type { ErrorEvent } from '../events.ts';
import type { ReportFault } from '../fault-report.ts';
import { wantsJson } from '../fetch-metadata.ts';
import { AccessDeniedError, BearerError, describeMissing } from '../guard-errors.ts';
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
  /**
   * Tells a person that what they sent needs a login, which no redirect could send again. `keptAt`: the path where it is
   * kept meanwhile.
   */
  sendLoginPage(req: Request, res: Response, keptAt?: string): void;
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
  /** Whether whoever asks is a program, whatever its headers say. */
  readonly asJson?: boolean;
  /** The provider where somebody proved who they are: whoever is refused here can go there as somebody else. */
  readonly provider?: string | undefined;
}

/** What the answers are made from. */
export interface AnswersOptions {
  readonly sendPage: SendPage;
  readonly reportFault: ReportFault;
  readonly diagnostics: Diagnostics;
  /** The path that starts a login with a return address; `undefined` when there is none. */
  readonly loginPath: Urls['login'];
  /** The same, back to the page that a request came from. */
  readonly loginPathFrom: (req: Request) => string | undefined;
  /** The path that ends sessions; `undefined` when there is none. */
  readonly logoutPath: string | undefined;
  readonly homePath: string;
  readonly homeUrl: string;
  /** Notes a callback without its login; true where the browser sent no login cookie at all. */
  readonly noteLostLogin: (req: Request) => boolean;
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
  login_required: ['Please sign in', 'This page is for those who are signed in.'],
  access_denied: ['You may not open this', 'Your account does not have what is needed here.'],
  cross_origin_request: ['This was not done', 'The request came from another website.'],
};
const OTHER_WORDS = ['Something went wrong', 'This could not be done.'] as const;

const NOT_KEPT =
  'Your session has ended, or this needs a more recent sign-in: what you sent was not saved. Sign in, then go back to the page, load it again and send it once more.';
const KEPT =
  'Your session has ended, or this needs a more recent sign-in. What you sent is kept for half an hour: sign in, and you are asked whether to send it.';

/** The likeliest of all causes where the browser has no cookie of any login. */
const wordsWithoutCookie = (homeUrl: string) =>
  [
    'This sign-in is no longer waiting',
    `This browser sent nothing of it. Most likely it began at another address of this site: please begin at ${homeUrl}. It may also be finished already, or cookies may be blocked.`,
  ] as const;

/** Refused is this person, not this attempt. */
const REFUSED: readonly string[] = ['login_refused', 'login_limited'];

/** The value of `prompt` that asks whose account it shall be; every login may ask for it. */
export const OTHER_ACCOUNT = 'select_account';

/** Makes the answers that all routes share. */
export function createAnswers(options: AnswersOptions): Answers {
  const { sendPage, reportFault, diagnostics, loginPath, logoutPath, homePath, homeUrl, noteLostLogin } =
    options;

  const findWords = (
    req: Request,
    error: ConnectAuthError,
    { during }: Failure,
  ): readonly [string, string] => {
    const { code } = error;
    if (code === 'login_not_found' && during === 'callback' && noteLostLogin(req))
      return wordsWithoutCookie(homeUrl);
    const [title, words] = WORDS[code] ?? OTHER_WORDS;
    return [title, publicMessageOf(error) ?? words];
  };

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

  const pageFor = (
    error: ConnectAuthError,
    failure: Failure,
    [title, message]: readonly [string, string],
  ): Page => {
    const { during, returnTo, display } = failure;
    const isAsked = error instanceof LoginRequiredError && returnTo !== undefined;
    const retry = isAsked || isRetryable(error) ? loginPath(returnTo) : undefined;
    const { links, ...out } = waysOut(error, failure);
    return {
      status: error.status,
      title,
      message,
      ...out,
      ...(display === 'popup' ? { broadcast: { type: 'login_failed', ...describe(error) } } : {}),
      links: [
        ...links,
        ...(retry ? [{ href: retry, label: isAsked ? 'Sign in' : 'Sign in again' }] : []),
        { href: homePath, label: 'Home page' },
      ],
      stripQuery: during === 'callback',
    };
  };

  const noteRefused = (error: ConnectAuthError, { provider, display }: Failure, reference?: string) =>
    diagnostics.tell('login.refused', () => {
      const { code } = error;
      const { oauthError } = error as Partial<LoginError>;
      return { provider, during: 'callback' as const, display, code, oauthError, reference };
    });

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

    sendLoginPage: (req, res, keptAt) => {
      const href = keptAt ?? options.loginPathFrom(req);
      sendPage(req, res, {
        status: 401,
        title: 'Please sign in again',
        message: keptAt ? KEPT : NOT_KEPT,
        links: [...(href ? [{ href, label: 'Sign in' }] : []), { href: homePath, label: 'Home page' }],
      });
    },

    reportError: async (req, res, failure, during) => {
      await reportFault({ error: asConnectAuthError(failure), during, req, res });
    },

    fail: async (req, res, thrown, failure) => {
      const error = asConnectAuthError(thrown);
      const returnTo = failure.returnTo ?? (error instanceof LoginError ? error.returnTo : undefined);
      const isSilent = failure.display === 'silent';
      // The provider's "not without a page" is an answer, and no fault.
      const reference =
        isSilent && error.code === 'login_denied'
          ? undefined
          : await reportFault({ error, during: failure.during, req, res, returnTo });
      if (failure.during === 'callback') noteRefused(error, failure, reference);
      const words = findWords(req, error, failure);
      if (res.headersSent || res.writableEnded) return;
      // Nobody has asked for a login, so nobody is told that there is none.
      if (isSilent) {
        answers.redirect(res, 303, returnTo ?? homePath);
        return;
      }
      keepToOurselves(res);
      if (error.status === 503) setRetryAfter(res, error);
      if (failure.asJson || wantsJson(req)) res.status(error.status).json({ ...describe(error), reference });
      else sendPage(req, res, { ...pageFor(error, { ...failure, returnTo }, words), reference });
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
  if (error instanceof LoginError) return error.code !== 'login_refused';
  return error instanceof ProviderError || error instanceof ApplicationError;
}

/** What scripts are told. */
function describe(error: ConnectAuthError): Record<string, unknown> {
  if (error instanceof BearerError) return { error: error.oauthError, error_description: error.description };
  if (error instanceof AccessDeniedError) return { error: error.code, missing: error.missing };
  const message = publicMessageOf(error);
  return { error: error.code, ...(message === undefined ? {} : { message }) };
}

/** What the application has to say to the person. */
function publicMessageOf(error: ConnectAuthError): string | undefined {
  if (error instanceof AccessDeniedError)
    return `Your account does not have what is needed here: ${describeMissing(error.missing)}.`;
  return error instanceof LoginRefused ? error.publicMessage : undefined;
}

/** Whatever else is thrown is a fault of ours or of a hook; it is told as such, and shown as nothing. */
function asConnectAuthError(failure: unknown): ConnectAuthError {
  if (failure instanceof ConnectAuthError) return failure;
  return new ConnectAuthError('An unexpected fault.', { code: 'unexpected', status: 500, cause: failure });
}
