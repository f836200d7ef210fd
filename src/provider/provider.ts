import * as client from 'openid-client';
import { pickUserClaims, type UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { type ConnectAuthError, LoginError, ProviderError, readOauthError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import {
  createAuthorizationRequest,
  createLoginChecks,
  type LoginChecks,
  type LoginRequest,
} from './authorization-request.ts';
import { createConfigurationSource } from './configuration.ts';
import { meetsAcr } from './id-token.ts';
import { createIdentityProver, type Proof, refusal } from './identity-proof.ts';
import { type LogoutClaims, verifyLogoutToken } from './logout-token.ts';
import { toProviderError } from './provider-faults.ts';
import { createProviderFetch } from './provider-fetch.ts';
import { createTokenReader, setKnownEnd } from './token-answer.ts';
import { mergeTokens, proveSameLogin } from './token-refresh.ts';
import { revokeTokens } from './token-revocation.ts';

export type { LoginChecks, LoginRequest, LoginSecrets } from './authorization-request.ts';

/** What a login at the provider brought. */
export interface ProvenLogin extends Proof {
  readonly tokens: TokenSet;
  /** Scopes that were asked for and not granted. */
  readonly missingScopes: readonly string[];
}

/** What a refresh brought: the tokens, completed by the old ones, and new claims when the answer had any. */
export interface RefreshedLogin {
  readonly tokens: TokenSet;
  readonly proof: Proof | undefined;
}

/** One provider at work: its definition turned into the calls a login needs. Rejects with `ProviderError`. */
export interface Provider {
  /** Its name in the options. */
  readonly name: string;
  readonly definition: ProviderDefinition;
  readonly issuer: string;
  /** Finds out where the provider is, before anything is asked of it. */
  prepare(): Promise<void>;
  /** Origins that a login or a logout sends the browser to, as far as they are known yet. */
  knownOrigins(): readonly string[];
  /** Says whether an authentication context class answers those asked for. */
  meetsAcr(acr: string | undefined, asked: readonly string[]): boolean;
  startLogin(request: LoginRequest): Promise<{ url: URL; checks: LoginChecks }>;
  /** What the answer to a login is checked against, from what was kept of it. */
  restoreChecks(
    kept: Pick<LoginRequest, 'secrets' | 'redirectUri' | 'maxAgeSeconds' | 'acrValues'>,
  ): LoginChecks;
  /**
   * Exchanges the code of a callback and verifies who logged in. The code is sent once, whatever happens.
   *
   * @throws LoginError `login_denied` when the provider answered with an error.
   */
  finishLogin(answer: URLSearchParams, checks: LoginChecks): Promise<ProvenLogin>;
  /**
   * Trades the refresh token for new tokens. They must speak of the same login.
   *
   * @throws ProviderError `provider_refused` with `invalid_grant`, or `provider_identity_changed`: the login is over.
   */
  refresh(tokens: TokenSet, login: { sub: string }): Promise<RefreshedLogin>;
  /** Revokes what can be revoked, the refresh token first. Does nothing where the provider has no revocation. */
  revoke(tokens: TokenSet): Promise<void>;
  /** Asks the userinfo endpoint about the person these tokens belong to. */
  fetchUserInfo(accessToken: string, sub: string): Promise<UserClaims>;
  /**
   * Verifies a logout token that somebody sent.
   *
   * @throws ProviderError `provider_invalid_response` for one to refuse, `provider_unavailable` without keys.
   */
  verifyLogoutToken(token: string): Promise<LogoutClaims>;
  /**
   * Ends the session at the provider: by a call, or by the URL to send the browser to; neither where it has none.
   * A call may have refreshed the tokens first, so these are told even when it failed.
   *
   * @see [RP-Initiated Logout, section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)
   */
  endSession(request: EndSessionRequest): Promise<EndedSession>;
}

export interface EndedSession {
  readonly url: URL | undefined;
  /** The tokens as they are now. */
  readonly tokens: TokenSet | undefined;
  /** Why the provider's session may live on. */
  readonly fault?: ConnectAuthError | undefined;
}

export interface EndSessionRequest {
  readonly tokens: TokenSet | undefined;
  readonly sub: string | undefined;
  readonly postLogoutRedirectUri: string;
  readonly state?: string | undefined;
}

export interface ProviderSettings {
  readonly name: string;
  readonly now: Clock;
  /** For cool-downs and the like. */
  readonly monotonic: Clock;
}

export function createProvider(definition: ProviderDefinition, { name, now }: ProviderSettings): Provider {
  const { quirks, capabilities } = definition;
  let metadata: Partial<client.ServerMetadata> | undefined = definition.metadata;
  const fetch = createProviderFetch(definition, () => metadata as never);
  const configurationOf = createConfigurationSource(definition, { name, fetch, now });
  const prover = createIdentityProver(definition, { name, fetch, now });

  const configure = async () => {
    const configuration = await configurationOf();
    metadata = configuration.serverMetadata();
    return configuration;
  };
  /** Runs one piece of talk with the provider, and wraps what fails. */
  const talk = async <T>(
    doing: string,
    work: (configuration: client.Configuration) => Promise<T>,
  ): Promise<T> => {
    const configuration = await configure();
    try {
      return await work(configuration);
    } catch (error) {
      throw toProviderError(error, name, doing);
    }
  };

  const exchangeCode = async (
    answer: URLSearchParams,
    checks: LoginChecks,
    configuration: client.Configuration,
  ) => {
    const callback = new URL(checks.redirectUri);
    callback.search = answer.toString();
    return client.authorizationCodeGrant(configuration, callback, {
      expectedState: checks.state,
      idTokenExpected: definition.identity.from === 'id_token',
      ...(checks.nonce === undefined ? {} : { expectedNonce: checks.nonce }),
      ...(checks.codeVerifier === undefined ? {} : { pkceCodeVerifier: checks.codeVerifier }),
      ...(checks.maxAgeSeconds === undefined ? {} : { maxAge: checks.maxAgeSeconds }),
    });
  };

  const fetchUserInfo = async (configuration: client.Configuration, accessToken: string, sub: string) =>
    pickUserClaims(await client.fetchUserInfo(configuration, accessToken, sub)) as UserClaims;

  /** What an unsigned source adds. The ID token's own claims win. */
  const findMoreClaims = async (
    configuration: client.Configuration,
    tokens: TokenSet,
    proof: Proof,
    answer: Record<string, unknown>,
  ): Promise<Partial<UserClaims>> => {
    if (quirks.userinfo === 'in_token_answer' && answer.userinfo !== undefined) {
      const userinfo = answer.userinfo as { sub?: unknown } | null;
      if (userinfo?.sub !== proof.sub)
        throw refusal(name, 'its userinfo speaks of another sub than the ID token');
      return pickUserClaims(userinfo);
    }
    if (!definition.userinfoAtLogin || !tokens.accessToken) return {};
    return fetchUserInfo(configuration, tokens.accessToken, proof.sub);
  };

  const read = createTokenReader(definition, { name, now });

  const refresh: Provider['refresh'] = async (tokens, { sub }) => {
    const { refreshToken } = tokens;
    if (!capabilities.refresh || !refreshToken) throw unsupported(name, 'refresh token');
    return talk('the token refresh', async (configuration) => {
      // Those that were granted: a newer release may ask for more.
      const params = new URLSearchParams(
        quirks.refreshScope ? { scope: tokens.scope ?? definition.scope } : {},
      );
      const answer = await client.refreshTokenGrant(configuration, refreshToken, params);
      const fresh = read(answer);
      const speaksOfIdentity = fresh.idToken !== undefined || definition.identity.from === 'access_token';
      if (!speaksOfIdentity) return { tokens: mergeTokens(tokens, fresh), proof: undefined };
      const proof = await proveSameLogin(() => prover.prove(fresh, undefined, configuration), {
        ...{ sub, name, idToken: fresh.idToken, previous: tokens.idToken },
      });
      // An ID token that could not be verified is of no use, not even as a hint at logout.
      const idToken = proof && fresh.idToken;
      return { tokens: mergeTokens(tokens, { ...setKnownEnd(fresh, proof), idToken }), proof };
    });
  };

  return {
    name,
    definition,
    issuer: definition.issuer,
    prepare: async () => {
      await configure();
    },
    knownOrigins: () => originsOf(metadata),
    meetsAcr: (acr, asked) => meetsAcr(acr, asked, quirks.acr),
    refresh,

    restoreChecks: (kept) => createLoginChecks(definition, kept),
    startLogin: async (request) => createAuthorizationRequest(await configure(), definition, request, name),

    finishLogin: (answer, checks) =>
      talk('the login', async (configuration) => {
        const response = definition.implicit
          ? readImplicitAnswer(answer, checks, name)
          : await exchangeCode(answer, checks, configuration);
        const answered = read(response as client.TokenEndpointResponse);
        const proof = await prover.prove(answered, checks, configuration);
        const more = await findMoreClaims(configuration, answered, proof, response);
        // Without `scope` in the answer everything was granted (RFC 6749, section 5.1).
        const tokens = { ...setKnownEnd(answered, proof), scope: answered.scope ?? definition.scope };
        const missingScopes = findMissingScopes(definition.scope, tokens.scope);
        return { ...proof, claims: pickUserClaims({ ...more, ...proof.claims }), tokens, missingScopes };
      }),

    revoke: (tokens) =>
      talk('the revocation', async (configuration) => {
        const { revocation_endpoint: endpoint } = configuration.serverMetadata();
        if (capabilities.revocation === false || !endpoint) return;
        await revokeTokens(configuration, tokens, { hint: quirks.revocationHint, name });
      }),

    fetchUserInfo: (accessToken, sub) =>
      talk('the userinfo request', async (configuration) => {
        if (!configuration.serverMetadata().userinfo_endpoint) throw unsupported(name, 'userinfo endpoint');
        return fetchUserInfo(configuration, accessToken, sub);
      }),

    verifyLogoutToken: async (token) => {
      const findVerifier = async () => prover.verifierOf(await configure());
      try {
        return await verifyLogoutToken(token, { definition, name, findVerifier, now });
      } catch (error) {
        throw toProviderError(error, name, 'the logout token');
      }
    },

    endSession: ({ tokens, sub, postLogoutRedirectUri, state }) =>
      talk('the logout', async (configuration) => {
        const { end_session_endpoint: endpoint } = configuration.serverMetadata();
        if (capabilities.logout === false || !endpoint) return { url: undefined, tokens };
        if (capabilities.logout === 'api') {
          const living = await keepAlive(tokens, sub);
          const fault = living?.accessToken
            ? await callLogout(configuration, endpoint, living.accessToken, name)
            : undefined;
          return { url: undefined, tokens: living, fault };
        }
        const { idToken } = tokens ?? {};
        const hint = quirks.logoutHint ? idToken : undefined;
        const url = client.buildEndSessionUrl(configuration, {
          post_logout_redirect_uri: postLogoutRedirectUri,
          ...(hint ? { id_token_hint: hint } : {}),
          ...(state ? { state } : {}),
        });
        return { url, tokens };
      }),
  };

  /** The logout call needs an access token that lives: a stale one is refreshed first. */
  async function keepAlive(
    tokens: TokenSet | undefined,
    sub: string | undefined,
  ): Promise<TokenSet | undefined> {
    if (!tokens?.refreshToken || sub === undefined || tokens.expiresAt > now()) return tokens;
    return (await refresh(tokens, { sub })).tokens;
  }
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
    const { ok, status } = await client.fetchProtectedResource(
      ...([configuration, accessToken, url, 'POST', '', headers] as const),
    );
    if (ok) return undefined;
    return new ProviderError(`Provider "${name}": the logout was answered with the status ${status}.`, {
      code: status >= 500 || status === 429 ? 'provider_unavailable' : 'provider_refused',
      provider: name,
    });
  } catch (error) {
    return toProviderError(error, name, 'the logout');
  }
}

/**
 * The answer of the implicit flow in its documented odd form: in the query, with an ID token and nothing else. The
 * token itself is verified as every ID token is.
 */
function readImplicitAnswer(
  answer: URLSearchParams,
  checks: LoginChecks,
  name: string,
): Record<string, unknown> {
  const error = answer.get('error');
  if (answer.get('state') !== checks.state) throw refusal(name, 'its state is not the one sent');
  if (error !== null) {
    const oauthError = readOauthError(error);
    throw new LoginError(`Provider "${name}" answered with the error ${oauthError ?? '(malformed)'}.`, {
      code: 'login_denied',
      oauthError,
    });
  }
  if (answer.has('code')) throw refusal(name, 'it mixes the code flow with the implicit flow');
  return { id_token: answer.get('id_token') ?? undefined, token_type: 'bearer', expires_in: 0 };
}

function findMissingScopes(asked: string, granted: string): readonly string[] {
  const given = granted.split(' ');
  return asked.split(' ').filter((scope) => !given.includes(scope));
}

function unsupported(name: string, feature: string): ProviderError {
  return new ProviderError(`Provider "${name}" has no ${feature} for this login.`, {
    code: 'provider_unsupported',
    provider: name,
  });
}

function originsOf(metadata: Partial<client.ServerMetadata> = {}): readonly string[] {
  const endpoints = [metadata.authorization_endpoint, metadata.end_session_endpoint];
  return [...new Set(endpoints.filter((url) => url !== undefined).map((url) => new URL(url).origin))];
}
