import { checkString, oneOf } from '../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  checkIssuer,
  checkOrigin,
  pickCommon,
  readProviderOptions,
} from './preset-options.ts';
import { completeQuirks } from './quirk-options.ts';

/** Options of {@link did}. */
export interface DidOptions extends CommonProviderOptions {
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client, which proves itself by PKCE with the method that DID.app calls `sha256`. @default none */
  clientSecret?: string;
  /** Where the endpoints are. @default 'https://auth.did.app' */
  origin?: string;
  /** The `iss` of the ID tokens; another host than the endpoints'. @default 'https://did.app' */
  issuer?: string;
  /** `form_post` as recommended for servers, or in the query. @default 'form_post' */
  responseMode?: 'form_post' | 'query';
  /** `standard` adds `response_type` and `scope`, which the guide does not list. @default 'bare' */
  authorizationRequest?: 'bare' | 'standard';
}

/** The options of `providers.did()`. */
export const DID_OPTIONS = {
  clientId: required(checkString, { aliases: ['client_id'] }),
  clientSecret: optional(checkString, { defaultIs: 'none', aliases: ['client_secret'] }),
  origin: withDefault(checkOrigin, 'https://auth.did.app'),
  issuer: withDefault(checkIssuer, 'https://did.app'),
  responseMode: withDefault(oneOf('form_post', 'query'), 'form_post', { aliases: ['response_mode'] }),
  authorizationRequest: withDefault(oneOf('bare', 'standard'), 'bare'),
  ...COMMON_OPTIONS,
} satisfies Table<DidOptions>;

/**
 * DID.app. The callback is a form post from another site; the token answer has no type, no life and no refresh token;
 * `prompt=create` opens the sign-up page; there is no silent login, revocation or logout, and nothing is said of when
 * and how a person proved who they are: `maxAgeSeconds` and `acrValues` are refused.
 *
 * Checked on 2026-11-20 against the step-by-step integration guide.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [DID.app](https://did.app)
 */
export function did(options: DidOptions): ProviderDefinition {
  const call = 'providers.did()';
  const given = readProviderOptions(call, options, DID_OPTIONS);
  const endpoints = `${given.origin}/oidc`;
  const isPublic = given.clientSecret === undefined;
  return Object.freeze({
    preset: 'did',
    issuer: given.issuer,
    metadata: Object.freeze({
      authorization_endpoint: `${endpoints}/authorize`,
      token_endpoint: `${endpoints}/token`,
      userinfo_endpoint: `${endpoints}/userinfo`,
      jwks_uri: `${endpoints}/jwks`,
    }),
    clientId: given.clientId,
    clientSecret: checkClientSecret(`${call}: clientSecret`, given.clientSecret, 'RS256'),
    clientAuthentication: isPublic ? 'none' : 'client_secret_post',
    scope: 'openid',
    refuseMissingScopes: false,
    implicit: false,
    responseMode: given.responseMode,
    identity: Object.freeze({ from: 'id_token', algorithm: 'RS256' }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: completeQuirks({
      tokenType: 'optional',
      errorFormat: 'object',
      authorizationRequest: given.authorizationRequest,
      pkce: isPublic ? 'sha256' : 'none',
      nonce: false,
      userinfo: 'in_token_answer',
    }),
    capabilities: Object.freeze({
      refresh: false,
      revocation: false,
      logout: false,
      silentLogin: false,
      authTime: false,
      acr: false,
    }),
    ...pickCommon(call, options, given),
  });
}
