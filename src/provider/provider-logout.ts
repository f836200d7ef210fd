import * as client from 'openid-client';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { toProviderError } from './provider-faults.ts';

/** The session that is to end at the provider, and where the browser goes afterwards. */
export interface EndSessionRequest {
  readonly tokens: TokenSet | undefined;
  readonly sub: string | undefined;
  readonly postLogoutRedirectUri: string;
  readonly state?: string | undefined;
}

/** What became of a logout at the provider. */
export interface ProviderLogoutResult {
  readonly url: URL | undefined;
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
  { tokens, sub, postLogoutRedirectUri, state }: EndSessionRequest,
  { name, definition: { capabilities, quirks }, keepAlive }: ProviderLogoutOptions,
): Promise<ProviderLogoutResult> {
  const { end_session_endpoint: endpoint } = configuration.serverMetadata();
  if (capabilities.logout === false || !endpoint) return { url: undefined, tokens };
  if (capabilities.logout === 'api') {
    const living = await keepAlive(tokens, sub);
    const fault = living?.accessToken
      ? await callLogout(configuration, endpoint, living.accessToken, name)
      : undefined;
    return { url: undefined, tokens: living, fault };
  }
  const hint = quirks.logoutHint ? tokens?.idToken : undefined;
  const url = client.buildEndSessionUrl(configuration, {
    [quirks.logoutReturnParam]: postLogoutRedirectUri,
    ...(hint ? { id_token_hint: hint } : {}),
    ...(state ? { state } : {}),
  });
  return { url, tokens };
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
      code: status >= 500 || status === 429 ? 'provider_unavailable' : 'provider_refused',
      provider: name,
    });
  } catch (error) {
    return toProviderError(error, name, 'the logout');
  }
}
