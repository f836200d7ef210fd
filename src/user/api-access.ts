import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError } from '../errors.ts';
import { checkDestination, fetchWithToken } from '../fetch-with-token.ts';
import { ACCESS_TOKEN_OPTIONS } from '../options/login-options.ts';
import { readOptions } from '../options/option-table.ts';
import { checkResource } from '../options/resource-check.ts';
import type { Provider } from '../provider/provider.ts';
import type { AccessTokenOptions, ApiRequestInit } from '../request-types.ts';
import { type BrowserSession, setCurrentSession, takeTokens } from '../session/browser-session.ts';
import type { Identity, IdentityReader } from '../session/identity.ts';
import type { TokenDemand } from '../session/token-demand.ts';
import { type TellFault, tellUnawaited } from '../tell-unawaited.ts';
import type { TokenNeed } from '../vault/token-life.ts';
import type { TokenSource } from '../vault/token-source.ts';
import { readStepUp } from './step-up.ts';

/** Calls as the person who is logged in. */
export interface ApiAccess {
  getAccessToken(options?: AccessTokenOptions): Promise<string>;
  fetch(url: string | URL, init?: ApiRequestInit): Promise<Response>;
  fetchUserInfo(): Promise<UserClaims>;
}

/** What it is made of. */
export interface ApiAccessOptions {
  readonly tokenSource: TokenSource;
  readonly tokenDemand: TokenDemand;
  readonly monotonic: Clock;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly apiOrigins: ReadonlySet<string>;
  /** What calls go through. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly readIdentity: IdentityReader;
}

/** Gives an access token. Of one that an API has `rejected`, another, if there is one to be had. */
export type GetToken = (need: TokenNeed) => Promise<string>;

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
  const { tokenSource, tokenDemand, readIdentity, monotonic } = options;
  let isFirstCall = true;

  const getToken: GetToken = async (need) => {
    const { provider, sub } = requireIdentity(browser);
    const [sessionId, sessionKey] = [browser.id!, browser.key];
    if (isFirstCall) tokenDemand.note();
    isFirstCall = false;
    try {
      const owner = { sessionId, sessionKey, provider, sub };
      const { tokens, login } = await tokenSource.get(owner, need, takeTokens(browser, monotonic()));
      const identity = readIdentity(login);
      if (identity && browser.id === sessionId) setCurrentSession(browser, { ...browser, identity });
      return tokens.accessToken!;
    } catch (error) {
      // The cookie stays: by now it may be that of a newer session, and a dead one harms nobody.
      if (error instanceof LoginRequiredError && browser.id === sessionId) setCurrentSession(browser);
      throw error;
    }
  };

  return createTokenCalls(getToken, { ...options, tell, whoIs: () => requireIdentity(browser) });
}

/** What calls with somebody's token need beside it. */
export interface TokenCallsOptions extends Pick<ApiAccessOptions, 'providers' | 'apiOrigins' | 'fetch'> {
  /** Told what failed in a call that nobody awaits. */
  readonly tell: TellFault;
  /** Whose token it is. */
  readonly whoIs: () => Pick<Identity, 'provider' | 'sub'>;
}

/** Makes the calls over whatever gives a token, none of which ends the process when nobody awaits it. */
export function createTokenCalls(
  getToken: GetToken,
  { providers, apiOrigins, fetch, tell, whoIs }: TokenCallsOptions,
): ApiAccess {
  const getTokenFor = async (given: object) =>
    getToken(readOptions('getAccessToken()', given, ACCESS_TOKEN_OPTIONS));
  const getAccessToken: ApiAccess['getAccessToken'] = (given) =>
    given === undefined ? getToken(ORDINARY) : getTokenFor(given);

  const fetchAsUser: ApiAccess['fetch'] = async (address, { resource, ...init } = {}) => {
    const url = checkDestination('req.auth.fetch()', address, apiOrigins);
    const need =
      resource === undefined
        ? ORDINARY
        : { ...ORDINARY, resource: checkResource('req.auth.fetch(): resource', resource) };
    const token = await getToken(need);
    const response = await fetchWithToken(fetch, url, { init, token });
    await refuseStepUp(url, response);
    if (response.status !== 401 || !isRepeatable(init.body)) return response;
    // The API knows better than the clock: once more, with another token if there is one to be had.
    const other = await getToken({ ...need, rejected: token }).catch(() => token);
    if (other === token) return response;
    await drop(response);
    const second = await fetchWithToken(fetch, url, { init, token: other });
    await refuseStepUp(url, second);
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
      const other = await getToken({ ...ORDINARY, rejected: token }).catch(() => token);
      if (other === token) throw error;
      return provider.fetchUserInfo(other, sub);
    }
  };

  return {
    getAccessToken: (given) => tellUnawaited(getAccessToken(given), 'req.auth.getAccessToken()', tell),
    fetch: (url, init) => tellUnawaited(fetchAsUser(url, init), 'req.auth.fetch()', tell),
    fetchUserInfo: () => tellUnawaited(fetchUserInfo(), 'req.auth.fetchUserInfo()', tell),
  };
}

function requireIdentity(browser: BrowserSession): Identity {
  if (browser.fault) throw browser.fault;
  if (!browser.identity) throw new LoginRequiredError();
  return browser.identity;
}

/** No other token of the same login will do: the person must prove more. @throws StepUpRequiredError */
async function refuseStepUp(url: URL, response: Response): Promise<void> {
  const demand = readStepUp(url, response);
  if (!demand) return;
  await drop(response);
  throw demand;
}

/** Frees the connection of an answer that nobody reads. */
async function drop({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined);
}

/** A stream is gone once it was sent. */
function isRepeatable(body: RequestInit['body']): boolean {
  return !(
    body instanceof ReadableStream ||
    (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  );
}
