import type { Secret } from './secret.ts';

/**
 * How a client proves itself at the token endpoint.
 *
 * - `client_secret_basic`: HTTP Basic, both parts form-encoded as RFC 6749, section 2.3.1 asks.
 * - `client_secret_post`: `client_id` and `client_secret` in the body.
 * - `private_key_jwt`: a signed assertion (RFC 7523), so that no secret is shared or sent.
 * - `none`: a public client.
 */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** The key that signs a client's assertions. */
export interface ClientKey {
  /** PKCS#8, in PEM. */
  readonly pem: Secret;
  readonly algorithm: 'RS256' | 'ES256';
  /** The `kid` it is registered by. */
  readonly id: string | undefined;
}

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
  /** Whether the provider adds `iss` to its callback (RFC 9207), which is then demanded. @default false */
  authorization_response_iss_parameter_supported?: boolean;
}

/** Where a provider departs from the standards. Each is one switch, and its default is the standard. */
export interface ProviderQuirks {
  /** `raw`: HTTP Basic carries `id:secret` as they are, not form-encoded, and the body names the client. @default 'form' */
  basicEncoding?: 'form' | 'raw';
  /** `query`: the token endpoint reads its parameters from the URL of the POST. @default 'body' */
  tokenParams?: 'body' | 'query';
  /** `optional`: a token answer may lack `token_type`, which then means Bearer. @default 'required' */
  tokenType?: 'required' | 'optional';
  /** `ms`: `expires_in` counts milliseconds. @default 's' */
  expiresInUnit?: 's' | 'ms';
  /** `object`: an error answer has an object under `error`, with `code`, `title` and `detail`. @default 'oauth' */
  errorFormat?: 'oauth' | 'object';
  /** `bare`: the authorization request names neither `response_type` nor `scope`. @default 'standard' */
  authorizationRequest?: 'standard' | 'bare';
  /** PKCE: the method as the provider calls it, or none. @default 'S256' */
  pkce?: 'S256' | 'sha256' | 'none';
  /** Whether the ID token answers a `nonce`. @default true */
  nonce?: boolean;
  /** RSA keys of an ID token's signature must have at least so many bits. @default 2048 */
  minimumKeyBits?: 1024 | 2048;
  /** `minimum`: a higher number answers a lower `acr`; otherwise `acr` must be one of those asked for. @default 'listed' */
  acr?: 'listed' | 'minimum';
  /** Longest `state` in characters that the provider takes. @default 4096 */
  maxStateLength?: number;
  /** A claim that, when true, makes the session end with the browser. @default false */
  browserSessionClaim?: string | false;
  /** Whether a refresh names the scopes again. @default false */
  refreshScope?: boolean;
  /** Whether revocation names the kind of token. @default true */
  revocationHint?: boolean;
  /** Whether the provider's logout takes an `id_token_hint`. @default true */
  logoutHint?: boolean;
  /** `in_token_answer`: the token answer has a `userinfo` member. @default 'endpoint' */
  userinfo?: 'endpoint' | 'in_token_answer';
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
    };

/** A provider as data: what a preset made of its options. The code that speaks to it is the same for all. */
export interface ProviderDefinition {
  /** The preset's name, for messages. */
  readonly preset: string;
  readonly issuer: string;
  /** Absent: the endpoints are discovered at the first login. */
  readonly metadata: Readonly<ProviderMetadata> | undefined;
  readonly clientId: string;
  readonly clientSecret: Secret | undefined;
  readonly clientAuthentication: ClientAuthentication;
  /** For `private_key_jwt`. */
  readonly clientKey?: ClientKey | undefined;
  /** Space-separated scopes; exactly these are asked for. */
  readonly scope: string;
  /** Whether a login fails when fewer scopes are granted than asked for. */
  readonly refuseMissingScopes: boolean;
  /** The weaker implicit flow, where a provider documents no other: the ID token comes through the browser. */
  readonly implicit: boolean;
  readonly responseMode: 'query' | 'form_post';
  /** The provider's own callback for its popup package, where it has one. */
  readonly popupRedirectUri: string | undefined;
  /** Parameters added to each authorization request. */
  readonly authorizationParams: Readonly<Record<string, string>>;
  readonly identity: IdentitySource;
  /** Audiences an ID token may name beside the client id. */
  readonly trustedAudiences: readonly string[];
  /** Whether each login also asks the userinfo endpoint. */
  readonly userinfoAtLogin: boolean;
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
}
