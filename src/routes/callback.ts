import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { LoginRefused } from '../application-errors.ts';
import type { Clock } from '../clock.ts';
import { ConfigurationError, LoginError } from '../errors.ts';
import type { Hooks } from '../events.ts';
import { findSource } from '../fetch-metadata.ts';
import { type LoginDemands, rememberAnswered } from '../freshness.ts';
import { hookFault } from '../hook-fault.ts';
import type { DescribeMappedLogin } from '../mapped-login.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { isFormPost } from '../provider/jwt-answer.ts';
import type { ProvenLogin, Provider } from '../provider/provider.ts';
import { unwrapPopupState } from '../provider/quirks/popup-state.ts';
import { type BrowserSession, setCurrentSession } from '../session/browser-session.ts';
import { factsOf, type NewIdentity } from '../session/identity.ts';
import type { RememberedProvider } from '../session/remembered-provider.ts';
import type { ReplacedSession, Sessions } from '../session/sessions.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { Answers } from './answers.ts';
import { findRedirectUri, type Login } from './login.ts';
import { describeOver } from './over-login.ts';
import type { LoginDisplay, PendingLogins, TakenLogin } from './pending-logins.ts';
import { createProviderNames } from './provider-of-login.ts';
import { readCallbackAnswer, readUnverified } from './request-input.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { Revocation } from './revocation.ts';
import type { SilentMarks } from './silent-marks.ts';
import { bringsProof, createStrayCallback } from './stray-callback.ts';
import type { Urls } from './urls.ts';

/** What it is made of. */
export interface CallbackOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly pendingLogins: PendingLogins;
  readonly sessions: Sessions;
  readonly vault: TokenVault;
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly hooks: Hooks;
  readonly mapUser: ResolvedOptions['mapUser'];
  readonly describeLogin: DescribeMappedLogin;
  readonly rememberedProvider: RememberedProvider;
  readonly describe: ResolvedOptions['session']['describe'];
  readonly revocation: Revocation;
  readonly startLogin: Login['start'];
  readonly silentMarks: SilentMarks;
  readonly ownOrigins: ReadonlySet<string>;
  readonly now: Clock;
  readonly monotonic: Clock;
}

/** Finishes logins. */
export interface Callback {
  /** For GET and POST alike. */
  route(req: Request, res: Response, browser: BrowserSession, providerName: string): Promise<void>;
  /** Makes a session of a login that is proven, and tells the application. */
  establish(req: Request, res: Response, browser: BrowserSession, login: FinishedLogin): Promise<void>;
}

/** A login whose callback is at work. */
export interface FinishedLogin {
  /** Of the session that it becomes. */
  readonly id: string;
  readonly proven: ProvenLogin;
  /** What came beside the answer of the protocol. */
  readonly unverified: Readonly<Record<string, string>>;
  readonly taken: Pick<TakenLogin, 'isCancelled'> & { readonly login: LoginDemands & { startedAt: number } };
  /** When it was taken, by the monotonic clock. */
  readonly takenAt: number;
  readonly provider: Provider;
  /** Where the browser is sent back to. */
  readonly returnTo: string;
}

/** Makes the callback of all providers. */
export function createCallback(options: CallbackOptions): Callback {
  const { providers, pendingLogins, sessions, vault, readReturnAddress, urls, answers, hooks } = options;
  const { mapUser, revocation, now, monotonic } = options;
  const answerStray = createStrayCallback(options);
  const nameProviderOf = createProviderNames(providers);

  const establish: Callback['establish'] = async (
    req,
    res,
    browser,
    { id, proven, unverified, taken, takenAt, provider, returnTo },
  ) => {
    checkScopes(provider, proven.missingScopes);
    const { name, issuer, definition } = provider;
    const { claims, missingScopes } = proven;
    const facts = factsOf({ ...proven, provider: name, issuer });
    const { accessToken, dpopKey } = proven.tokens;
    const brought = { unverified, accessToken, dpopKey };
    const mapped = options.describeLogin({ ...facts, kind: 'session' }, brought);
    const user = await callHook('mapUser', () => mapUser(claims, mapped));
    const identity: NewIdentity = {
      loginId: randomUUID(),
      description: describeLogin(req, res),
      provider: name,
      issuer,
      clientId: definition.clientId,
      sub: proven.sub,
      sid: proven.sid,
      claims,
      user: user === (claims as Express.User) ? undefined : user,
      browserSession: proven.browserSession || undefined,
      acr: proven.acr,
      amr: proven.amr,
      scope: proven.tokens.scope,
      authTime: proven.authTime,
      answered: rememberAnswered(taken.login, browser.identity, taken.login.startedAt),
      issuedAt: proven.issuedAt,
      loginStartedAt: taken.login.startedAt,
      loggedInAt: now(),
    };
    const { isCancelled } = taken;
    const sealedTokens = vault.seal(id, proven.tokens);
    // Never for the same person: revoking the old tokens of a grant may take the new ones with them.
    const revokeReplaced = async ({ id: sessionId, ended }: ReplacedSession) => {
      const from = ended.identity && nameProviderOf(ended.identity);
      if (from !== undefined)
        await revocation.revokeSealed(ended.tokens, { provider: from, sessionId, req, res });
    };
    // Where this fails its cookie stays: the next logout tries again.
    await sessions.finishFailedLogout({ req, res }).catch(() => undefined);
    const { sessionExpiry } = proven;
    const endsBy = sessionExpiry && sessionExpiry * 1000;
    const login = { id, identity, sealedTokens, endsBy, takenAt, isCancelled, onLateEnd: revokeReplaced };
    const replaced = await sessions.logIn(browser, { req, res }, login);
    options.rememberedProvider.write(res, name);
    options.silentMarks.noteLogin(req, res);
    if (replaced) await revokeReplaced(replaced);
    try {
      const { authorizationDetails } = proven;
      const event = {
        ...{ req, res, ...facts, claims, user, missingScopes, authorizationDetails, unverified, returnTo },
      };
      await callHook('onLogin', () => hooks.onLogin(event));
    } catch (error) {
      await sessions.undoLogin(browser, res);
      throw error;
    }
  };

  /** It labels a session in a list, and no more: its faults refuse nobody. */
  const describeLogin = (req: Request, res: Response): string | undefined => {
    try {
      const description: unknown = options.describe(req);
      if (description === undefined) return undefined;
      if (typeof description === 'string') return description.slice(0, MAX_DESCRIPTION_LENGTH);
      // Nobody waits for it: its rejection would end the process.
      if (description instanceof Promise) description.catch(() => undefined);
      throw new ConfigurationError(
        `session.describe must return a string; it returned a ${typeof description}.`,
      );
    } catch (error) {
      answers.reportError(req, res, hookFault('session.describe', error), 'callback').catch(() => undefined);
      return undefined;
    }
  };

  /** The same answer may come twice at once, by a double click: whoever comes second sees what the first one did. */
  const becomesLive = async (sessionKey: string | undefined): Promise<boolean> => {
    const patience = AbortSignal.timeout(TWIN_PATIENCE_MS);
    while (sessionKey !== undefined) {
      if ((await sessions.findLiveKey(sessionKey)) !== undefined) return true;
      if (patience.aborted) return false;
      await wait(TWIN_PAUSE_MS);
    }
    return false;
  };

  const route: Callback['route'] = async (req, res, browser, providerName) => {
    const provider = providers.get(providerName)!;
    const answer = await provider.peekAnswer(await readCallbackAnswer(req, res));
    if (provider.definition.popupRedirectUri)
      answer.set('state', unwrapPopupState(answer.get('state') ?? ''));
    const clientOf = (login: { provider: string; display: LoginDisplay }) => {
      const { issuer, definition } = providers.get(login.provider) ?? {};
      if (!issuer || !definition) return undefined;
      const redirectUri = findRedirectUri(providers.get(login.provider)!, login.display, urls);
      return { issuer, clientId: definition.clientId, redirectUri };
    };
    const isFinal = bringsProof(answer);
    const state = answer.get('state') ?? '';
    const [takenAt, id] = [monotonic(), sessions.newId()];
    const asked = { state, isFinal, sessionKey: sessions.keyOf(id) };
    const found = await pendingLogins.take({ req, res }, asked, clientOf);
    if (
      found.outcome === 'taken' &&
      ['page', 'silent'].includes(found.login.display) &&
      (await becomesLive(found.sessionKey))
    ) {
      answers.redirect(res, 303, readReturnAddress(found.login.returnTo) ?? urls.home);
      return;
    }
    if (found.outcome === 'unknown' || found.outcome === 'taken') {
      await answerStray(req, res, { browser, provider: providerName, found, answer });
      return;
    }
    if (found.outcome !== 'mine') {
      const error = describeOver(found);
      const { display } = found.login;
      await answers.fail(req, res, error, { during: 'callback', display, provider: providerName });
      return;
    }
    const { login } = found;
    const returnTo = readReturnAddress(login.returnTo) ?? urls.home;
    const { display } = login;
    try {
      if (login.provider !== providerName || !arrivedByExpectedMethod(req, provider, login.display)) {
        throw new LoginError('The callback came by another way than the login asked for.', {
          code: 'login_invalid',
        });
      }
      if (browser.id === undefined && login.sessionId) {
        setCurrentSession(browser, await sessions.readById(login.sessionId));
        if (!sessions.touch(browser)) await sessions.keepUp(browser, req);
        if (browser.fault) throw browser.fault;
      }
      const redirectUri = findRedirectUri(provider, display, urls);
      const proven = await provider.finishLogin(answer, provider.restoreChecks({ ...login, redirectUri }));
      try {
        const unverified = readUnverified(answer);
        await establish(req, res, browser, {
          id,
          proven,
          unverified,
          taken: found,
          takenAt,
          provider,
          returnTo,
        });
      } catch (error) {
        // No session keeps these tokens: nobody else shall have them either.
        await revocation.revoke(proven.tokens, { provider: providerName, req, res });
        throw error;
      }
    } catch (error) {
      // The answer knows where the login was shown, and offers a restart that leads to the same place.
      await answers.fail(req, res, error, { during: 'callback', returnTo, display, provider: providerName });
      return;
    }
    if (!res.headersSent) await answers.sendLoginResult(req, res, { returnTo, display });
  };

  return { route, establish };

  /** An answer by another way than the one asked for is somebody else's doing. */
  function arrivedByExpectedMethod(req: Request, provider: Provider, display: LoginDisplay): boolean {
    if (display === 'provider_popup')
      return req.method === 'POST' && findSource(req, options.ownOrigins) === 'own';
    return (req.method === 'POST') === isFormPost(provider.definition);
  }
}

/** How long a callback waits for the one that took its login, and how long between two looks, in milliseconds. */
const TWIN_PATIENCE_MS = 2_000;
const TWIN_PAUSE_MS = 100;

/** What is kept of a description. */
const MAX_DESCRIPTION_LENGTH = 256;

function checkScopes({ name, definition }: Provider, missing: readonly string[]): void {
  if (!definition.refuseMissingScopes || missing.length === 0) return;
  throw new LoginError(`Provider "${name}" did not grant: ${missing.join(' ')}.`, { code: 'login_refused' });
}

/** Only a {@link LoginRefused}, thrown or returned, refuses. Whatever else is thrown is a fault of the application. */
async function callHook<T>(name: string, hook: () => T | Promise<T>): Promise<Exclude<T, LoginRefused>> {
  let answer: T;
  try {
    answer = await hook();
  } catch (error) {
    throw hookFault(name, error);
  }
  if (answer instanceof LoginRefused) throw answer;
  return answer as Exclude<T, LoginRefused>;
}
