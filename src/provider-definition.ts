import type { KeyObject } from 'node:crypto';
import type { Secret } from './secret.ts';

/**
 * How a client proves itself at the token endpoint.
 *
 * - `client_secret_basic`: HTTP Basic, both parts percent-encoded, so that every decoder of forms (RFC 6749, section 2.3.1)
 *   and of percent signs reads them.
 * - `client_secret_post`: `client_id` and `client_secret` in the body.
 * - `client_secret_jwt`: an assertion (RFC 7523) that the secret signs by HS256, so that it is not sent itself.
 * - `private_key_jwt`: a signed assertion (RFC 7523), so that no secret is shared or sent.
 * - `tls_client_auth`, `self_signed_tls_client_auth`: the certificate that the application's `fetch` brings to the TLS
 *   handshake (RFC 8705).
 * - `none`: a public client.
 */
export type ClientAuthentication =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  | 'none';

/**
 * Gives a secret of the application's whenever it is needed: one that ends, or lies elsewhere. Asked at each call to the
 * provider, unless it says for how many seconds its answer is good.
 */
export type SecretFunction = () => GivenSecret | Promise<GivenSecret>;

/** What such a function gives. */
export type GivenSecret = string | { readonly value: string; readonly validForSeconds: number };

/** A private key as a JSON Web Key (RFC 7517): RSA, EC or Ed25519. */
export interface PrivateJwk {
  readonly kty: string;
  /** The name it is registered by. */
  readonly kid?: string;
  /** What it signs by. */
  readonly alg?: string;
  readonly [member: string]: unknown;
}

/**
 * The private key of a client: in PEM, or as a JWK or a JWK Set, as an object or as JSON. Or several: the first signs, and
 * all are published.
 */
export type ClientKeyInput = string | PrivateJwk | readonly (string | PrivateJwk)[];

/** The keys that sign a client's assertions and requests. */
export interface ClientKey {
  /** What {@link ClientKeyInput} says, as text. */
  readonly keys: Secret | SecretFunction;
  /** The `kid` that a single key is registered by. */
  readonly id: string | undefined;
  /** What they sign by, where they do not say so themselves. */
  readonly algorithm: PublicKeyAlgorithm | undefined;
  /** What they may sign by. @default any */
  readonly allowed?: readonly PublicKeyAlgorithm[] | undefined;
  /** What the first of them signs by; `undefined`: a function gives them, and nobody knows yet. */
  readonly signsBy: PublicKeyAlgorithm | undefined;
}

/** One thing that a client wants to be allowed, by its type and in whatever members that type has (RFC 9396). */
export interface AuthorizationDetail {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** Profiles of the OpenID Foundation that a provider may be held to. */
export type SecurityProfile = 'fapi2' | 'fapi2-message-signing' | 'ipsie-sl1';

/** Signature algorithms by keys of which one half is published. */
export type PublicKeyAlgorithm = Exclude<SigningAlgorithm, 'HS256' | 'HS384' | 'HS512'>;

/** Signature algorithms a token may be configured for. `none` is not among them. */
export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

/** How the key of an encrypted answer is wrapped; with `dir` it follows from the client secret (OpenID Connect Core, section 10.2). */
export type KeyManagement =
  | 'RSA-OAEP-256'
  | 'RSA-OAEP'
  | 'ECDH-ES'
  | 'ECDH-ES+A128KW'
  | 'ECDH-ES+A256KW'
  | 'dir';

/** How the content of an answer is encrypted. */
export type ContentEncryption = 'A128CBC-HS256' | 'A256CBC-HS512' | 'A128GCM' | 'A256GCM';

/** How answers of one kind are encrypted. */
export interface AnswerEncryption {
  readonly alg: KeyManagement;
  readonly enc: ContentEncryption;
}

/** A private key that answers are encrypted for: in PEM, or as a JWK whose `kid` is the name it is registered by. */
export type DecryptionKeyInput = string | Readonly<Record<string, unknown>>;

/** The public half of such a key, as a JWK. */
export interface PublicEncryptionKey {
  readonly kty: string;
  readonly kid: string;
  readonly use: 'enc';
  readonly [member: string]: unknown;
}

/** Such a key, read. */
export interface DecryptionKey {
  readonly key: KeyObject;
  /** The name that the provider may know it by: its own, or its thumbprint (RFC 7638). */
  readonly id: string;
  readonly algorithms: readonly KeyManagement[];
  readonly published: PublicEncryptionKey;
}

/** How the answers of a provider are protected beyond TLS. Where a member says so, no weaker answer is taken. */
export interface AnswerProtection {
  readonly idTokenEncryption: AnswerEncryption | undefined;
  readonly userinfoEncryption: AnswerEncryption | undefined;
  readonly introspectionEncryption: AnswerEncryption | undefined;
  /** Of the answers to logins, which are signed within. */
  readonly responseEncryption: AnswerEncryption | undefined;
  readonly decryptionKeys: readonly DecryptionKey[];
  /** The public halves of them, for whoever publishes them. */
  readonly encryptionKeys: readonly PublicEncryptionKey[];
  readonly userinfoSigningAlgorithm: PublicKeyAlgorithm | undefined;
  readonly introspectionSigningAlgorithm: PublicKeyAlgorithm | undefined;
}

/** Endpoints of a provider, for one without discovery. Members are named as in RFC 8414, section 2. */
export interface ProviderMetadata {
  /** Where browsers are sent for a login. */
  authorization_endpoint: string;
  /** Where codes and refresh tokens are exchanged. */
  token_endpoint: string;
  /** Where the keys are that sign tokens. @default none */
  jwks_uri?: string;
  /** What tells of the person who logged in. @default none */
  userinfo_endpoint?: string;
  /** Where browsers are sent for a logout. @default none */
  end_session_endpoint?: string;
  /** What revokes tokens (RFC 7009). @default none */
  revocation_endpoint?: string;
  /** What says whether a token is good (RFC 7662), for guards with `bearer.introspection`. @default none */
  introspection_endpoint?: string;
  /** Where authorization requests are pushed (RFC 9126). @default none */
  pushed_authorization_request_endpoint?: string;
  /** Whether the provider adds `iss` to its callback (RFC 9207), which is then demanded. @default false */
  authorization_response_iss_parameter_supported?: boolean;
}

/** Where a provider departs from the standards. Each is one switch, and its default is the standard. */
export interface ProviderQuirks {
  /**
   * `raw`: HTTP Basic carries `id:secret` as they are, for a server that does not decode them, and the body names the
   * client. It matters only where one of them holds another character than letters, digits and `- _ . ~ ! * ' ( )`; most
   * servers decode. @default 'form'
   */
  basicEncoding?: 'form' | 'raw';
  /** `query`: the token endpoint reads its parameters from the URL of the POST. @default 'body' */
  tokenParams?: 'body' | 'query';
  /** `optional`: a token answer may lack `token_type`, which then means Bearer. @default 'required' */
  tokenType?: 'required' | 'optional';
  /** `ms`: `expires_in` counts milliseconds. @default 's' */
  expiresInUnit?: 's' | 'ms';
  /** `object`: an error answer has an object under `error`, with `code`, `title` and `detail`. @default 'oauth' */
  errorFormat?: 'oauth' | 'object';
  /** `any`: the token endpoint also refuses with the status of a success, and says so in the body. @default 'error' */
  errorStatus?: 'error' | 'any';
  /** `bare`: the authorization request names neither `response_type` nor `scope`. @default 'standard' */
  authorizationRequest?: 'standard' | 'bare';
  /**
   * `optional`: a callback without `iss` is taken although the provider announces that it adds one (RFC 9207). A wrong
   * one is refused all the same. @default 'announced'
   */
  responseIssuer?: 'announced' | 'optional';
  /** PKCE: the method as the provider calls it, or none. @default 'S256' */
  pkce?: 'S256' | 'sha256' | 'none';
  /** Whether the ID token answers a `nonce`. @default true */
  nonce?: boolean;
  /** RSA keys of an ID token's signature must have at least so many bits. @default 2048 */
  minimumKeyBits?: 1024 | 2048;
  /** `minimum`: a higher number answers a lower `acr`; otherwise `acr` must be one of those asked for. @default 'listed' */
  acr?: 'listed' | 'minimum';
  /** Longest `state` in characters that the provider takes, a whole number from 44: ours may have so many. @default 4096 */
  maxStateLength?: number;
  /** A claim that, when true, makes the session end with the browser. @default false */
  browserSessionClaim?: string | false;
  /** Whether a refresh names the scopes again. @default false */
  refreshScope?: boolean;
  /** Whether revocation names the kind of token. @default true */
  revocationHint?: boolean;
  /**
   * Whether the provider's logout takes an `id_token_hint`. `required`: it takes no logout without one, so that where there
   * is none the session ends here alone. @default true
   */
  logoutHint?: boolean | 'required';
  /** What the provider's logout calls the address that the browser is sent back to. @default 'post_logout_redirect_uri' */
  logoutReturnParam?: string;
  /**
   * Whether the provider's logout sends `state` back. `required`: it takes no logout without one, so that there is one also
   * where nothing waits for it. @default true
   */
  logoutState?: boolean | 'required';
  /** `in_token_answer`: the token answer has a `userinfo` member. @default 'endpoint' */
  userinfo?: 'endpoint' | 'in_token_answer';
  /** What stands between two scopes, in requests and in token answers. @default ' ' */
  scopeSeparator?: ' ' | ',';
}

/** What a provider can do. `undefined`: its metadata says. */
export interface ProviderCapabilities {
  readonly refresh: boolean;
  readonly revocation: boolean | undefined;
  /** `browser`: by a redirect; `api`: by a call with the access token; `false`: not at all. */
  readonly logout: 'browser' | 'api' | false;
  readonly silentLogin: boolean;
  /** Whether it says when a person proved who they are; where it does not, no login answers a `max_age`. */
  readonly authTime: boolean;
  /** Whether it says how they did it; where it does not, no login answers `acr_values`. */
  readonly acr: boolean;
}

/** Where the identity of a login comes from, and how it is verified. */
export type IdentitySource =
  | {
      readonly from: 'id_token';
      readonly algorithm: SigningAlgorithm;
      /** PEM certificates, one of whose keys signs; absent: `jwks_uri`, or the client secret for HS*. */
      readonly certificates?: readonly string[] | undefined;
    }
  | {
      readonly from: 'access_token';
      /** As configured, never as the token's header says. */
      readonly algorithm: SigningAlgorithm;
      /** `undefined`: not checked. */
      readonly issuer: string | undefined;
      /** One of them must be among the token's. `undefined`: not checked. */
      readonly audiences: readonly string[] | undefined;
      /** The access token is a JWE for this key; `signed`: it holds a JWT of `algorithm`, else the claims. */
      readonly encryption: { readonly key: Secret; readonly content: 'signed' | 'bare' } | undefined;
    }
  | UserApi;

/** An API that says whose token it is asked with: for OAuth 2.0 without OpenID, where no token speaks of the person. */
export interface UserApi {
  readonly from: 'user_api';
  /** Nothing is signed. */
  readonly algorithm: 'none';
  readonly url: string;
  /** Headers that the API wants beside the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** The member of its answer that identifies the person for good; dots lead to inner ones. */
  readonly sub: string;
  /** Standard claims, by the member that each is taken from. Every other member is a claim under its own name. */
  readonly claims: Readonly<Record<string, string>>;
  /** A second address that lists the person's e-mail addresses, asked where `scope` was granted. */
  readonly emails?: { readonly url: string; readonly scope: string } | undefined;
}

/** One issuer for many tenants: each has an `iss` of its own, and which of them may log in is said in so many words. */
export interface TenantRule {
  /** The `iss` of a tenant's tokens, with `{tenantid}` where its id stands. */
  readonly issuer: string;
  /** The claim that names the tenant. */
  readonly claim: string;
  /** Their ids, in lower case; `any`: every tenant that the provider has, now or later. */
  readonly allowed: readonly string[] | 'any';
}

/**
 * How a provider answers a login: in the query of the callback or as a form, as it is or in a JWT (JARM). `jwt` is the
 * provider's choice, which for the code flow is the query.
 */
export type ResponseMode = 'query' | 'form_post' | 'jwt' | 'query.jwt' | 'form_post.jwt';

/** A provider as data: what a preset made of its options. The code that speaks to it is the same for all. */
export interface ProviderDefinition extends Partial<AnswerProtection> {
  /** The preset's name, for messages. */
  readonly preset: string;
  readonly issuer: string;
  /** Absent: the endpoints are discovered at the first login. */
  readonly metadata: Readonly<ProviderMetadata> | undefined;
  /** Where the discovery document is; absent: below the issuer, as the standard says. */
  readonly discoveryUrl?: string | undefined;
  readonly clientId: string;
  readonly clientSecret: Secret | SecretFunction | undefined;
  /** `undefined`: as the provider announces it. */
  readonly clientAuthentication: ClientAuthentication | undefined;
  /** For `private_key_jwt`. */
  readonly clientKey?: ClientKey | undefined;
  /** Whom its assertions speak to. @default 'issuer' */
  readonly clientAssertionAudience?: 'issuer' | 'token_endpoint' | undefined;
  /** Whether the access tokens are for the certificate that the application's `fetch` brings. @default false */
  readonly certificateBoundAccessTokens?: boolean | undefined;
  /** The profile that the provider is held to. */
  readonly profile?: SecurityProfile | undefined;
  /** Space-separated scopes; exactly these are asked for. */
  readonly scope: string;
  /** What access tokens are asked for (RFC 8707): the login's own is for the first. Absent: the provider decides. */
  readonly resource?: readonly string[] | undefined;
  /** Whether tokens are bound to a key of each session (RFC 9449). @default false */
  readonly dpop?: boolean | undefined;
  /** Whether a login fails when fewer scopes are granted than asked for. */
  readonly refuseMissingScopes: boolean;
  /** The weaker implicit flow, where a provider documents no other: the ID token comes through the browser. */
  readonly implicit: boolean;
  readonly responseMode: ResponseMode;
  /** What a signed answer to a login is signed by. @default that of `identity` */
  readonly responseSigningAlgorithm?: PublicKeyAlgorithm | undefined;
  /** The provider's own callback for its popup package, where it has one. */
  readonly popupRedirectUri: string | undefined;
  /** Whether authorization requests are pushed also where the provider does not demand it. @default false */
  readonly pushedAuthorizationRequests?: boolean | undefined;
  /** Whether they are signed by `clientKey` also where the provider does not demand it. @default false */
  readonly signedAuthorizationRequests?: boolean | undefined;
  /** What each login asks to be allowed, where it does not say so itself. */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined;
  /** Parameters added to each authorization request. */
  readonly authorizationParams: Readonly<Record<string, string>>;
  /** Parameters added to each logout at the provider. */
  readonly logoutParams: Readonly<Record<string, string>>;
  /** Those of them whose value is a claim of the session, by the claim's name. */
  readonly logoutClaims: Readonly<Record<string, string>>;
  /** What is revoked when a session ends, where the provider can. */
  readonly revocation: 'all' | 'refresh_token' | 'none';
  readonly identity: IdentitySource;
  /** Where the `iss` of an ID token names a tenant rather than `issuer`. */
  readonly tenants?: TenantRule | undefined;
  /** Claims that an ID token must have with just these values: who has others is known, and may not log in. */
  readonly requiredClaims?: Readonly<Record<string, string>> | undefined;
  /** Claims that are taken from the access token, which is a JWT by the same keys, where the ID token has none of them. */
  readonly accessTokenClaims?: readonly string[] | undefined;
  /** Audiences an ID token may name beside the client id. */
  readonly trustedAudiences: readonly string[];
  /** The same by a rule of the application. */
  readonly trustsAudience?: ((audience: string) => boolean) | undefined;
  /** Whether an ID token may name any audience beside the client id, where its `azp` says that it was made for this client. */
  readonly trustsAudiencesByAzp?: boolean | undefined;
  /** Whether each login also asks the userinfo endpoint; `auto`: where the ID token lacks what was asked for. */
  readonly userinfoAtLogin: boolean | 'auto';
  readonly quirks: Readonly<Required<ProviderQuirks>>;
  readonly capabilities: ProviderCapabilities;
  /** Whether a logout token must have the `typ` `logout+jwt`. */
  readonly strictLogoutTokenType: boolean;
  /** How old a logout token may be, in seconds. */
  readonly logoutTokenMaxAgeSeconds: number;
  readonly clockToleranceSeconds: number;
  /** Life of an access token whose answer does not say, in seconds. */
  readonly defaultExpiresInSeconds: number;
  /** Bound of one call to the provider, in milliseconds. */
  readonly timeoutMs: number;
  /** Origins on plain http that this server may call, and no browser is sent to. */
  readonly dangerouslyAllowHttp: ReadonlySet<string>;
}
