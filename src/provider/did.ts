import { checkKeys, checkOneOf, checkString } from '../option-checks.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkClientSecret,
  checkIssuer,
  checkOrigin,
  resolveCommon,
  resolveQuirks,
} from './preset-options.ts';

/** Options of {@link did}. */
export interface DidOptions extends CommonProviderOptions {
  clientId: string;
  /** Absent for a public client, which proves itself by PKCE with the method that DID.app calls `sha256`. */
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

/**
 * DID.app. The callback is a form post from another site; the token answer has no type, no life and no refresh token;
 * `prompt=create` opens the sign-up page; there is no silent login, revocation or logout, and nothing is said of when
 * and how a person proved who they are: `maxAge` and `acr` are refused.
 *
 * Checked on 2026-11-20 against the step-by-step integration guide.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [DID.app](https://did.app)
 */
export function did(options: DidOptions): ProviderDefinition {
  checkKeys('providers.did()', options, OPTION_NAMES);
  const where = (name: keyof DidOptions) => `providers.did(): ${name}`;
  const endpoints = `${checkOrigin(where('origin'), options.origin ?? 'https://auth.did.app')}/oidc`;
  const isPublic = options.clientSecret === undefined;
  return Object.freeze({
    preset: 'did',
    issuer: checkIssuer(where('issuer'), options.issuer ?? 'https://did.app'),
    metadata: Object.freeze({
      authorization_endpoint: `${endpoints}/authorize`,
      token_endpoint: `${endpoints}/token`,
      userinfo_endpoint: `${endpoints}/userinfo`,
      jwks_uri: `${endpoints}/jwks`,
    }),
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: checkClientSecret(where('clientSecret'), options.clientSecret, 'RS256'),
    clientAuthentication: isPublic ? 'none' : 'client_secret_post',
    scope: 'openid',
    refuseMissingScopes: false,
    implicit: false,
    responseMode: checkOneOf(where('responseMode'), options.responseMode ?? 'form_post', [
      'form_post',
      'query',
    ]),
    identity: Object.freeze({ from: 'id_token', algorithm: 'RS256' }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: resolveQuirks('providers.did()', {
      tokenType: 'optional',
      errorFormat: 'object',
      authorizationRequest: checkOneOf(
        where('authorizationRequest'),
        options.authorizationRequest ?? 'bare',
        ['bare', 'standard'] as const,
      ),
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
    ...resolveCommon('did', options),
  });
}

const OPTION_NAMES: readonly (keyof DidOptions)[] = [
  'clientId',
  'clientSecret',
  'origin',
  'issuer',
  'responseMode',
  'authorizationRequest',
  ...COMMON_OPTION_NAMES,
];
