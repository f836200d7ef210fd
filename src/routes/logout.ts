import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { UserClaims } from '../claims.ts';
import type { StoreError } from '../errors.ts';
import { findSource, isPrefetch, isSubresource, wantsJson } from '../fetch-metadata.ts';
import type { TraceLogout } from '../logout-trace.ts';
import type { Provider } from '../provider/provider.ts';
import type { BrowserLogout } from '../provider/provider-logout.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { checkNotBegun } from '../session/cookies.ts';
import type { RememberedProvider } from '../session/remembered-provider.ts';
import type { EndedSession } from '../session/session-ending.ts';
import type { Sessions } from '../session/sessions.ts';
import type { TokenSet } from '../tokens.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';
import { needsForm, shorten, toForm } from './browser-logout.ts';
import type { LogoutReturns } from './logout-returns.ts';
import type { PendingLogins } from './pending-logins.ts';
import { createProviderNames } from './provider-of-login.ts';
import { readQuery } from './request-input.ts';
import { findNamedOrigin, foreignAddress, type ReturnAddressReader } from './return-address.ts';
import type { Revocation } from './revocation.ts';
import type { SilentMarks } from './silent-marks.ts';
import type { Urls } from './urls.ts';

/** What it is made of. */
export interface LogoutOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly sessions: Sessions;
  readonly vault: TokenVault;
  readonly pendingLogins: PendingLogins;
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly revocation: Revocation;
  readonly silentMarks: SilentMarks;
  readonly logoutReturns: LogoutReturns;
  readonly rememberedProvider: RememberedProvider;
  readonly origin: string;
  /** The path of the route, below the mount: only its query is for us. `false`: there is none. */
  readonly logoutPath: string | false;
  readonly clearSiteData: boolean;
  readonly ownOrigins: ReadonlySet<string>;
  readonly traceLogout: TraceLogout;
}

/** How a logout goes on. */
export interface LogoutChoice {
  readonly returnTo?: string | undefined;
  readonly logoutParams?: Readonly<Record<string, string>> | undefined;
}

/** The end of a session by its own browser. */
export interface Logout {
  /** Ends the session here, then sends the browser to the provider's logout, where it has one. */
  start(req: Request, res: Response, browser: BrowserSession, choice: LogoutChoice): Promise<void>;
  /**
   * `POST /logout`, and `GET /logout` from a page of ours; anybody else's GET gets a page that asks. `?returnTo=…` says
   * where to go then.
   */
  route(req: Request, res: Response, browser: BrowserSession): Promise<void>;
  /**
   * Ends the session for the application's `req.session.destroy()`, and revokes its tokens. Answers nothing.
   *
   * @throws StoreError
   */
  destroy(req: Request, res: Response, browser: BrowserSession): Promise<void>;
}

/** What is known of the session that a logout has ended. */
interface LoggedOut {
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly sub: string | undefined;
  readonly claims: UserClaims | undefined;
  readonly tokens: TokenSet | undefined;
  /** Whether its provider has still to be told. Who presses twice has told it before. */
  readonly isFirst: boolean;
}

/** Makes it for all providers. */
export function createLogout(options: LogoutOptions): Logout {
  const { providers, sessions, vault, pendingLogins, readReturnAddress, urls, answers, revocation } = options;
  const { traceLogout } = options;
  const nameProviderOf = createProviderNames(providers);

  /**
   * Ends the session of this browser, and one whose end failed before. Where the store fails, what can be told and
   * revoked has been, or will be when the store is back.
   */
  const endHere = async (
    req: Request,
    res: Response,
    browser: BrowserSession,
    reason: 'logout' | 'destroyed',
  ): Promise<{ loggedOut: LoggedOut | undefined; fault: StoreError | undefined }> => {
    // The store may have been away when this browser tried before.
    const isResumed =
      !browser.identity && !browser.fault && (await sessions.resumeFailedLogout(browser, { req, res }));
    const { id } = browser;
    const revokeLate = async ({ identity, tokens }: EndedSession) => {
      const provider = identity && nameProviderOf(identity);
      if (provider !== undefined)
        await revocation.revokeSealed(tokens, { provider, sessionId: id!, req, res });
    };
    const ended = await sessions.end(browser, { req, res }, reason, revokeLate);
    const fault = await sessions.finishFailedLogout({ req, res }).catch((error: StoreError) => error);
    const identity = ended?.identity;
    // A session that has expired here may live on at the provider.
    const provider = identity
      ? nameProviderOf(identity)
      : (findNamedProvider(req) ??
        options.rememberedProvider.read(req) ??
        (id && providers.size === 1 ? [...providers.keys()][0] : undefined));
    const loggedOut = provider && {
      provider,
      sub: identity?.sub,
      claims: identity?.claims,
      // Of a login that nobody can read, nobody knows whose they are.
      tokens: id !== undefined && identity ? vault.open(id, ended.tokens) : undefined,
      isFirst: isResumed || ended?.isFirst !== false,
    };
    return { loggedOut: loggedOut || undefined, fault: fault || undefined };
  };

  /** Whoever was refused here has no session, but one at the provider that would bring the same account again. */
  const findNamedProvider = (req: Request): string | undefined => {
    const name = req.path === options.logoutPath ? readQuery(req).get('provider') : null;
    return name !== null && providers.has(name) ? name : undefined;
  };

  /**
   * Ends the session at the provider, then revokes the tokens: its logout may need one that lives. Returns where to
   * send the browser, if anywhere; a fault is told to the operator and, by `'unreachable'`, to the person.
   */
  const endAtProvider = async (
    req: Request,
    res: Response,
    { provider: name, sub, claims, tokens, isFirst }: LoggedOut,
    { returnTo, params }: { returnTo: string; params: Readonly<Record<string, string>> | undefined },
  ): Promise<BrowserLogout | 'unreachable' | undefined> => {
    const provider = providers.get(name);
    if (!provider || (!isFirst && provider.definition.capabilities.logout === 'api')) return undefined;
    const { path, state } = options.logoutReturns.prepare(
      res,
      returnTo,
      provider.definition.quirks.logoutState,
    );
    const request = { tokens, sub, claims, params, state, postLogoutRedirectUri: options.origin + path };
    const ended = await provider
      .endSession(request)
      .catch((fault: unknown) => ({ browserLogout: undefined, tokens, fault }));
    if (ended.fault) {
      // It has not been told: the next logout of this browser tries again.
      if (isRepeatable(provider)) options.rememberedProvider.keep(res, name);
      await answers.reportError(req, res, ended.fault, 'logout');
    }
    if (isFirst) await revocation.revoke(ended.tokens, { provider: name, req, res });
    return ended.fault ? 'unreachable' : ended.browserLogout;
  };

  /** A callback that has looked for a logout before this came has its session already, which its browser is yet to get. */
  const endUntold = async (untold: readonly string[] | StoreError, req: Request) => {
    if (untold instanceof Error) return untold;
    return sessions.endUntold(untold, req).catch((error: StoreError) => error);
  };

  const destroy: Logout['destroy'] = async (req, res, browser) => {
    const { loggedOut, fault } = await endHere(req, res, browser, 'destroyed');
    // What an application destroys of nobody is no logout.
    if (loggedOut?.sub !== undefined) options.silentMarks.noteLogout(req, res);
    if (loggedOut?.isFirst) await revocation.revoke(loggedOut.tokens, { ...loggedOut, req, res });
    if (fault) throw fault;
  };

  /** What a handler asks for and may not have is its author's to hear of; it must keep nobody logged in. */
  const chooseReturnAddress = async (req: Request, asked: string | undefined) => {
    const returnTo = readReturnAddress(asked);
    const origin = findNamedOrigin(asked);
    if (returnTo === undefined && origin !== undefined)
      await answers.reportError(req, undefined, foreignAddress('req.auth.logout()', origin), 'logout');
    return returnTo ?? urls.afterLogout;
  };

  const logOut: Logout['start'] = async (req, res, browser, { returnTo: asked, logoutParams: params }) => {
    // First, so that what a callback does meanwhile is found. Its fault must keep nobody logged in.
    const untold = await pendingLogins.cancelAll(req, res).catch((error: StoreError) => error);
    const [ended] = await Promise.allSettled([endHere(req, res, browser, 'logout')]);
    const lateFault = await endUntold(untold, req);
    if (ended.status === 'rejected') throw ended.reason;
    const { loggedOut, fault = lateFault } = ended.value;
    options.silentMarks.noteLogout(req, res);
    // Not "cookies": ours are gone, and it would take those of the whole domain, such as the provider's.
    if (options.clearSiteData && !res.headersSent) res.setHeader('Clear-Site-Data', '"cache", "storage"');
    // The browser is sent nowhere then, but what there is ends.
    if ((fault || res.headersSent) && loggedOut?.isFirst)
      await revocation.revoke(loggedOut.tokens, { ...loggedOut, req, res });
    if (fault) throw fault;
    const returnTo = await chooseReturnAddress(req, asked);
    checkNotBegun(res, 'req.auth.logout()');
    options.rememberedProvider.clear(req, res);
    const target = loggedOut && (await endAtProvider(req, res, loggedOut, { returnTo, params }));
    if (wantsJson(req)) {
      const url = typeof target === 'object' ? (shorten(target) ?? 'unreachable') : target;
      const redirectTo = url instanceof URL ? url.href : returnTo;
      noStore(res);
      res.json(url === 'unreachable' ? { redirectTo, provider: url } : { redirectTo });
    } else if (target === 'unreachable') await sendUnreachable(req, res, returnTo, loggedOut!);
    else if (target && needsForm(target)) await postToProvider(req, res, target);
    else answers.redirect(res, 303, target ? target.url.href : returnTo);
  };

  const start: Logout['start'] = (req, res, browser, choice) =>
    traceLogout('logout', () => logOut(req, res, browser, choice));

  const sendUnreachable = (req: Request, res: Response, returnTo: string, { provider }: LoggedOut) => {
    const again = isRepeatable(providers.get(provider)!)
      ? urls.logout(returnTo === urls.afterLogout ? undefined : returnTo)
      : undefined;
    return answers.page(req, res, {
      status: 200,
      name: 'signed_out_here',
      subject: { page: 'signedOut', state: 'provider_unreachable' },
      links: [
        { href: returnTo, label: 'continue' },
        ...(again ? [{ href: again, label: 'tryAgain' } as const] : []),
      ],
    });
  };

  const postToProvider = (req: Request, res: Response, target: BrowserLogout) =>
    answers.page(req, res, {
      status: 200,
      name: 'signing_out',
      form: { ...toForm(target), label: 'continue', submit: true },
    });

  const ask = async (req: Request, res: Response, returnTo: string | undefined) => {
    // The page's policy must name where its form leads: to the logout of a provider this process may not know yet.
    await Promise.allSettled([...providers.values()].map((provider) => provider.prepare()));
    await answers.page(req, res, {
      status: 200,
      name: 'sign_out',
      subject: { page: 'signOut' },
      form: { action: urls.logout(returnTo)!, label: 'signOut', fields: {} },
      links: [{ href: returnTo ?? urls.home, label: 'staySignedIn' }],
    });
  };

  return {
    start,
    destroy: (req, res, browser) => traceLogout('destroyed', () => destroy(req, res, browser)),
    route: async (req, res, browser) => {
      const source = findSource(req, options.ownOrigins);
      const returnTo = readReturnAddress(readQuery(req).get('returnTo'));
      // A GET proves nothing by itself: without a sign that it comes from a page of ours, the person is asked.
      // A link in an e-mail opens as an address typed by hand does.
      const isFromPage = req.headers['sec-fetch-site'] !== 'none';
      const isOwnGet = source === 'own' && isFromPage && !isSubresource(req);
      const trusted = req.method === 'POST' ? source !== 'foreign' : isOwnGet;
      if (isPrefetch(req) || !trusted) await ask(req, res, returnTo);
      else await start(req, res, browser, returnTo === undefined ? {} : { returnTo });
    },
  };
}

/** By a call the provider is told with the person's token, which nobody has any more. */
function isRepeatable({ definition }: Provider): boolean {
  return definition.capabilities.logout === 'browser';
}
