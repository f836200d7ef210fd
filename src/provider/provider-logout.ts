import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { isPassing, toProviderError } from './provider-faults.ts';

/** The session that is to end at the provider, and where the browser goes afterwards. */
export interface EndSessionRequest {
  readonly tokens: TokenSet | undefined;
  readonly sub: string | undefined;
  /** What the provider said of the person; `undefined`: nothing is known of the session any more. */
  readonly claims?: UserClaims | undefined;
  /** What the logout carries besides. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly postLogoutRedirectUri: string;
  readonly state?: string | undefined;
}

/** A logout that the browser must be sent to. */
export interface BrowserLogout {
  readonly url: URL;
  /** Names of what is ours in its query; the endpoint may have one of its own. */
  readonly params: readonly string[];
  /** Whether it is refused without its `id_token_hint`. */
  readonly needsHint: boolean;
}

/** What became of a logout at the provider. */
export interface ProviderLogoutResult {
  /** `undefined`: the browser need not go there, or in vain. */
  readonly browserLogout: BrowserLogout | undefined;
  /** The tokens as they are now. */
  readonly tokens: TokenSet | undefined;
  /** Why the provider's session may live on. */
  readonly fault?: ConnectAuthError | undefined;
}

/** What a logout at the provider needs beside the request. */
export interface ProviderLogoutOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly definition: ProviderDefinition;
  /** Gives tokens whose access token lives. */
  readonly keepAlive: (
    tokens: TokenSet | undefined,
    sub: string | undefined,
  ) => Promise<TokenSet | undefined>;
}

/**
 * Ends the session at the provider: by a call, or by the URL to send the browser to; neither where it has none.
 *
 * @see [RP-Initiated Logout, section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)
 */
export async function endProviderSession(
  configuration: client.Configuration,
  request: EndSessionRequest,
  { name, definition, keepAlive }: ProviderLogoutOptions,
): Promise<ProviderLogoutResult> {
  const { tokens, sub } = request;
  const { capabilities } = definition;
  const { end_session_endpoint: endpoint } = configuration.serverMetadata();
  if (capabilities.logout === false || !endpoint) return { browserLogout: undefined, tokens };
  if (capabilities.logout === 'api') {
    const living = await keepAlive(tokens, sub);
    const fault = living?.accessToken
      ? await callLogout(configuration, endpoint, living.accessToken, name)
      : undefined;
    return { browserLogout: undefined, tokens: living, fault };
  }
  return { browserLogout: createBrowserLogout(endpoint, request, definition), tokens };
}

/** `undefined`: the provider takes no logout without a hint, and there is none. */
function createBrowserLogout(
  endpoint: string,
  { tokens, claims, params, postLogoutRedirectUri, state }: EndSessionRequest,
  { clientId, quirks, logoutParams, logoutClaims }: ProviderDefinition,
): BrowserLogout | undefined {
  const hint = quirks.logoutHint === false ? undefined : tokens?.idToken;
  const needsHint = quirks.logoutHint === 'required';
  if (needsHint && hint === undefined) return undefined;
  const given = Object.entries({
    ...logoutParams,
    ...pickLogoutClaims(logoutClaims, claims),
    ...params,
    // Last: nothing else replaces what the protocol says.
    client_id: clientId,
    [quirks.logoutReturnParam]: postLogoutRedirectUri,
    id_token_hint: hint,
    state,
  }).filter((param): param is [string, string] => param[1] !== undefined);
  const url = new URL(endpoint);
  for (const [name, value] of given) url.searchParams.set(name, value);
  return { url, params: given.map(([name]) => name), needsHint };
}

function pickLogoutClaims(
  names: ProviderDefinition['logoutClaims'],
  claims: UserClaims | undefined,
): Record<string, string> {
  const values = Object.entries(names).map(([param, claim]) => [param, claims?.[claim]] as const);
  return Object.fromEntries(
    values.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''),
  );
}

/** Returns what kept the provider from ending the session. Its answer is an empty one of any 2xx status. */
async function callLogout(
  configuration: client.Configuration,
  endpoint: string,
  accessToken: string,
  name: string,
): Promise<ConnectAuthError | undefined> {
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  const url = new URL(endpoint);
  try {
    const answer = await client.fetchProtectedResource(configuration, accessToken, url, 'POST', '', headers);
    const { ok, status } = answer;
    if (ok) return undefined;
    return new ProviderError(`Provider "${name}": the logout was answered with the status ${status}.`, {
      code: isPassing(status) ? 'provider_unavailable' : 'provider_refused',
      provider: name,
    });
  } catch (error) {
    return toProviderError(error, name, 'the logout');
  }
}
