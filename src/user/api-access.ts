import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { wantsNonce } from '../dpop.ts';
import { ConfigurationError, LoginRequiredError, ProviderError, TokenError } from '../errors.ts';
import { type CallApi, checkDestination, dropAnswer, isRepeatable } from '../fetch-with-token.ts';
import { refuseRound } from '../freshness.ts';
import { ACCESS_TOKEN_OPTIONS, TOKEN_EXCHANGE_OPTIONS } from '../options/login-options.ts';
import { readOptions } from '../options/option-table.ts';
import { checkResource } from '../options/resource-check.ts';
import type { Provider } from '../provider/provider.ts';
import type { AccessTokenOptions, ApiRequestInit, TokenExchangeOptions } from '../request-types.ts';
import { type BrowserSession, setCurrentSession, takeTokens } from '../session/browser-session.ts';
import type { Identity, IdentityReader } from '../session/identity.ts';
import type { TokenDemand } from '../session/token-demand.ts';
import type { StepUpLogin } from '../step-up-errors.ts';
import { type TellFault, tellUnawaited } from '../tell-unawaited.ts';
import type { TokenExchange, UsableToken } from '../tokens.ts';
import type { TokenNeed } from '../vault/token-life.ts';
import type { TokenSource } from '../vault/token-source.ts';
import type { RequestServices } from './request-state.ts';
import { readStepUp } from './step-up.ts';

/** Calls as the person who is logged in. */
export interface ApiAccess {
  getAccessToken(options?: AccessTokenOptions): Promise<string>;
  exchangeToken(options: TokenExchangeOptions): Promise<string>;
  fetch(url: string | URL, init?: ApiRequestInit): Promise<Response>;
  fetchUserInfo(): Promise<UserClaims>;
}

/** What it is made of. */
export interface ApiAccessOptions extends Pick<RequestServices, 'sessions' | 'now'> {
  readonly tokenSource: TokenSource;
  readonly tokenDemand: TokenDemand;
  now(): number;
  readonly monotonic: Clock;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly apiOrigins: ReadonlySet<string>;
  readonly callApi: CallApi;
  readonly readIdentity: IdentityReader;
}

/** Gives an access token. Of one that an API has `rejected`, another, if there is one to be had. */
export type GetToken = (need: TokenNeed) => Promise<UsableToken>;

/** What every call takes that says nothing else. */
const ORDINARY: TokenNeed = { minValiditySeconds: ACCESS_TOKEN_OPTIONS.minValiditySeconds.default };

/**
 * Makes it for the session of one request, as it stands at each call.
 *
 * @param tell - told what failed in a call that nobody awaits.
 */
export function createApiAccess(
  options: ApiAccessOptions,
  browser: BrowserSession,
  tell: TellFault,
): ApiAccess {
  const { tokenSource, tokenDemand, sessions, readIdentity, now, monotonic } = options;
  let isFirstCall = true;

  /** A handler may be at work for longer than its session lives, which nobody else may have looked at since. */
  const refuseEnded = async (sessionKey: string) => {
    if ((await sessions.findLiveKey(sessionKey)) === undefined)
      throw new LoginRequiredError('The session has ended.');
  };

  const getToken: GetToken = async (need) => {
    const lost = requireIdentity(browser);
    const { provider, sub, absoluteEnd } = lost;
    const sessionId = browser.id!;
    const sessionKey = browser.key ?? sessions.keyOf(sessionId);
    if (isFirstCall) tokenDemand.note();
    isFirstCall = false;
    try {
      if (absoluteEnd <= now()) await refuseEnded(sessionKey);
      const owner = { sessionId, sessionKey, provider, sub };
      const { tokens, login } = await tokenSource.get(owner, need, takeTokens(browser, monotonic()));
      const identity = readIdentity(login);
      if (identity && browser.id === sessionId) setCurrentSession(browser, { ...browser, identity });
      // The refresh may have brought the news that it is over.
      if (identity && identity.absoluteEnd <= now()) await refuseEnded(sessionKey);
      return { accessToken: tokens.accessToken!, dpopKey: tokens.dpopKey };
    } catch (error) {
      // The cookie stays: by now it may be that of a newer session, and a dead one harms nobody.
      if (error instanceof LoginRequiredError && browser.id === sessionId)
        setCurrentSession(browser, { lost });
      throw error;
    }
  };

  const refuseRoundOf = (login: StepUpLogin, calledAt: number) => {
    if (browser.identity) refuseRound(browser.identity, login, calledAt);
  };
  return createTokenCalls(getToken, {
    ...options,
    tell,
    whoIs: () => requireIdentity(browser),
    refuseRoundOf,
  });
}

/** What calls with somebody's token need beside it. */
export interface TokenCallsOptions
  extends Pick<ApiAccessOptions, 'providers' | 'apiOrigins' | 'callApi' | 'now'> {
  /** Told what failed in a call that nobody awaits. */
  readonly tell: TellFault;
  /** Whose token it is. */
  readonly whoIs: () => Pick<Identity, 'provider' | 'sub'>;
  /** Throws where the login behind the token was just asked for the one that an API wants, which was called then. */
  readonly refuseRoundOf?: (login: StepUpLogin, calledAt: number) => void;
}

/** Makes the calls over whatever gives a token, none of which ends the process when nobody awaits it. */
export function createTokenCalls(
  getToken: GetToken,
  { providers, apiOrigins, callApi, now, tell, whoIs, refuseRoundOf }: TokenCallsOptions,
): ApiAccess {
  const getAccessToken: ApiAccess['getAccessToken'] = async (given) => {
    const need =
      given === undefined ? ORDINARY : readOptions('getAccessToken()', given, ACCESS_TOKEN_OPTIONS);
    return giveAway(await getToken(need));
  };
  const exchangeToken: ApiAccess['exchangeToken'] = async (given) =>
    giveAway(await getToken({ ...ORDINARY, exchange: readExchange('exchangeToken()', given) }));

  /** No other token of the same login will do: the person must prove more. @throws StepUpRequiredError, LoginError */
  const refuseStepUp = async (url: URL, response: Response, calledAt: number) => {
    const demand = readStepUp(url, response, providers.size > 1 ? whoIs().provider : undefined);
    if (!demand) return;
    await dropAnswer(response);
    refuseRoundOf?.(demand.login, calledAt);
    throw demand;
  };

  const fetchAsUser: ApiAccess['fetch'] = async (address, { resource, exchange, ...init } = {}) => {
    const url = checkDestination('req.auth.fetch()', address, apiOrigins);
    const need = {
      ...ORDINARY,
      // One that is empty is a mistake, and not a wish for the token that may do everything.
      ...(resource !== undefined && { resource: checkResource('req.auth.fetch(): resource', resource) }),
      ...(exchange !== undefined && { exchange: readExchange('req.auth.fetch(): exchange', exchange) }),
    };
    if (resource !== undefined && exchange !== undefined)
      throw new ConfigurationError('req.auth.fetch() takes resource or exchange, and not both.');
    const token = await getToken(need);
    // An API that takes its time makes no older login of it.
    const calledAt = now();
    const response = await callApi(url, { init, token });
    await refuseStepUp(url, response, calledAt);
    if (response.status !== 401 || wantsNonce(response) || !isRepeatable(init.body)) return response;
    // The API knows better than the clock: once more, with another token if there is one to be had.
    const other = await getToken({ ...need, rejected: token.accessToken }).catch(() => token);
    if (other.accessToken === token.accessToken) return response;
    await dropAnswer(response);
    const second = await callApi(url, { init, token: other });
    await refuseStepUp(url, second, calledAt);
    return second;
  };

  const fetchUserInfo: ApiAccess['fetchUserInfo'] = async () => {
    const { provider: name, sub } = whoIs();
    const provider = providers.get(name);
    if (!provider)
      throw new ProviderError(`There is no provider "${name}".`, {
        code: 'provider_unsupported',
        provider: name,
      });
    const token = await getToken(ORDINARY);
    try {
      return await provider.fetchUserInfo(token, sub);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.oauthError !== 'invalid_token') throw error;
      // As for an API: once more, with another token.
      const other = await getToken({ ...ORDINARY, rejected: token.accessToken }).catch(() => token);
      if (other.accessToken === token.accessToken) throw error;
      return provider.fetchUserInfo(other, sub);
    }
  };

  return {
    getAccessToken: (given) => tellUnawaited(getAccessToken(given), 'req.auth.getAccessToken()', tell),
    exchangeToken: (given) => tellUnawaited(exchangeToken(given), 'req.auth.exchangeToken()', tell),
    fetch: (url, init) => tellUnawaited(fetchAsUser(url, init), 'req.auth.fetch()', tell),
    fetchUserInfo: () => tellUnawaited(fetchUserInfo(), 'req.auth.fetchUserInfo()', tell),
  };
}

/** A token that is bound would be taken for one that is not. */
function giveAway({ accessToken, dpopKey }: UsableToken): string {
  if (dpopKey === undefined) return accessToken;
  throw new TokenError(
    'The access token is bound to a key (DPoP), and no API takes it by itself. Call the API by req.auth.fetch(), which sends the proof.',
    'token_bound',
  );
}

function readExchange(where: string, given: unknown): TokenExchange {
  const exchange = readOptions(where, given, TOKEN_EXCHANGE_OPTIONS);
  if (Object.values(exchange).some((value) => value !== undefined)) return exchange;
  throw new ConfigurationError(`${where} must say what for: audience, resource or scope.`);
}

function requireIdentity(browser: BrowserSession): Identity {
  if (browser.fault) throw browser.fault;
  if (!browser.identity) throw new LoginRequiredError();
  return browser.identity;
}
