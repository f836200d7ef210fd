import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { StoreError } from '../errors.ts';
import type { Hooks, LogoutReason } from '../events.ts';
import { findSource, isPrefetch, isSubresource, wantsJson } from '../fetch-metadata.ts';
import type { Provider } from '../provider/provider.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { checkNotBegun } from '../session/cookies.ts';
import type { Identity } from '../session/identity.ts';
import type { Sessions } from '../session/sessions.ts';
import type { TokenSet } from '../tokens.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';
import type { LogoutReturns } from './logout-returns.ts';
import type { PendingLogins } from './pending-logins.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { RevokeTokens } from './revocation.ts';
import type { Urls } from './urls.ts';

export interface LogoutOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly sessions: Sessions;
  readonly vault: TokenVault;
  readonly pendingLogins: PendingLogins;
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly hooks: Hooks;
  readonly revokeTokens: RevokeTokens;
  readonly logoutReturns: LogoutReturns;
  readonly origin: string;
  readonly clearSiteData: boolean;
  readonly ownOrigins: ReadonlySet<string>;
}

interface ProviderLogout {
  readonly name: string;
  readonly sub: string | undefined;
  readonly tokens: TokenSet | undefined;
  readonly returnTo: string;
}

const MAX_URL_LENGTH = 4096;
/** What is ours in the URL; the endpoint may have a query of its own. */
const LOGOUT_PARAMS = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'] as const;

export interface Logout {
  /** Ends the session here, then sends the browser to the provider's logout, where it has one. */
  start(req: Request, res: Response, browser: BrowserSession, options: { returnTo?: string }): Promise<void>;
  /** `POST /logout`, and `GET /logout` from a page of ours; anybody else's GET gets a page that asks. */
  route(req: Request, res: Response, browser: BrowserSession): Promise<void>;
  /**
   * Ends the session whose logout failed with the store before, where the browser has another by now. Its tokens stay:
   * whoever has logged in since may be the same person.
   *
   * @throws StoreError
   */
  endUnended(req: Request, res: Response): Promise<void>;
  /** Tells `onLogout`; what it throws changes nothing. */
  report(
    req: Request | undefined,
    res: Response | undefined,
    identity: Identity,
    reason: LogoutReason,
  ): Promise<void>;
}

export function createLogout(options: LogoutOptions): Logout {
  const { providers, sessions, vault, pendingLogins, readReturnAddress, urls, answers, hooks } = options;

  const report: Logout['report'] = async (req, res, { provider, issuer, sub }, reason) => {
    try {
      await hooks.onLogout({ reason, provider, issuer, sub, req });
    } catch (error) {
      await answers.reportError(req, res, error, 'logout');
    }
  };

  /**
   * Ends the session at the provider, then revokes the tokens: its logout may need one that lives. Returns where to
   * send the browser, if anywhere; a fault is told to the operator and, by `'unreachable'`, to the person.
   */
  const endAtProvider = async (
    req: Request,
    res: Response,
    { name, sub, tokens, returnTo }: ProviderLogout,
  ): Promise<URL | 'unreachable' | undefined> => {
    const provider = providers.get(name);
    if (!provider) return undefined;
    const { path, state } = options.logoutReturns.prepare(res, returnTo);
    const request = { tokens, sub, state, postLogoutRedirectUri: options.origin + path };
    const ended = await provider
      .endSession(request)
      .catch((fault: unknown) => ({ url: undefined, tokens, fault }));
    if (ended.fault) await answers.reportError(req, res, ended.fault, 'logout');
    await options.revokeTokens(req, res, name, ended.tokens);
    return ended.fault ? 'unreachable' : ended.url;
  };

  const endUnended: Logout['endUnended'] = async (req, res) => {
    const { identity } = await sessions.endUnended(req, res);
    if (identity) await report(req, res, identity, 'logout');
  };

  const start: Logout['start'] = async (req, res, browser, { returnTo: asked }) => {
    const returnTo = readReturnAddress(asked) ?? urls.afterLogout;
    // The store may have been away when this browser tried before.
    if (!browser.identity && !browser.fault) await sessions.restoreUnended(req, res, browser);
    const { id } = browser;
    // A fault here must not keep anybody logged in. Read twice: a refresh may come between, and a reply be lost.
    const [before] = await Promise.all([
      browser.identity && id ? vault.read(id).catch(() => undefined) : undefined,
      pendingLogins.forgetAll(req, res),
    ]);
    const { identity, tokens: sealed } = await sessions.logOut(browser, res);
    const tokens = (id && sealed && (await vault.open(id, sealed).catch(() => undefined))) || before;
    // Not "cookies": ours are gone, and it would take those of the whole domain, such as the provider's.
    if (options.clearSiteData && !res.headersSent) res.setHeader('Clear-Site-Data', '"cache", "storage"');
    if (identity) await report(req, res, identity, 'logout');
    // A session that has expired here may live on at the provider, if there is only one that it can have been with.
    const name = identity?.provider ?? (id && providers.size === 1 ? [...providers.keys()][0] : undefined);
    const fault = await endUnended(req, res).catch((error: StoreError) => error);
    // The browser is sent nowhere then, but what there is ends.
    if ((fault || res.headersSent) && name) await options.revokeTokens(req, res, name, tokens);
    if (fault) throw fault;
    checkNotBegun(res, 'req.auth.logout()');
    const target = name && (await endAtProvider(req, res, { name, sub: identity?.sub, tokens, returnTo }));
    if (wantsJson(req)) {
      const redirectTo = target instanceof URL ? shorten(target).href : returnTo;
      const told = target === 'unreachable' ? { redirectTo, provider: target } : { redirectTo };
      noStore(res);
      res.json(told);
    } else if (target === 'unreachable') sendUnreachable(req, res, returnTo);
    else if (target && target.href.length > MAX_URL_LENGTH) postToProvider(req, res, target);
    else answers.redirect(res, 303, target ? target.href : returnTo);
  };

  const sendUnreachable = (req: Request, res: Response, returnTo: string) =>
    answers.page(req, res, {
      status: 200,
      title: 'You are signed out here',
      message: 'The sign-in service could not be reached: you may still be signed in there.',
      links: [{ href: returnTo, label: 'Continue' }],
    });

  /** An ID token may be larger than any URL that servers take. */
  const postToProvider = (req: Request, res: Response, target: URL) => {
    const action = new URL(target);
    const fields: Record<string, string> = {};
    for (const name of LOGOUT_PARAMS) {
      const value = target.searchParams.get(name);
      if (value !== null) fields[name] = value;
      action.searchParams.delete(name);
    }
    answers.page(req, res, {
      status: 200,
      title: 'Signing out',
      message: 'You are signed out here. One more step ends your session at the sign-in service.',
      form: { action: action.href, label: 'Continue', submit: true, fields },
    });
  };

  const ask = async (req: Request, res: Response) => {
    // The page's policy must name where its form leads: to the logout of a provider this process may not know yet.
    await Promise.allSettled([...providers.values()].map((provider) => provider.prepare()));
    answers.page(req, res, {
      status: 200,
      title: 'Sign out?',
      message: 'This ends your session here.',
      form: { action: urls.logout!, label: 'Sign out', fields: {} },
      links: [{ href: urls.home, label: 'Stay signed in' }],
    });
  };

  return {
    start,
    endUnended,
    report,
    route: async (req, res, browser) => {
      const source = findSource(req, options.ownOrigins);
      // A GET proves nothing by itself: without a sign that it comes from a page of ours, the person is asked.
      // A link in an e-mail opens as an address typed by hand does.
      const isFromPage = req.headers['sec-fetch-site'] !== 'none';
      const isOwnGet = source === 'own' && isFromPage && !isSubresource(req);
      const trusted = req.method === 'POST' ? source !== 'foreign' : isOwnGet;
      if (isPrefetch(req) || !trusted) await ask(req, res);
      else await start(req, res, browser, {});
    },
  };
}

/** For a script, which cannot post a form elsewhere: without the hint the provider asks the person. */
function shorten(target: URL): URL {
  if (target.href.length <= MAX_URL_LENGTH) return target;
  const short = new URL(target);
  short.searchParams.delete('id_token_hint');
  return short;
}
