import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import { createDpopKey, type DpopKey, type DpopProver } from '../dpop.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenExchange, TokenSet, UsableToken } from '../tokens.ts';
import { readAuthorizationError } from './authorization-error.ts';
import type { LoginChecks } from './authorization-request.ts';
import type { Fetch } from './bounded-fetch.ts';
import type { ConfigurationSource } from './configuration.ts';
import { faultError, kindOf, nameRequest, show } from './provider-fault.ts';
import { invalidResponse } from './provider-faults.ts';
import type { ProviderFetch } from './provider-fetch.ts';
import type { KeepAnswer } from './quirks/token-answer-rules.ts';
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
  refresh(
    configuration: client.Configuration,
    refreshToken: string,
    wish: { scope: string; resource: string | undefined; dpopKey: DpopKey | undefined },
  ): Promise<RequestedTokens>;
  /** Trades an access token for one that is for somebody else. */
  exchange(
    configuration: client.Configuration,
    token: UsableToken,
    exchange: TokenExchange,
  ): Promise<TokenSet>;
}

/** @see [RFC 8693, section 2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1) */
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** An access token that is a JWT may be called that. */
const ACCESS_TOKENS: readonly unknown[] = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt'];

/** What the token requests need beside the definition. */
export interface TokenRequestsOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly configurations: ConfigurationSource;
  readonly fetch: ProviderFetch;
  readonly now: Clock;
  readonly prover: DpopProver;
}

/**
 * Asks the token endpoint. What it answers stays with us, who alone judge it, member by member: openid-client makes the
 * request, and learns whether there was an answer.
 */
export function createTokenRequests(
  definition: ProviderDefinition,
  { name, configurations, fetch, now, prover }: TokenRequestsOptions,
): TokenRequests {
  const { implicit, quirks } = definition;
  // Of several the login's own token is for the first: a token for all of them would let each API use the others.
  const ownResource = definition.resource?.[0];
  const read = createTokenReader(definition, { name, now });

  const request = async (
    configuration: client.Configuration,
    { dpopKey: key, work }: TokenRequest,
  ): Promise<TokenAnswer> => {
    const { token_endpoint: endpoint } = configuration.serverMetadata();
    const asked = nameRequest('POST', endpoint!);
    let kept: Pick<TokenAnswer, 'answer' | 'idToken'> | undefined;
    const keep: KeepAnswer = (answer, idToken) => {
      kept = { answer, idToken };
    };
    let nonce: string | undefined;
    const send: Fetch = async (url, options) => {
      if (!key) return fetch(url, options, keep);
      const headers = new Headers(options.headers);
      headers.set('dpop', prover.prove({ key, method: 'POST', url, nonce }));
      const given = await fetch(url, { ...options, headers }, keep);
      nonce = prover.note(url, given.headers);
      return given;
    };
    const ask = () => configurations.askThrough(configuration, send, work);
    // Made anew, not only sent again: the client's assertion is good once, as the proof is. Nothing was used up by it.
    await ask().catch((error: unknown) => {
      if (key && isNonceWanted(error)) return ask();
      throw error;
    });
    return { answer: {}, idToken: undefined, ...kept, asked };
  };

  const exchangeCode = (
    configuration: client.Configuration,
    answer: URLSearchParams,
    { redirectUri, state, codeVerifier, dpopKey }: LoginChecks & Pick<TokenRequest, 'dpopKey'>,
  ) => {
    checkResponseIssuer(answer, { metadata: configuration.serverMetadata(), definition, name });
    const callback = new URL(redirectUri);
    callback.search = answer.toString();
    const work: TokenRequest['work'] = (own) =>
      client.authorizationCodeGrant(
        own,
        callback,
        {
          expectedState: state,
          ...(codeVerifier === undefined ? {} : { pkceCodeVerifier: codeVerifier }),
        },
        ownResource === undefined ? {} : { resource: ownResource },
      );
    return request(configuration, { dpopKey, work });
  };

  return {
    finishLogin: async (configuration, callback, checks) => {
      const dpopKey = definition.dpop ? createDpopKey() : undefined;
      const given = implicit
        ? readImplicitAnswer(callback, checks, name)
        : await exchangeCode(configuration, callback, { ...checks, dpopKey });
      const tokens = read(given, dpopKey);
      checkIdToken(given, definition, name);
      return { tokens, answer: given.answer };
    },

    refresh: async (configuration, refreshToken, { scope, resource: other, dpopKey }) => {
      const params = new URLSearchParams(quirks.refreshScope ? { scope } : {});
      const resource = other ?? ownResource;
      if (resource !== undefined) params.set('resource', resource);
      const given = await request(configuration, {
        dpopKey,
        work: (own) => client.refreshTokenGrant(own, refreshToken, params),
      });
      const tokens = read(given, dpopKey);
      if (other !== undefined) checkAccessToken(given, name);
      return { tokens, answer: given.answer };
    },

    exchange: async (configuration, { accessToken, dpopKey }, { audience, resource, scope }) => {
      const wish = Object.entries({ audience, resource, scope }).filter(([, value]) => value !== undefined);
      const params = new URLSearchParams({
        subject_token: accessToken,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        ...(Object.fromEntries(wish) as Record<string, string>),
      });
      const given = await request(configuration, {
        dpopKey,
        work: (own) => client.genericGrantRequest(own, EXCHANGE, params),
      });
      const tokens = read(given, dpopKey);
      checkExchanged(given, name);
      return tokens;
    },
  };
}

/** One request, and the key that its tokens shall be bound to. */
interface TokenRequest {
  readonly dpopKey: DpopKey | undefined;
  work(own: client.Configuration): Promise<client.TokenEndpointResponse>;
}

/** @see [RFC 9449, section 8](https://www.rfc-editor.org/rfc/rfc9449#section-8) */
function isNonceWanted(error: unknown): boolean {
  return error instanceof client.ResponseBodyError && error.error === 'use_dpop_nonce';
}

/** Nothing else was asked for. */
function checkAccessToken({ answer: { access_token: token }, asked }: TokenAnswer, name: string): void {
  if (typeof token !== 'string')
    throw faultError(name, { asked, member: 'access_token', expected: 'a text', got: kindOf(token) });
}

/** What came instead would be sent to an API as if it were an access token. */
function checkExchanged(given: TokenAnswer, name: string): void {
  checkAccessToken(given, name);
  const { answer, asked } = given;
  const { issued_token_type: type } = answer;
  if (ACCESS_TOKENS.includes(type)) return;
  throw faultError(name, { asked, member: 'issued_token_type', expected: ACCESS_TOKEN, got: show(type) });
}

/**
 * The answer of the implicit flow in its documented odd form: in the query, with an ID token and nothing else. The
 * token itself is verified as every ID token is.
 */
function readImplicitAnswer(callback: URLSearchParams, { state }: LoginChecks, name: string): TokenAnswer {
  const error = callback.get('error');
  if (callback.get('state') !== state)
    throw invalidResponse(name, 'the answer', 'its state is not the one sent');
  if (error !== null) {
    const description = callback.get('error_description');
    throw readAuthorizationError(
      { error, description },
      { subject: `Provider "${name}": the login`, provider: name },
    );
  }
  if (callback.has('code'))
    throw invalidResponse(name, 'the answer', 'it mixes the code flow with the implicit flow');
  const answer = { token_type: 'bearer', expires_in: 0 };
  return { answer, idToken: callback.get('id_token') ?? undefined, asked: 'the callback' };
}

/** At a login it must be there where it says who it is; a refresh may leave it out, and may be odd. */
function checkIdToken(
  { idToken, asked }: TokenAnswer,
  { identity, scope }: ProviderDefinition,
  name: string,
): void {
  if (identity.from !== 'id_token' || (typeof idToken === 'string' && idToken !== '')) return;
  const fault = { asked, member: 'id_token', expected: 'a JWT', got: kindOf(idToken), option: 'scope' };
  throw faultError(name, fault, {
    remedy: `Is this client allowed OpenID Connect, and the scope "openid"? It asks for "${scope}".`,
  });
}

/**
 * Whoever mixes up two providers is found out by `iss`. A provider that announces it and leaves it out gives no code to
 * us; an error needs none, as it brings nothing that could be taken for something else.
 *
 * @see [RFC 9207, section 2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4)
 */
function checkResponseIssuer(
  callback: URLSearchParams,
  {
    metadata,
    definition: { quirks, profile },
    name,
  }: { metadata: Readonly<client.ServerMetadata>; definition: ProviderDefinition; name: string },
): void {
  const iss = callback.get('iss');
  if (iss === metadata.issuer) return;
  const isAnnounced =
    profile !== undefined || metadata.authorization_response_iss_parameter_supported === true;
  const isWanted = isAnnounced && quirks.responseIssuer === 'announced' && !callback.has('error');
  if (iss === null && !isWanted) return;
  const option = iss === null ? 'quirks.responseIssuer' : 'issuer';
  const fault = {
    asked: 'the callback',
    member: 'iss',
    expected: metadata.issuer,
    got: show(iss ?? undefined),
  };
  throw faultError(name, { ...fault, option });
}
