import * as client from 'openid-client';
import { pickUserClaims, type UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { createConfigurationSource } from './configuration.ts';
import { verifyIdToken } from './id-token.ts';
import { toProviderError } from './provider-faults.ts';
import { createJwksVerifier, createSecretVerifier, type KeyVerifier } from './signing-keys.ts';
import { readTokens } from './token-answer.ts';

/** What one login asks of the provider. */
export interface LoginRequest {
  readonly redirectUri: string;
  readonly prompt?: string | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly acrValues?: readonly string[] | undefined;
  readonly loginHint?: string | undefined;
  readonly uiLocales?: string | undefined;
}

/** What must be kept, secret and bound to the browser, until the provider answers. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly maxAgeSeconds?: number | undefined;
  readonly acrValues?: readonly string[] | undefined;
}

/** Who logged in, as far as the provider has proven it. */
export interface ProvenLogin {
  readonly sub: string;
  readonly claims: UserClaims;
  /** The session at the provider. */
  readonly sid: string | undefined;
  readonly acr: string | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime: number | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
  readonly tokens: TokenSet;
}

/** One provider at work: its definition turned into the calls a login needs. Rejects with `ProviderError`. */
export interface Provider {
  /** Its name in the options. */
  readonly name: string;
  readonly issuer: string;
  readonly responseMode: ProviderDefinition['responseMode'];
  /** Origins that a login or a logout sends the browser to, as far as they are known yet. */
  knownOrigins(): readonly string[];
  startLogin(request: LoginRequest): Promise<{ url: URL; checks: LoginChecks }>;
  /**
   * Exchanges the code of a callback and verifies who logged in. The code is sent once, whatever happens.
   *
   * @throws LoginError `login_denied` when the provider answered with an error.
   */
  finishLogin(answer: URLSearchParams, checks: LoginChecks): Promise<ProvenLogin>;
  /**
   * Where to send the browser to end the session at the provider; `undefined` when it has no such place.
   *
   * @see [RP-Initiated Logout, section 2](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout)
   */
  logoutUrl(request: {
    idToken: string | undefined;
    postLogoutRedirectUri: string;
  }): Promise<URL | undefined>;
}

export interface ProviderSettings {
  readonly name: string;
  readonly now: Clock;
}

/** An `id_token_hint` beyond this would make a URL that servers refuse. */
const MAX_HINT_LENGTH = 4096;

export function createProvider(definition: ProviderDefinition, { name, now }: ProviderSettings): Provider {
  const fetch = createBoundedFetch(definition.timeoutMs);
  const configurationOf = createConfigurationSource(definition, { name, fetch, now });
  const verifierOf = createVerifierSource(definition, { fetch, now });
  let origins: readonly string[] = originsOf(definition.metadata);

  const configure = async () => {
    const configuration = await configurationOf();
    origins = originsOf(configuration.serverMetadata());
    return configuration;
  };

  const prove = async (
    answer: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
    checks: LoginChecks,
    configuration: client.Configuration,
  ): Promise<ProvenLogin> => {
    const tokens = readTokens(answer, now());
    const payload = await verifyIdToken(
      tokens.idToken!,
      { ...expectationsOf(checks), accessToken: tokens.accessToken },
      { definition, name, verify: verifierOf(configuration), now },
    );
    return {
      sub: payload.sub,
      claims: pickUserClaims(payload),
      sid: readText(payload.sid),
      acr: readText(payload.acr),
      authTime: typeof payload.auth_time === 'number' ? payload.auth_time : undefined,
      issuedAt: payload.iat,
      tokens,
    };
  };

  return {
    name,
    issuer: definition.issuer,
    responseMode: definition.responseMode,
    knownOrigins: () => origins,

    startLogin: async (request) => {
      const configuration = await configure();
      const checks: LoginChecks = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        codeVerifier: client.randomPKCECodeVerifier(),
        redirectUri: request.redirectUri,
        maxAgeSeconds: request.maxAgeSeconds,
        acrValues: request.acrValues,
      };
      const url = client.buildAuthorizationUrl(
        configuration,
        await authorizationParams(definition, request, checks),
      );
      return { url, checks };
    },

    finishLogin: async (answer, checks) => {
      const configuration = await configure();
      try {
        const callback = new URL(checks.redirectUri);
        callback.search = answer.toString();
        const tokens = await client.authorizationCodeGrant(configuration, callback, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
          ...(checks.maxAgeSeconds === undefined ? {} : { maxAge: checks.maxAgeSeconds }),
        });
        return await prove(tokens, checks, configuration);
      } catch (error) {
        throw toProviderError(error, name, 'the login');
      }
    },

    logoutUrl: async ({ idToken, postLogoutRedirectUri }) => {
      const configuration = await configure();
      if (!configuration.serverMetadata().end_session_endpoint) return undefined;
      return client.buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: postLogoutRedirectUri,
        ...(idToken && idToken.length <= MAX_HINT_LENGTH ? { id_token_hint: idToken } : {}),
      });
    },
  };
}

/** Everything the authorization request says; a definition's own parameters cannot replace any of it. */
async function authorizationParams(
  definition: ProviderDefinition,
  request: LoginRequest,
  checks: LoginChecks,
): Promise<Record<string, string>> {
  const optional = {
    prompt: request.prompt,
    max_age: request.maxAgeSeconds?.toString(),
    acr_values: request.acrValues?.join(' '),
    login_hint: request.loginHint,
    ui_locales: request.uiLocales,
    response_mode: definition.responseMode === 'query' ? undefined : definition.responseMode,
  };
  const params = {
    ...definition.authorizationParams,
    ...optional,
    scope: definition.scope,
    redirect_uri: checks.redirectUri,
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.codeVerifier),
    code_challenge_method: 'S256',
  };
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** One verifier for as long as the provider keeps its `jwks_uri`, so that its keys are cached. */
function createVerifierSource(
  definition: ProviderDefinition,
  { fetch, now }: { fetch: Fetch; now: Clock },
): (configuration: client.Configuration) => KeyVerifier {
  if (definition.idTokenSigningAlgorithm.startsWith('HS')) {
    const verifier = createSecretVerifier(new TextEncoder().encode(definition.clientSecret!.reveal()));
    return () => verifier;
  }
  let current: { uri: string; verifier: KeyVerifier } | undefined;
  return (configuration) => {
    const uri = configuration.serverMetadata().jwks_uri;
    if (!uri) {
      throw new ProviderError('The provider has no jwks_uri. Add it to metadata.', {
        code: 'provider_unsupported',
        provider: definition.preset,
      });
    }
    if (current?.uri !== uri) {
      const verifier = createJwksVerifier(new URL(uri), { fetch, timeoutMs: definition.timeoutMs, now });
      current = { uri, verifier };
    }
    return current.verifier;
  };
}

function expectationsOf({ nonce, maxAgeSeconds, acrValues }: LoginChecks) {
  return { nonce, maxAgeSeconds, acrValues };
}

function originsOf(
  metadata: { authorization_endpoint?: string; end_session_endpoint?: string } = {},
): string[] {
  const endpoints = [metadata.authorization_endpoint, metadata.end_session_endpoint];
  return [
    ...new Set(
      endpoints.filter((endpoint) => endpoint !== undefined).map((endpoint) => new URL(endpoint).origin),
    ),
  ];
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 4096 ? value : undefined;
}
