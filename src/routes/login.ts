import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';
import { type Diagnostics, describeError } from '../diagnostics.ts';
import { ConfigurationError, CrossOriginError, LoginRequiredError, ProviderError } from '../errors.ts';
import { findSource, isNavigation, isPrefetch } from '../fetch-metadata.ts';
import type { ResolvedLoginParameters, SilentLoginOptions } from '../options/login-options.ts';
import { quoteName } from '../options/option-checks.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { isFormPost } from '../provider/jwt-answer.ts';
import type { LoginRequest, Provider } from '../provider/provider.ts';
import { wrapPopupState } from '../provider/quirks/popup-state.ts';
import { splitWords } from '../provider/split-words.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import { type Answers, OTHER_ACCOUNT } from './answers.ts';
import type { HostNames } from './host-names.ts';
import type { LoginDisplay, PendingLogins } from './pending-logins.ts';
import { readQuery } from './request-input.ts';
import { findNamedOrigin, foreignAddress, type ReturnAddressReader } from './return-address.ts';
import type { SilentMarks } from './silent-marks.ts';
import type { Urls } from './urls.ts';

/** What a login is started with. */
export interface LoginOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly pendingLogins: PendingLogins;
  readonly readReturnAddress: ReturnAddressReader;
  /** The ID token of the session of a browser, where it can be had. */
  readonly readIdToken: (browser: BrowserSession) => Promise<string | undefined>;
  readonly hostNames: HostNames;
  readonly urls: Urls;
  readonly answers: Answers;
  readonly loginParameters: ResolvedOptions['loginParameters'];
  readonly origin: string;
  readonly ownOrigins: ReadonlySet<string>;
  readonly silentMarks: SilentMarks;
  readonly diagnostics: Diagnostics;
  readonly now: Clock;
}

/** What a login asks for, and the session of the browser that asks. */
export interface LoginStart extends ResolvedLoginParameters {
  readonly browser: BrowserSession;
  /** Whether it is begun in place of one whose cookie was lost: that is done once. */
  readonly isRestart?: boolean;
}

/** What a login without a page asks for. */
export interface SilentLoginStart extends SilentLoginOptions {
  readonly browser: BrowserSession;
}

/** How a login begins: by our route, or by a handler of the application. */
export interface Login {
  /** Answers any request by sending the browser to the provider. */
  start(req: Request, res: Response, parameters: LoginStart): Promise<void>;
  /** The same without a page of the provider, where it is of use. False: it is not, and nothing was answered. */
  trySilently(req: Request, res: Response, parameters: SilentLoginStart): Promise<boolean>;
  /**
   * `GET /login?returnTo=…&provider=…&display=popup`, and what `loginParameters` allows; nothing else of the query is
   * looked at. `display=provider_popup` answers a script of our own page, for a provider's popup package.
   */
  route(req: Request, res: Response, browser: BrowserSession): Promise<void>;
}

/** Makes what starts logins. */
export function createLogin(options: LoginOptions): Login {
  const { providers, pendingLogins, readReturnAddress, urls, answers, loginParameters, silentMarks, now } =
    options;
  const { diagnostics } = options;

  /** A silent login says whom it is about: many providers refuse it otherwise. */
  const findHint = async (provider: Provider, { prompt, browser }: LoginStart) => {
    const asked = prompt ?? provider.definition.authorizationParams.prompt ?? '';
    if (!asked.split(' ').includes('none') || browser.identity?.provider !== provider.name) return undefined;
    const idToken = await options.readIdToken(browser);
    return idToken && idToken.length <= MAX_HINT_LENGTH ? idToken : undefined;
  };

  const makeReady = async (
    req: Request,
    res: Response,
    provider: Provider,
    parameters: LoginStart,
    display: LoginDisplay,
  ) => {
    const startedAt = now();
    options.hostNames.noteLogin(req);
    const inProviderPopup = display === 'provider_popup';
    const redirectUri = findRedirectUri(provider, display, urls);
    const { isRestart } = parameters;
    const begun = pendingLogins.begin({ isRestart });
    const request: LoginRequest = {
      secrets: begun.secrets,
      redirectUri,
      wrapState: inProviderPopup ? (state: string) => wrapPopupState(state, options.origin) : undefined,
      prompt: parameters.prompt,
      maxAgeSeconds: parameters.maxAgeSeconds,
      acrValues: parameters.acrValues,
      loginHint: parameters.loginHint,
      uiLocales: parameters.uiLocales,
      authorizationDetails: parameters.authorizationDetails,
      params: parameters.authorizationParams,
    };
    const idTokenHint = await findHint(provider, parameters);
    const hinted = await provider.startLogin({ ...request, idTokenHint });
    // A hint may help. Where it does not fit, the login goes without.
    const isTooLong = idTokenHint !== undefined && hinted.url.href.length > MAX_HINTED_LENGTH;
    const { url, checks } = isTooLong ? await provider.startLogin(request) : hinted;
    const { maxAgeSeconds, acrValues } = checks;
    const crossSite = isFormPost(provider.definition) && !inProviderPopup;
    const { issuer, definition } = provider;
    const prompts = splitWords(parameters.prompt ?? definition.authorizationParams.prompt ?? '');
    pendingLogins.put(
      { req, res },
      {
        provider: provider.name,
        startedAt,
        display,
        returnTo: readReturnAddress(parameters.returnTo) ?? urls.home,
        maxAgeSeconds,
        acrValues,
        prompt: prompts.includes('login') ? 'login' : undefined,
        sessionId: crossSite ? parameters.browser.id : undefined,
        isRestart,
      },
      {
        begun,
        client: { issuer, clientId: definition.clientId, redirectUri },
        crossSite,
        fallback: urls.home,
        location: url.href,
      },
    );
    diagnostics.tell('login.started', () => ({
      provider: provider.name,
      display,
      isRestart: isRestart === true,
    }));
    return url;
  };

  const begin: typeof makeReady = async (req, res, provider, parameters, display) => {
    const described = { provider: provider.name, display };
    try {
      return await diagnostics.trace(
        'login',
        () => described,
        () => makeReady(req, res, provider, parameters, display),
      );
    } catch (error) {
      const { code } = describeError(error);
      diagnostics.tell('login.refused', () => ({ ...described, during: 'login' as const, code }));
      throw error;
    }
  };

  const answer: Login['start'] = async (req, res, parameters) => {
    const provider = choose(providers, parameters.provider);
    if (!provider && parameters.authorizationDetails)
      throw new ConfigurationError(
        'With several providers, req.auth.login({ authorizationDetails }) needs a provider.',
      );
    if (!provider) {
      await sendChoice(req, res, parameters);
      return;
    }
    // A page that asks again at once would do so for ever: the second time, the person is told.
    const isSilent = parameters.prompt === 'none' && !silentMarks.isRecent(req, LOOP_SECONDS);
    const { display: asked = 'page' } = parameters;
    const display = isSilent && asked === 'page' ? 'silent' : asked;
    const url = await begin(req, res, provider, parameters, display);
    if (display === 'silent') silentMarks.write(res);
    answers.redirect(res, 302, url.href);
  };

  /** What a handler asks for and may not have is its author's to hear of; the person goes home all the same. */
  const start: Login['start'] = async (req, res, parameters) => {
    const { returnTo } = parameters;
    const origin = findNamedOrigin(returnTo);
    // The address of this very request is nobody's choice of an address.
    if (origin !== undefined && returnTo !== req.originalUrl && readReturnAddress(returnTo) === undefined)
      await answers.reportError(req, undefined, foreignAddress('req.auth.login()', origin), 'login');
    await answer(req, res, parameters);
  };

  const trySilently: Login['trySilently'] = async (req, res, { everySeconds, ...parameters }) => {
    const { identity, fault } = parameters.browser;
    if (identity || fault || !isNavigation(req) || silentMarks.isRecent(req, everySeconds)) return false;
    const provider = choose(providers, parameters.provider);
    if (!provider)
      throw new ConfigurationError('With several providers, req.auth.trySilentLogin() needs a provider.');
    // First, so that a provider that is away keeps no page waiting again and again.
    silentMarks.write(res);
    try {
      const url = await begin(req, res, provider, { ...parameters, prompt: 'none' }, 'silent');
      answers.redirect(res, 302, url.href);
      return true;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code === 'provider_unsupported') throw error;
      await answers.reportError(req, res, error, 'login');
      return false;
    }
  };

  /** The page opens the window itself and hands us what it gets back; only a page of ours may. */
  const startInProviderPopup: Login['start'] = async (req, res, parameters) => {
    if (findSource(req, options.ownOrigins) !== 'own') throw new CrossOriginError();
    const provider = choose(providers, parameters.provider);
    if (!provider?.definition.popupRedirectUri) {
      throw new ProviderError('This provider has no popup of its own. Use display=popup.', {
        code: 'provider_unsupported',
        provider: provider?.name ?? '',
      });
    }
    const url = await begin(req, res, provider, parameters, 'provider_popup');
    noStore(res);
    res.json({
      authorizationUrl: url.href,
      providerOrigin: url.origin,
      callbackUrl: new URL(urls.redirectUri(provider.name)).pathname,
    });
  };

  /** What was asked for goes on as far as a query may; a guard asks again for what it needs. */
  const sendChoice = async (req: Request, res: Response, parameters: LoginStart) => {
    const returnTo = readReturnAddress(parameters.returnTo) ?? urls.home;
    const { display = 'page', prompt, loginHint, uiLocales, authorizationParams = {} } = parameters;
    const query = {
      ...(display === 'page' ? {} : { display }),
      ...(prompt !== undefined && loginParameters.prompt.includes(prompt) ? { prompt } : {}),
      ...(loginHint !== undefined && loginParameters.loginHint ? { login_hint: loginHint } : {}),
      ...(uiLocales !== undefined && loginParameters.uiLocales ? { ui_locales: uiLocales } : {}),
      ...pick(authorizationParams, loginParameters.authorizationParams),
    };
    const choices = [...providers.keys()].flatMap((provider) => {
      const href = urls.login(returnTo, { provider, ...query });
      return href === undefined ? [] : [{ provider, href }];
    });
    if (choices.length === 0) {
      throw new ConfigurationError(
        'With several providers and no login route, req.auth.login() needs a provider.',
      );
    }
    await answers.page(req, res, {
      status: 200,
      name: 'choose',
      subject: { page: 'choose', providers: choices },
    });
  };

  const readParameters = (query: URLSearchParams): ResolvedLoginParameters => {
    const take = (name: string, allowed: (value: string) => boolean) => {
      const value = query.get(name);
      return value !== null && value.length <= 256 && allowed(value) ? value : undefined;
    };
    const takeAll = (names: readonly string[]): Record<string, string> => {
      const taken = names.map((name) => [name, take(name, (value) => value !== '')] as const);
      return Object.fromEntries(taken.filter((entry): entry is [string, string] => entry[1] !== undefined));
    };
    const chosen = {
      returnTo: query.get('returnTo') ?? urls.home,
      provider: take('provider', (name) => providers.has(name)),
      prompt: take('prompt', (prompt) => prompt === OTHER_ACCOUNT || loginParameters.prompt.includes(prompt)),
      loginHint: take('login_hint', () => loginParameters.loginHint),
      uiLocales: take('ui_locales', () => loginParameters.uiLocales),
      authorizationParams: takeAll(loginParameters.authorizationParams),
      display: take('display', (display) => display === 'popup') as 'popup' | undefined,
    };
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  };

  return {
    start,
    trySilently,
    route: async (req, res, browser) => {
      const query = readQuery(req);
      const parameters = { ...readParameters(query), browser };
      if (query.get('display') === 'provider_popup') {
        await startInProviderPopup(req, res, parameters);
        return;
      }
      if (isEmbedded(req)) throw new LoginRequiredError('A login needs a page of its own.');
      await answer(req, res, parameters);
    },
  };
}

/** Longer ones do not fit the headers of a redirect. In characters. */
const MAX_HINT_LENGTH = 2000;
/** Of the address with its hint: the rest of what proxies take is for the cookie of the login. In characters. */
const MAX_HINTED_LENGTH = 2700;
/** A failed login without a page that is followed by another within so many seconds goes round. */
const LOOP_SECONDS = 10;

/** Where the provider answers a login that shows itself like this. */
export function findRedirectUri(provider: Provider, display: LoginDisplay, urls: Urls): string {
  return display === 'provider_popup'
    ? provider.definition.popupRedirectUri!
    : urls.redirectUri(provider.name);
}

/** The only provider there is, or the one named; `undefined`: the person must say. */
function choose(providers: ReadonlyMap<string, Provider>, name: string | undefined): Provider | undefined {
  if (name !== undefined) {
    const provider = providers.get(name);
    if (!provider) throw new ConfigurationError(`There is no provider ${quoteName(name)} among the options.`);
    return provider;
  }
  return providers.size === 1 ? [...providers.values()][0] : undefined;
}

function pick(given: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

/** A frame, an image, a fetch or what is loaded ahead: a redirect would lead nowhere and leave a pending login behind. */
export function isEmbedded(req: Request): boolean {
  return isPrefetch(req) || (req.headers['sec-fetch-mode'] !== undefined && !isNavigation(req));
}
