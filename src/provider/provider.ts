import type { JWK } from 'jose';
import type * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { createDpopKey, createDpopProver } from '../dpop.ts';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import { findUnmetRequirement, type LoginDemands, type LoginStrength } from '../freshness.ts';
import type { AuthorizationDetail, ProviderDefinition } from '../provider-definition.ts';
import type { TokenExchange, TokenSet, UsableToken } from '../tokens.ts';
import { findUnmetDemand } from './announcements.ts';
import {
  createAuthorizationRequest,
  createLoginChecks,
  type LoginChecks,
  type LoginRequest,
} from './authorization-request.ts';
import { type BearerVerifier, createBearerVerifier } from './bearer-token.ts';
import type { Fetch } from './bounded-fetch.ts';
import { createClientProof } from './client-authentication.ts';
import { createConfigurationSource } from './configuration.ts';
import { readGrantedDetails } from './granted-details.ts';
import { createIdentityVerifier, type VerifiedIdentity } from './identity-verifier.ts';
import { verifyIntrospectionAnswer } from './introspection-answer.ts';
import { openAnswer, peekAnswer } from './jwt-answer.ts';
import { type LogoutClaims, verifyLogoutToken } from './logout-token.ts';
import { createOwnerFetch } from './owner-fetch.ts';
import { createAnswerOpener } from './protected-answers.ts';
import { toProviderError } from './provider-faults.ts';
import { createProviderFetch } from './provider-fetch.ts';
import { type EndSessionRequest, endProviderSession, type ProviderLogoutResult } from './provider-logout.ts';
import { readUserClaims } from './read-user-claims.ts';
import { toRefreshFault } from './refresh-refusals.ts';
import { type RevocationClaims, verifyRevocationToken } from './revocation-token.ts';
import { completeScope, findMissingScopes } from './scopes.ts';
import { createSecretReaders } from './secret-reader.ts';
import { verifySignedUserInfo } from './signed-user-info.ts';
import { applyAccessTokenExpiry } from './token-answer.ts';
import { mergeOther, mergeTokens, openRefreshed, verifySameLogin } from './token-refresh.ts';
import { createTokenRequests } from './token-requests.ts';
import { revokeTokens } from './token-revocation.ts';
import { askUserApi } from './user-api.ts';
import { fetchUserInfo, findMoreClaims } from './user-info.ts';

export type { LoginChecks, LoginRequest, LoginSecrets } from './authorization-request.ts';

/** What a login at the provider brought. */
export interface ProvenLogin extends VerifiedIdentity {
  readonly tokens: TokenSet;
  /** Scopes that were asked for and not granted. */
  readonly missingScopes: readonly string[];
  /** What the provider says it allowed, where it was asked in detail. Nothing of it but its form has been looked at. */
  readonly authorizationDetails: readonly AuthorizationDetail[] | undefined;
}

/** What a refresh brought: the tokens, completed by the old ones, and new claims when the answer had any. */
export interface RefreshedLogin {
  readonly tokens: TokenSet;
  readonly proof: VerifiedIdentity | undefined;
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
  /** Names what a login here lacks of what is asked now; `undefined`: nothing. */
  findUnmetRequirement(login: LoginStrength, demands: LoginDemands): string | undefined;
  /**
   * Makes the authorization request.
   *
   * @throws LoginError `login_insufficient` for what no login here can prove.
   */
  startLogin(request: LoginRequest): Promise<{ url: URL; checks: LoginChecks }>;
  /** What the answer to a login is checked against, from what was kept of it. */
  restoreChecks(
    kept: Pick<LoginRequest, 'secrets' | 'redirectUri' | 'maxAgeSeconds' | 'acrValues'>,
  ): LoginChecks;
  /**
   * The parameters of a callback, those in a signed answer as well: to find its login by, and to be believed by nobody
   * before {@link Provider.finishLogin} has verified them.
   *
   * @throws ProviderError `provider_invalid_response` where an encrypted answer cannot be opened.
   */
  peekAnswer(answer: URLSearchParams): Promise<URLSearchParams>;
  /**
   * Exchanges the code of a callback and verifies who logged in. The code is sent once, whatever happens.
   *
   * @throws LoginError `login_denied` when the provider answered with an error, `login_insufficient` when the login
   * proves less than was asked.
   */
  finishLogin(answer: URLSearchParams, checks: LoginChecks): Promise<ProvenLogin>;
  /**
   * Trades the refresh token for new tokens. They must speak of the same login.
   *
   * @param wish - `resource`: the access token is for this, and put beside the login's own.
   * @throws ProviderError with `needsLogin`: the login is over.
   */
  refresh(
    tokens: TokenSet,
    login: { sub: string },
    wish?: { resource: string | undefined },
  ): Promise<RefreshedLogin>;
  /**
   * Trades the login's own access token for one that is for somebody else, and puts it beside the others by this name.
   *
   * @see [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)
   */
  exchange(tokens: TokenSet, wish: { name: string; exchange: TokenExchange }): Promise<TokenSet>;
  /** Revokes what can and shall be revoked, the refresh token first. Nothing where the provider has no revocation. */
  revoke(tokens: TokenSet): Promise<void>;
  /** Asks the userinfo endpoint about the person these tokens belong to. */
  fetchUserInfo(token: UsableToken, sub: string): Promise<UserClaims>;
  /**
   * Verifies a logout token that somebody sent.
   *
   * @throws ProviderError `provider_invalid_response` for one to refuse, `provider_unavailable` without keys.
   */
  verifyLogoutToken(token: string): Promise<LogoutClaims>;
  /** The signed logout token within an encrypted one; `undefined`: it is not for a key of ours. Nothing is verified. */
  openLogoutToken(token: string): Promise<string | undefined>;
  /**
   * Verifies the token of a request to revoke everything of a person, made for the address `audience`.
   *
   * @throws ProviderError as {@link verifyLogoutToken}.
   */
  verifyRevocationToken(token: string, audience: string): Promise<RevocationClaims>;
  /** The public halves of the keys that this client signs by, as they are at this moment, and of those it decrypts by. */
  publishedKeys(): Promise<readonly JWK[]>;
  /** Verifies access tokens that clients bring. */
  readonly bearer: BearerVerifier;
  /**
   * Ends the session at the provider: by a call, or by the URL to send the browser to; neither where it has none.
   * A call may have refreshed the tokens first, so these are told even when it failed.
   *
   * @see [RP-Initiated Logout, section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)
   */
  endSession(request: EndSessionRequest): Promise<ProviderLogoutResult>;
}

/** What a provider needs beside its definition. */
export interface ProviderSettings {
  /** Its name in the options. */
  readonly name: string;
  readonly now: Clock;
  /** For cool-downs and the like. */
  readonly monotonic: Clock;
  /** Told of faults that change nothing for the request they came with. */
  readonly reportFault: (fault: ConnectAuthError) => void;
  /** What all requests to the provider go through. */
  readonly fetch: Fetch;
  /** Told of what the provider is asked, and of how it is. */
  readonly diagnostics: Diagnostics;
}

/** Puts a provider's definition to work. */
export function createProvider(definition: ProviderDefinition, settings: ProviderSettings): Provider {
  const { name, now, reportFault } = settings;
  const { quirks, capabilities, clockToleranceSeconds } = definition;
  let metadata: Partial<client.ServerMetadata> | undefined = definition.metadata;
  const verifyUserInfo = async (jwt: string) => {
    const keysOf = definition.userinfoSigningAlgorithm ? 'publishedKeysOf' : 'keyVerifierOf';
    const verify = identityVerifier[keysOf](await configure());
    return verifySignedUserInfo(await answers.openUserInfo(jwt), { definition, name, verify, now });
  };
  const verifyIntrospection = async (jwt: string) => {
    const verify = identityVerifier.publishedKeysOf(await configure());
    return verifyIntrospectionAnswer(await answers.openIntrospection(jwt), { definition, name, verify, now });
  };
  const fetch = createProviderFetch(definition, {
    ...settings,
    endpoints: () => metadata as never,
    fetch: settings.fetch,
    verifyUserInfo,
    verifyIntrospection,
  });
  const secrets = createSecretReaders(definition, settings);
  const { readKeys } = secrets;
  const answers = createAnswerOpener(definition, { name, ...secrets });
  const { authenticate, advise } = createClientProof(definition, secrets);
  const configurations = createConfigurationSource(definition, { ...settings, fetch, authenticate });
  const identityVerifier = createIdentityVerifier(definition, { ...settings, ...secrets, fetch });

  const sentTokens = {
    ...{ definition, name, now },
    findVerifier: async () => identityVerifier.keyVerifierOf(await configure({ byStranger: true })),
  };

  const configure = async (choice?: { byStranger: boolean }) => {
    const configuration = await configurations.find(choice);
    metadata = configuration.serverMetadata();
    return configuration;
  };
  /** Makes one call to the provider, and wraps what fails. */
  const callProvider = async <T>(
    doing: string,
    work: (configuration: client.Configuration) => Promise<T>,
  ): Promise<T> => {
    const configuration = await configure();
    try {
      return await work(configuration);
    } catch (error) {
      throw toProviderError(error, name, doing, advise(configuration.serverMetadata()));
    }
  };

  const prover = createDpopProver(now);
  /** Asks endpoints that take an access token: with the proof of its key, where it has one. */
  const askAsOwner = <T>(
    configuration: client.Configuration,
    { accessToken, dpopKey: key }: Pick<TokenSet, 'accessToken' | 'dpopKey'>,
    work: (own: client.Configuration) => Promise<T>,
  ): Promise<T> =>
    accessToken && key
      ? configurations.askThrough(configuration, createOwnerFetch(fetch, { prover, key, accessToken }), work)
      : work(configuration);

  const tokenRequests = createTokenRequests(definition, { name, configurations, fetch, now, prover });

  const refresh: Provider['refresh'] = async (tokens, { sub }, { resource } = { resource: undefined }) => {
    const { refreshToken } = tokens;
    const merge = (fresh: TokenSet) =>
      resource === undefined
        ? mergeTokens(tokens, fresh)
        : mergeOther(tokens, fresh, { name: resource, now: now() });
    if (!capabilities.refresh || !refreshToken) throw unsupported(name, 'refresh token');
    return callProvider('the token refresh', async (configuration) => {
      // Those that were granted: a newer release may ask for more.
      const scope = tokens.scope ?? definition.scope;
      const dpopKey = tokens.dpopKey ?? (definition.dpop ? createDpopKey() : undefined);
      const { tokens: given } = await tokenRequests
        .refresh(configuration, refreshToken, { scope, resource, dpopKey })
        .catch(async (error: unknown) => {
          throw await toRefreshFault(error, name, advise(configuration.serverMetadata()));
        });
      const fresh = await openRefreshed(given, { open: answers.openTokens, name, reportFault });
      const { from } = definition.identity;
      // An access token for another resource is that one's to verify, and nothing beside it is verified by it.
      if (resource !== undefined && from === 'access_token')
        return { tokens: merge({ ...fresh, idToken: undefined }), proof: undefined };
      const speaksOfIdentity = fresh.idToken !== undefined || from === 'access_token';
      if (!speaksOfIdentity) return { tokens: merge(fresh), proof: undefined };
      const proof = await verifySameLogin(() => identityVerifier.verifyRefresh(fresh, configuration), {
        sub,
        name,
        reportFault,
        idToken: fresh.idToken,
        previous: tokens.idToken,
      });
      // An ID token that could not be verified is of no use, not even as a hint at logout.
      if (!proof) return { tokens: merge({ ...fresh, idToken: undefined }), proof };
      return { tokens: merge(applyAccessTokenExpiry(fresh, proof)), proof };
    });
  };

  /** The logout call needs an access token that lives: a stale one is refreshed first. */
  const keepAlive = async (tokens: TokenSet | undefined, sub: string | undefined) => {
    if (!tokens?.refreshToken || sub === undefined || tokens.expiresAt > now()) return tokens;
    const { tokens: fresh } = await refresh(tokens, { sub });
    // All that the session had is to be revoked, of use or not.
    return { ...fresh, others: tokens.others };
  };

  return {
    name,
    definition,
    issuer: definition.issuer,
    prepare: async () => {
      await configure({ byStranger: true });
    },
    knownOrigins: () => originsOf(metadata),
    findUnmetRequirement: (login, demands) =>
      findUnmetRequirement(login, demands, { acr: quirks.acr, clockToleranceSeconds, now: now() }),
    refresh,

    exchange: (tokens, wish) =>
      callProvider('the token exchange', async (configuration) => {
        const { accessToken, dpopKey } = tokens;
        const own = { accessToken: accessToken!, dpopKey };
        const fresh = await tokenRequests.exchange(configuration, own, wish.exchange);
        // What else comes along belongs to the new token, and not to the login.
        const alone = { ...fresh, refreshToken: undefined, idToken: undefined };
        return mergeOther(tokens, alone, { name: wish.name, now: now() });
      }),

    publishedKeys: async () => {
      try {
        const signing = (await readKeys?.())?.published ?? [];
        return [...signing, ...(definition.encryptionKeys ?? [])];
      } catch (error) {
        throw toProviderError(error, name, 'the keys of this client');
      }
    },

    peekAnswer: (answer) => peekAnswer(answer, definition, answers.openResponse),
    restoreChecks: (kept) => createLoginChecks(definition, kept),
    startLogin: (request) =>
      callProvider('the authorization request', async (configuration) => {
        const demand = findUnmetDemand(configuration.serverMetadata(), definition, name);
        if (demand) throw demand;
        return createAuthorizationRequest(configuration, request, { name, definition, readKeys });
      }),

    finishLogin: (given, checks) =>
      callProvider('the login', async (configuration) => {
        const verify = () => identityVerifier.publishedKeysOf(configuration);
        const open = answers.openResponse;
        const answer = await openAnswer(given, { definition, name, verify, now, open });
        const requested = await tokenRequests.finishLogin(configuration, answer, checks);
        const answered = await answers.openTokens(requested.tokens);
        const identity = await identityVerifier.verifyLogin(answered, checks, configuration);
        const { sub } = identity;
        const scope = completeScope(definition.scope, answered);
        const known = { ...requested, name, sub, scope, claims: identity.claims };
        const more = await askAsOwner(configuration, answered, (own) =>
          findMoreClaims(own, definition, known, reportFault),
        );
        const tokens = { ...applyAccessTokenExpiry(answered, identity), scope };
        const claims = readUserClaims(name, { ...more, ...identity.claims });
        const missingScopes = findMissingScopes(definition.scope, scope);
        const authorizationDetails = readGrantedDetails(requested.answer);
        return { ...identity, claims, tokens, missingScopes, authorizationDetails };
      }),

    revoke: (tokens) =>
      callProvider('the revocation', async (configuration) => {
        const { revocation_endpoint: endpoint } = configuration.serverMetadata();
        if (capabilities.revocation === false || definition.revocation === 'none' || !endpoint) return;
        await revokeTokens(configuration, tokens, definition);
      }),

    fetchUserInfo: (token, sub) =>
      callProvider('the userinfo request', async (configuration) => {
        const { accessToken } = token;
        if (definition.identity.from === 'user_api')
          return askUserApi(configuration, definition.identity, {
            name,
            accessToken,
            sub,
            scope: definition.scope,
          });
        if (!configuration.serverMetadata().userinfo_endpoint) throw unsupported(name, 'userinfo endpoint');
        return askAsOwner(configuration, token, (own) => fetchUserInfo(own, { name, accessToken, sub }));
      }),

    bearer: createBearerVerifier(definition, {
      name,
      now,
      callProvider,
      findVerifier: async () => identityVerifier.publishedKeysOf(await configure({ byStranger: true })),
    }),

    verifyLogoutToken: (token) =>
      verifyLogoutToken(token, sentTokens).catch((error: unknown) => {
        throw toProviderError(error, name, 'the logout token');
      }),
    openLogoutToken: answers.openLogoutToken,
    verifyRevocationToken: (token, audience) =>
      verifyRevocationToken(token, audience, sentTokens).catch((error: unknown) => {
        throw toProviderError(error, name, 'the revocation token');
      }),

    endSession: (request) =>
      callProvider('the logout', (configuration) =>
        endProviderSession(configuration, request, { name, definition, keepAlive }),
      ),
  };
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
