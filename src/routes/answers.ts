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
import { AccessDeniedError, BearerError } from '../guard-errors.ts';
import { PAGE_NAMES, type PageName } from '../page-texts.ts';
import type { Page } from '../pages/page.ts';
import type { SendPage } from '../pages/page-sender.ts';
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
  sendLoginResult(
    req: Request,
    res: Response,
    login: Pick<PendingLogin, 'returnTo' | 'display'>,
  ): Promise<void>;
  /**
   * Tells a person that what they sent needs a login, which no redirect could send again. `keptAt`: the path where it is
   * kept meanwhile.
   */
  sendLoginPage(req: Request, res: Response, keptAt?: string): Promise<void>;
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

/** Faults whose words are those of another. */
const WORDS_OF: Readonly<Record<string, PageName>> = { store_damaged: 'store_unavailable' };

/** Refused is this person, not this attempt. */
const REFUSED: readonly string[] = ['login_refused', 'login_limited'];

/** The value of `prompt` that asks whose account it shall be; every login may ask for it. */
export const OTHER_ACCOUNT = 'select_account';

/** Makes the answers that all routes share. */
export function createAnswers(options: AnswersOptions): Answers {
  const { sendPage, reportFault, diagnostics, loginPath, logoutPath, homePath, homeUrl, noteLostLogin } =
    options;

  const findWords = (req: Request, error: ConnectAuthError, { during }: Failure): PageName => {
    const { code } = error;
    if (code === 'login_not_found' && during === 'callback' && noteLostLogin(req)) return 'login_not_brought';
    if (isUnprovable(error, during)) return 'login_unprovable';
    return WORDS_OF[code] ?? PAGE_NAMES.find((name) => name === code) ?? 'unexpected';
  };

  /** The provider would answer with the same account at once, however often they sign in. */
  const waysOut = (
    error: ConnectAuthError,
    { returnTo, provider, during }: Failure,
  ): Pick<Page, 'form'> & { links: NonNullable<Page['links']> } => {
    const isRefused = REFUSED.includes(error.code);
    if (provider === undefined || !(isRefused || isUnprovable(error, during))) return { links: [] };
    const other = loginPath(returnTo, { provider, prompt: OTHER_ACCOUNT });
    const links = other ? [{ href: other, label: 'useAnotherAccount' } as const] : [];
    if (!logoutPath || !isRefused) return { links };
    const action = `${logoutPath}?${new URLSearchParams({ provider })}`;
    return { links, form: { action, label: 'signOutOfService', fields: {}, isSecond: true } };
  };

  const pageFor = (error: ConnectAuthError, failure: Failure, name: PageName): Page => {
    const { during, returnTo, display } = failure;
    const isAsked = error instanceof LoginRequiredError && returnTo !== undefined;
    const retry = isAsked || isRetryable(error, during) ? loginPath(returnTo) : undefined;
    const { links, ...out } = waysOut(error, failure);
    return {
      status: error.status,
      name,
      ...(name === 'login_not_brought' ? { values: { homeUrl } } : {}),
      message: error instanceof LoginRefused ? error.publicMessage : undefined,
      missing: error instanceof AccessDeniedError ? error.missing : undefined,
      ...out,
      ...(display === 'popup' ? { broadcast: { type: 'login_failed', ...describe(error) } } : {}),
      links: [
        ...links,
        ...(retry ? [{ href: retry, label: isAsked ? 'signIn' : 'signInAgain' } as const] : []),
        { href: homePath, label: 'home' },
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

    sendLoginResult: async (req, res, { returnTo, display }) => {
      if (display === 'provider_popup') {
        noStore(res);
        res.json({ returnTo });
      } else if (display === 'popup') {
        await sendPage(req, res, {
          status: 200,
          name: 'login_done',
          links: [{ href: returnTo, label: 'continue' }],
          broadcast: { type: 'login', returnTo },
        });
      } else {
        answers.redirect(res, 303, returnTo);
      }
    },

    sendLoginPage: (req, res, keptAt) => {
      const href = keptAt ?? options.loginPathFrom(req);
      return sendPage(req, res, {
        status: 401,
        name: keptAt ? 'form_kept' : 'form_not_kept',
        subject: { page: 'error', code: 'login_required', during: 'guard' },
        links: [...(href ? [{ href, label: 'signIn' } as const] : []), { href: homePath, label: 'home' }],
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
      else {
        const subject = { page: 'error', code: error.code, during: failure.during, reference } as const;
        await sendPage(req, res, { ...pageFor(error, { ...failure, returnTo }, words), subject });
      }
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
function isRetryable(error: ConnectAuthError, during: ErrorEvent['during']): boolean {
  if (error instanceof LoginError) return error.code !== 'login_refused' && !isUnprovable(error, during);
  return error instanceof ProviderError || error instanceof ApplicationError;
}

/**
 * Whether another login of the same account would prove no more: none was begun, because nobody there can prove it or one
 * did not just now; or the provider itself says so. What an answer lacks the person may still have chosen to leave out.
 */
function isUnprovable(error: ConnectAuthError, during: ErrorEvent['during']): boolean {
  if (!(error instanceof LoginError) || error.code !== 'login_insufficient') return false;
  return during !== 'callback' || error.oauthError !== undefined;
}

/** What scripts are told. */
function describe(error: ConnectAuthError): Record<string, unknown> {
  if (error instanceof BearerError) return { error: error.oauthError, error_description: error.description };
  if (error instanceof AccessDeniedError) return { error: error.code, missing: error.missing };
  const message = error instanceof LoginRefused ? error.publicMessage : undefined;
  return { error: error.code, ...(message === undefined ? {} : { message }) };
}

/** Whatever else is thrown is a fault of ours or of a hook; it is told as such, and shown as nothing. */
function asConnectAuthError(failure: unknown): ConnectAuthError {
  if (failure instanceof ConnectAuthError) return failure;
  return new ConnectAuthError('An unexpected fault.', { code: 'unexpected', status: 500, cause: failure });
}
