import { checkBoolean, checkKeys, checkOneOf, checkString, checkStrings } from '../option-checks.ts';
import type {
  ClientAuthentication,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { checkKeyAuthentication } from './client-key.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkClientSecret,
  checkEndpoint,
  checkIssuer,
  checkMetadata,
  checkScope,
  QUIRK_NAMES,
  resolveCommon,
  resolveQuirks,
  STANDARD_CAPABILITIES,
} from './preset-options.ts';

/** Options of {@link oidc}. */
export interface OidcOptions extends CommonProviderOptions {
  /** The issuer, exactly as the provider writes it: a trailing slash counts. */
  issuer: string;
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string;
  /** @default 'client_secret_basic'; 'private_key_jwt' with a key; 'none' without either */
  clientAuthentication?: ClientAuthentication;
  /** Private key in PEM for `private_key_jwt`. RSA signs by RS256, an EC key on P-256 by ES256. @default none */
  clientKey?: string;
  /** The `kid` that the key is registered by. @default none */
  clientKeyId?: string;
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
  quirks?: OidcQuirks;
}

/** The quirks, and those departures that decide what kind of provider this is. */
export interface OidcQuirks extends ProviderQuirks {
  /**
   * `access_token`: the access token is a JWT and says who logged in. It is verified as an ID token would be: by
   * `idTokenSigningAlgorithm`, `issuer`, and `clientId` or one of `trustedAudiences`. An ID token beside it is verified
   * by hand and must speak of the same person. @default 'id_token'
   */
  identity?: 'id_token' | 'access_token';
  /** The provider's own callback for its popup package. @default none */
  popupRedirectUri?: string;
  /** Whether `prompt=none` is answered without showing a page. @default true */
  silentLogin?: boolean;
  /**
   * Uses the implicit flow as one broker documents it: `response_type=id token token`, and the ID token in the query of
   * the callback. There are no other tokens, and nothing but `state` and `nonce` ties the answer to the login.
   * @default false
   */
  dangerouslyUseImplicitFlow?: boolean;
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
  const clientId = checkString(where('clientId'), options.clientId);
  const trustedAudiences = checkStrings(where('trustedAudiences'), options.trustedAudiences ?? []);
  const { identity, popupRedirectUri, silentLogin, implicit, quirks } = readQuirks(
    options.quirks ?? {},
    issuer,
  );
  return Object.freeze({
    preset: 'oidc',
    issuer,
    metadata: options.metadata && checkMetadata(where('metadata'), options.metadata, issuer),
    clientId,
    clientSecret: checkClientSecret(where('clientSecret'), options.clientSecret, algorithm),
    ...checkKeyAuthentication('providers.oidc()', options),
    scope: checkScope(where('scope'), options.scope ?? 'openid profile email'),
    refuseMissingScopes: false,
    implicit,
    responseMode: checkOneOf(where('responseMode'), options.responseMode ?? 'query', ['query', 'form_post']),
    identity: Object.freeze(
      identity === 'id_token'
        ? { from: 'id_token', algorithm }
        : {
            from: 'access_token',
            algorithm,
            issuer,
            encryption: undefined,
            audiences: Object.freeze([clientId, ...trustedAudiences]),
          },
    ),
    popupRedirectUri,
    trustedAudiences,
    quirks,
    capabilities: Object.freeze({ ...STANDARD_CAPABILITIES, refresh: !implicit, silentLogin }),
    ...resolveCommon('oidc', options),
  });
}

const OPTION_NAMES: readonly (keyof OidcOptions)[] = [
  'issuer',
  'clientId',
  'clientSecret',
  'clientAuthentication',
  'clientKey',
  'clientKeyId',
  'scope',
  'responseMode',
  'metadata',
  'idTokenSigningAlgorithm',
  'trustedAudiences',
  'quirks',
  ...COMMON_OPTION_NAMES,
];

/** What kind of provider it is, and the switches. */
function readQuirks(given: OidcQuirks, issuer: string) {
  const where = 'providers.oidc(): quirks';
  checkKeys(where, given, [...QUIRK_NAMES, ...KIND_NAMES]);
  const { identity, popupRedirectUri, silentLogin, dangerouslyUseImplicitFlow, ...quirks } = given;
  if (popupRedirectUri !== undefined) checkEndpoint(`${where}.popupRedirectUri`, popupRedirectUri, issuer);
  return {
    identity: checkOneOf(`${where}.identity`, identity ?? 'id_token', ['id_token', 'access_token']),
    popupRedirectUri,
    silentLogin: checkBoolean(`${where}.silentLogin`, silentLogin ?? true),
    implicit: checkBoolean(`${where}.dangerouslyUseImplicitFlow`, dangerouslyUseImplicitFlow ?? false),
    quirks: resolveQuirks(where, quirks),
  };
}

const KIND_NAMES: readonly Exclude<keyof OidcQuirks, keyof ProviderQuirks>[] = [
  'identity',
  'popupRedirectUri',
  'silentLogin',
  'dangerouslyUseImplicitFlow',
];

/** Every algorithm that `idTokenSigningAlgorithm` may name. */
export const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
];
