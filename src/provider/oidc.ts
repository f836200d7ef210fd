import { checkKeys, checkOneOf, checkString, checkStrings } from '../option-checks.ts';
import type {
  ClientAuthentication,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  SigningAlgorithm,
} from '../provider-definition.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkAuthentication,
  checkClientSecret,
  checkIssuer,
  checkMetadata,
  checkScope,
  resolveCommon,
  resolveQuirks,
  STANDARD_CAPABILITIES,
} from './definition.ts';

/** Options of {@link oidc}. */
export interface OidcOptions extends CommonProviderOptions {
  /** The issuer, exactly as the provider writes it: a trailing slash counts. */
  issuer: string;
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string;
  /** @default 'client_secret_basic', or 'none' without a secret */
  clientAuthentication?: ClientAuthentication;
  /** Scopes; must hold `openid`. Exactly these are asked for. @default 'openid profile email' */
  scope?: string;
  /** `form_post` keeps the code out of URLs; its callback is a POST from the provider's site. @default 'query' */
  responseMode?: 'query' | 'form_post';
  /** The provider's endpoints, for one without discovery. @default discovered at the first login */
  metadata?: ProviderMetadata;
  /** The only algorithm an ID token may be signed with. @default 'RS256' */
  idTokenSigningAlgorithm?: SigningAlgorithm;
  /** Audiences an ID token may name beside `clientId`. @default [] */
  trustedAudiences?: readonly string[];
  /** Where this provider departs from the standards. @default {} */
  quirks?: ProviderQuirks;
}

/**
 * Any OpenID provider: code flow with PKCE, `state` and `nonce`; the ID token's signature is always verified.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [OpenID Connect Core](https://openid.net/specs/openid-connect-core-1_0.html)
 */
export function oidc(options: OidcOptions): ProviderDefinition {
  checkKeys('providers.oidc()', options, OPTION_NAMES);
  const where = (name: keyof OidcOptions) => `providers.oidc(): ${name}`;
  const issuer = checkIssuer(where('issuer'), options.issuer);
  const algorithm = checkOneOf(
    where('idTokenSigningAlgorithm'),
    options.idTokenSigningAlgorithm ?? 'RS256',
    SIGNING_ALGORITHMS,
  );
  return Object.freeze({
    preset: 'oidc',
    issuer,
    metadata: options.metadata && checkMetadata(where('metadata'), options.metadata, issuer),
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: checkClientSecret(where('clientSecret'), options.clientSecret, algorithm),
    clientAuthentication: checkAuthentication('providers.oidc()', options),
    scope: checkScope(where('scope'), options.scope ?? 'openid profile email'),
    refuseMissingScopes: false,
    implicit: false,
    responseMode: checkOneOf(where('responseMode'), options.responseMode ?? 'query', ['query', 'form_post']),
    identity: Object.freeze({ from: 'id_token', algorithm }),
    popupRedirectUri: undefined,
    trustedAudiences: checkStrings(where('trustedAudiences'), options.trustedAudiences ?? []),
    quirks: resolveQuirks(where('quirks'), options.quirks ?? {}),
    capabilities: STANDARD_CAPABILITIES,
    ...resolveCommon('oidc', options),
  });
}

const OPTION_NAMES: readonly (keyof OidcOptions)[] = [
  ...(['issuer', 'clientId', 'clientSecret', 'clientAuthentication', 'scope', 'responseMode'] as const),
  ...(['metadata', 'idTokenSigningAlgorithm', 'trustedAudiences', 'quirks'] as const),
  ...COMMON_OPTION_NAMES,
];

export const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS384', 'HS512'] as const),
];
