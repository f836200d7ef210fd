import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { readAuthorizationError } from './authorization-error.ts';
import type { LoginChecks } from './authorization-request.ts';
import type { ConfigurationSource } from './configuration.ts';
import { invalidResponse } from './provider-faults.ts';
import type { ProviderFetch } from './provider-fetch.ts';
import { createTokenReader, type TokenAnswer } from './token-answer.ts';

/** What the token endpoint answered: the tokens in our terms, and the answer for what else it holds. */
export interface RequestedTokens {
  readonly tokens: TokenSet;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** The ways to tokens. Nothing of what they bring has been verified, but for the shape of the answer. */
export interface TokenRequests {
  /** Exchanges the code of a callback, or reads the tokens that it carries in the implicit flow. */
  finishLogin(
    configuration: client.Configuration,
    callback: URLSearchParams,
    checks: LoginChecks,
  ): Promise<RequestedTokens>;
  /** Trades a refresh token for new tokens. */
  refresh(configuration: client.Configuration, refreshToken: string, scope: string): Promise<RequestedTokens>;
}

/** What the token requests need beside the definition. */
export interface TokenRequestsOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly configurations: ConfigurationSource;
  readonly fetch: ProviderFetch;
  readonly now: Clock;
}

/** Asks the token endpoint; the ID token of an answer stays with us, who alone judge it. */
export function createTokenRequests(
  definition: ProviderDefinition,
  { name, configurations, fetch, now }: TokenRequestsOptions,
): TokenRequests {
  const { implicit, quirks } = definition;
  const read = createTokenReader(definition, { name, now });

  const request = async (
    configuration: client.Configuration,
    work: (own: client.Configuration) => Promise<client.TokenEndpointResponse>,
  ): Promise<TokenAnswer> => {
    let idToken: unknown;
    const own = configurations.withFetch(configuration, (url, options) =>
      fetch(url, options, (kept) => {
        idToken = kept;
      }),
    );
    const answer = await work(own);
    return { answer, idToken };
  };

  const exchangeCode = (
    configuration: client.Configuration,
    answer: URLSearchParams,
    { redirectUri, state, codeVerifier }: LoginChecks,
  ) => {
    const callback = new URL(redirectUri);
    callback.search = answer.toString();
    return request(configuration, (own) =>
      client.authorizationCodeGrant(own, callback, {
        expectedState: state,
        ...(codeVerifier === undefined ? {} : { pkceCodeVerifier: codeVerifier }),
      }),
    );
  };

  return {
    finishLogin: async (configuration, callback, checks) => {
      const given = implicit
        ? readImplicitAnswer(callback, checks, name)
        : await exchangeCode(configuration, callback, checks);
      return { tokens: read(given), answer: given.answer };
    },

    refresh: async (configuration, refreshToken, scope) => {
      const params = new URLSearchParams(quirks.refreshScope ? { scope } : {});
      const given = await request(configuration, (own) =>
        client.refreshTokenGrant(own, refreshToken, params),
      );
      return { tokens: read(given), answer: given.answer };
    },
  };
}

/**
 * The answer of the implicit flow in its documented odd form: in the query, with an ID token and nothing else. The
 * token itself is verified as every ID token is.
 */
function readImplicitAnswer(callback: URLSearchParams, { state }: LoginChecks, name: string): TokenAnswer {
  const error = callback.get('error');
  if (callback.get('state') !== state)
    throw invalidResponse(name, 'the answer', 'its state is not the one sent');
  if (error !== null)
    throw readAuthorizationError(error, { subject: `Provider "${name}": the login`, provider: name });
  if (callback.has('code'))
    throw invalidResponse(name, 'the answer', 'it mixes the code flow with the implicit flow');
  const answer = { token_type: 'bearer', expires_in: 0 } as client.TokenEndpointResponse;
  return { answer, idToken: callback.get('id_token') };
}
