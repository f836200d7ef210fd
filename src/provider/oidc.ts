import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkString, checkStrings, oneOf } from '../options/option-checks.ts';
import { type Check, group, optional, required, type Table, withDefault } from '../options/option-table.ts';
import { checkAuthorizationDetails } from '../options/protocol-params.ts';
import { checkResources } from '../options/resource-check.ts';
import { PUBLIC_KEY_ALGORITHMS } from '../options/signing-algorithms.ts';
import type {
  AuthorizationDetail,
  ClientAuthentication,
  ClientKeyInput,
  DecryptionKeyInput,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  PublicKeyAlgorithm,
  ResponseMode,
  SecretFunction,
  SecurityProfile,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { BOUND_TOKEN_OPTIONS } from './bound-token-options.ts';
import { checkKeyAuthentication, checkKeyInput } from './client-key.ts';
import { checkDecryptionKeys } from './decryption-keys.ts';
import { checkAnswers, checkRequests } from './oidc-checks.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  checkEndpoint,
  checkEndpoints,
  checkIssuer,
  checkMetadata,
  checkScope,
  checkSecretInput,
  pickCommon,
  readProviderOptions,
  STANDARD_CAPABILITIES,
} from './preset-options.ts';
import { allowedKeyAlgorithms, applyFapiProfile } from './profiles/fapi.ts';
import { applyIpsieProfile } from './profiles/ipsie.ts';
import { checkEncryption, completeProtection, type EncryptionOptions } from './protected-options.ts';
import { QUIRKS } from './quirk-options.ts';

/** Options of {@link oidc}. */
export interface OidcOptions extends CommonProviderOptions {
  /** The issuer, exactly as the provider writes it: a trailing slash counts. */
  issuer: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /**
   * Absent for a public client. A function, which may be asynchronous, is asked whenever the secret is needed: it gives
   * the secret, or `{ value, validForSeconds }`. @default none
   */
  clientSecret?: string | SecretFunction;
  /**
   * How this application proves itself at the token endpoint.
   * @default as the provider announces: 'client_secret_basic' before 'client_secret_post'; 'private_key_jwt' with a key; 'none' without either
   */
  clientAuthentication?: ClientAuthentication;
  /**
   * Private key for `private_key_jwt`, and for signed requests: in PEM, or as a JWK (an object, or JSON), or a list of some,
   * of which the first signs and `routes.jwks` publishes all; or a function that gives one of these as text, as one gives
   * `clientSecret`. @default none
   */
  clientKey?: ClientKeyInput | SecretFunction;
  /** The `kid` that the key is registered by, where it does not say so itself. @default none */
  clientKeyId?: string;
  /**
   * What the key signs by, where it does not say so itself. @default 'RS256' for an RSA key; 'ES256', 'ES384' or 'ES512' by the curve of an EC key; 'EdDSA' for Ed25519
   */
  clientKeyAlgorithm?: PublicKeyAlgorithm;
  /** Whom the assertions of `private_key_jwt` and `client_secret_jwt` speak to; some providers want their token endpoint. @default 'issuer' */
  clientAssertionAudience?: 'issuer' | 'token_endpoint';
  /**
   * Where the discovery document is, when that is not below the issuer. The document must name the issuer all the same.
   * @default `issuer` + `/.well-known/openid-configuration`
   */
  discoveryUrl?: string;
  /**
   * Whether access tokens are bound to the client's certificate (RFC 8705, section 3): the option `fetch` of `connectAuth()`
   * brings it to the provider and to the APIs, and the provider is asked at its `mtls_endpoint_aliases`. @default false
   */
  certificateBoundAccessTokens?: boolean;
  /**
   * Holds the provider to a profile: everything that it demands is switched on, and what it forbids is refused, naming the
   * clause. `fapi2`: FAPI 2.0 Security Profile. `fapi2-message-signing`: the same with signed requests and answers. `ipsie-sl1`:
   * IPSIE SL1, which wants `routes.initiateLogin` as well.
   * @default none
   */
  profile?: SecurityProfile;
  /** Scopes; must hold `openid`. Exactly these are asked for. @default 'openid profile email' */
  scope?: string;
  /**
   * The APIs that access tokens are for, as absolute URIs (RFC 8707). All of them are named in the authorization request; the
   * login's own token is for the first, and `req.auth.getAccessToken({ resource })` gets one for another. @default none
   */
  resource?: string | readonly string[];
  /**
   * Whether tokens are bound to a key that each session has for itself (DPoP, RFC 9449), so that a token that is stolen is of
   * no use. An answer with a bearer token is refused then, and `req.auth.fetch()` is the way to call APIs. @default false
   */
  dpop?: boolean;
  /**
   * `form_post` keeps the code out of URLs; its callback is a POST from the provider's site. With `jwt`, `query.jwt` and
   * `form_post.jwt` the answer is a JWT that the provider signs (JARM), and no other is taken. @default 'query'
   */
  responseMode?: ResponseMode;
  /** The only algorithm such an answer may be signed with. @default `idTokenSigningAlgorithm` */
  responseSigningAlgorithm?: PublicKeyAlgorithm;
  /**
   * Whether each authorization request is pushed to the provider by this server (PAR, RFC 9126), so that the browser carries
   * no more than a name for it. Where the provider demands it that is done in any case. @default false
   */
  pushedAuthorizationRequests?: boolean;
  /**
   * Whether each authorization request is signed by `clientKey` (JAR, RFC 9101), so that nobody can change it on its way.
   * Where the provider demands it that is done in any case. @default false
   */
  signedAuthorizationRequests?: boolean;
  /**
   * What each login asks to be allowed, in detail (RAR, RFC 9396); `req.auth.login({ authorizationDetails })` asks for
   * something else. What was granted is told to `onLogin`. @default none
   */
  authorizationDetails?: readonly AuthorizationDetail[];
  /** The provider's endpoints, for one without discovery. @default discovered at the first login */
  metadata?: ProviderMetadata;
  /** The only algorithm an ID token may be signed with. @default 'RS256' */
  idTokenSigningAlgorithm?: SigningAlgorithm;
  /**
   * How ID tokens are encrypted, as registered at the provider. No other is taken then; what is in it must be signed.
   * @default not encrypted
   */
  idTokenEncryption?: EncryptionOptions;
  /** How the answers of the userinfo endpoint are encrypted; they must be signed as well. @default not encrypted */
  userinfoEncryption?: EncryptionOptions;
  /** How the answers of the introspection endpoint are encrypted; they must be signed as well. @default not encrypted */
  introspectionEncryption?: EncryptionOptions;
  /**
   * How the answers to logins are encrypted, where `responseMode` is one with a JWT; they are signed as well.
   * @default not encrypted
   */
  responseEncryption?: EncryptionOptions;
  /**
   * Private keys that such answers are encrypted for: in PEM, or as JWKs. To replace one, add the next, let the provider have
   * its public half, and take the old one out when nothing is encrypted for it any more. @default none
   */
  decryptionKeys?: DecryptionKeyInput | readonly DecryptionKeyInput[];
  /** The only algorithm that the userinfo endpoint may sign with; an answer that is not signed is refused. @default not demanded */
  userinfoSigningAlgorithm?: PublicKeyAlgorithm;
  /**
   * The only algorithm that the introspection endpoint may sign with: a signed answer (RFC 9701) is asked for, and no other is
   * taken. @default not demanded
   */
  introspectionSigningAlgorithm?: PublicKeyAlgorithm;
  /**
   * Audiences an ID token may name beside `clientId`; or a rule that says of each whether it may, where the provider names
   * more than can be listed. @default []
   */
  trustedAudiences?: readonly string[] | ((audience: string) => boolean);
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

const checkAlgorithm = oneOf(
  ...PUBLIC_KEY_ALGORITHMS,
  'HS256',
  'HS384',
  'HS512',
) satisfies Check<SigningAlgorithm>;

function checkAudiences(where: string, value: unknown): readonly string[] | ((audience: string) => boolean) {
  return typeof value === 'function' ? (value as (audience: string) => boolean) : checkStrings(where, value);
}

/** The quirks of `providers.oidc()`. */
export const OIDC_QUIRKS = {
  ...QUIRKS,
  identity: withDefault(oneOf('id_token', 'access_token'), 'id_token'),
  popupRedirectUri: optional(checkString),
  silentLogin: withDefault(checkBoolean, true),
  dangerouslyUseImplicitFlow: withDefault(checkBoolean, false),
} satisfies Table<OidcQuirks>;

/** The options of `providers.oidc()`. */
export const OIDC_OPTIONS = {
  issuer: required(checkIssuer, { aliases: ['issuerBaseURL', 'domain', 'realm', 'auth-server-url'] }),
  clientId: required(checkString, { aliases: ['client_id'] }),
  clientSecret: optional(checkSecretInput, { defaultIs: 'none', aliases: ['client_secret', 'credentials'] }),
  clientAuthentication: optional(
    oneOf(
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
      'none',
    ),
    {
      defaultIs:
        "as the provider announces: 'client_secret_basic' before 'client_secret_post'; 'private_key_jwt' with a key; 'none' without either",
      aliases: ['clientAuthMethod', 'token_endpoint_auth_method'],
    },
  ),
  clientKey: optional(checkKeyInput, { aliases: ['clientAssertionSigningKey', 'privateKey'] }),
  clientKeyId: optional(checkString, { aliases: ['kid'] }),
  clientKeyAlgorithm: optional(oneOf(...PUBLIC_KEY_ALGORITHMS), {
    defaultIs:
      "'RS256' for an RSA key; 'ES256', 'ES384' or 'ES512' by the curve of an EC key; 'EdDSA' for Ed25519",
    aliases: ['clientAssertionSigningAlg', 'token_endpoint_auth_signing_alg'],
  }),
  clientAssertionAudience: withDefault(oneOf('issuer', 'token_endpoint'), 'issuer'),
  certificateBoundAccessTokens: withDefault(checkBoolean, false, {
    aliases: ['tls_client_certificate_bound_access_tokens', 'mtls', 'useMtls'],
  }),
  profile: optional(oneOf('fapi2', 'fapi2-message-signing', 'ipsie-sl1'), {
    aliases: ['fapi', 'securityProfile'],
  }),
  discoveryUrl: optional(checkString, {
    defaultIs: '`issuer` + `/.well-known/openid-configuration`',
    aliases: ['wellKnown', 'metadataUrl'],
  }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  resource: optional(checkResources, { aliases: ['resources'] }),
  ...BOUND_TOKEN_OPTIONS,
  responseMode: withDefault(oneOf('query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'), 'query', {
    aliases: ['response_mode'],
  }),
  responseSigningAlgorithm: optional(oneOf(...PUBLIC_KEY_ALGORITHMS), {
    defaultIs: '`idTokenSigningAlgorithm`',
    aliases: ['authorization_signed_response_alg'],
  }),
  pushedAuthorizationRequests: withDefault(checkBoolean, false, {
    aliases: ['usePAR', 'pushedAuthorizationRequest', 'require_pushed_authorization_requests'],
  }),
  signedAuthorizationRequests: withDefault(checkBoolean, false, {
    aliases: ['useJAR', 'requestObjectSigningAlg', 'require_signed_request_object'],
  }),
  authorizationDetails: optional(checkAuthorizationDetails, { aliases: ['authorization_details'] }),
  metadata: optional(checkMetadata, { defaultIs: 'discovered at the first login' }),
  idTokenSigningAlgorithm: withDefault(checkAlgorithm, 'RS256', { aliases: ['idTokenSigningAlg'] }),
  idTokenEncryption: optional(checkEncryption, { defaultIs: 'not encrypted' }),
  userinfoEncryption: optional(checkEncryption, { defaultIs: 'not encrypted' }),
  introspectionEncryption: optional(checkEncryption, { defaultIs: 'not encrypted' }),
  responseEncryption: optional(checkEncryption, { defaultIs: 'not encrypted' }),
  decryptionKeys: optional(checkDecryptionKeys, { aliases: ['decryptionKey'] }),
  userinfoSigningAlgorithm: optional(oneOf(...PUBLIC_KEY_ALGORITHMS), {
    defaultIs: 'not demanded',
    aliases: ['userinfo_signed_response_alg'],
  }),
  introspectionSigningAlgorithm: optional(oneOf(...PUBLIC_KEY_ALGORITHMS), {
    defaultIs: 'not demanded',
    aliases: ['introspection_signed_response_alg'],
  }),
  trustedAudiences: withDefault(checkAudiences, []),
  quirks: group(OIDC_QUIRKS),
  ...COMMON_OPTIONS,
} satisfies Table<OidcOptions>;

/**
 * Any OpenID provider: code flow with PKCE, `state` and `nonce`; the ID token's signature is always verified.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [OpenID Connect Core](https://openid.net/specs/openid-connect-core-1_0.html)
 */
export function oidc(written: OidcOptions): ProviderDefinition {
  const call = 'providers.oidc()';
  const options = applyIpsieProfile(call, applyFapiProfile(call, written));
  const given = readProviderOptions(call, options, OIDC_OPTIONS);
  const { issuer, metadata, clientId, idTokenSigningAlgorithm: algorithm } = given;
  const { identity, popupRedirectUri, silentLogin, dangerouslyUseImplicitFlow, ...quirks } = given.quirks;
  const { discoveryUrl, dangerouslyAllowHttp } = given;
  const [trustedAudiences, trustsAudience] = readAudiences(given.trustedAudiences);
  // There the audience says for whom the token is, and not who else may read it.
  if (identity === 'access_token' && trustsAudience)
    throw new ConfigurationError(
      `${call}: trustedAudiences must be a list with quirks.identity "access_token".`,
    );
  checkRequests(call, given);
  checkAnswers(call, given);
  if (given.dpop && dangerouslyUseImplicitFlow)
    throw new ConfigurationError(
      `${call}: dpop needs the token endpoint, which quirks.dangerouslyUseImplicitFlow does without.`,
    );
  if (metadata) checkEndpoints(`${call}: metadata`, metadata, issuer, dangerouslyAllowHttp);
  if (discoveryUrl) checkEndpoint(`${call}: discoveryUrl`, discoveryUrl, issuer, dangerouslyAllowHttp);
  if (popupRedirectUri) checkEndpoint(`${call}: quirks.popupRedirectUri`, popupRedirectUri, issuer);
  return Object.freeze({
    preset: 'oidc',
    issuer,
    metadata,
    discoveryUrl,
    clientId,
    clientAssertionAudience: given.clientAssertionAudience,
    clientSecret: checkClientSecret(`${call}: clientSecret`, given.clientSecret, algorithm),
    ...checkKeyAuthentication(call, {
      ...given,
      allowedKeyAlgorithms: allowedKeyAlgorithms(given.profile),
    }),
    certificateBoundAccessTokens: given.certificateBoundAccessTokens,
    ...completeProtection(call, given),
    profile: given.profile,
    scope: given.scope,
    resource: given.resource,
    dpop: given.dpop,
    refuseMissingScopes: false,
    implicit: dangerouslyUseImplicitFlow,
    responseMode: given.responseMode,
    responseSigningAlgorithm: given.responseSigningAlgorithm,
    authorizationDetails: given.authorizationDetails,
    pushedAuthorizationRequests: given.pushedAuthorizationRequests,
    signedAuthorizationRequests: given.signedAuthorizationRequests,
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
    trustsAudience,
    quirks: Object.freeze(quirks),
    capabilities: Object.freeze({
      ...STANDARD_CAPABILITIES,
      refresh: !dangerouslyUseImplicitFlow,
      silentLogin,
    }),
    ...pickCommon(call, options, given),
  });
}

function readAudiences(given: NonNullable<OidcOptions['trustedAudiences']>) {
  return typeof given === 'function' ? ([Object.freeze([]), given] as const) : ([given, undefined] as const);
}
