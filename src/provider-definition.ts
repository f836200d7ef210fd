import type { Secret } from './secret.ts';

/**
 * How a client proves itself at the token endpoint.
 *
 * - `client_secret_basic`: HTTP Basic, both parts form-encoded as RFC 6749, section 2.3.1 asks.
 * - `client_secret_post`: `client_id` and `client_secret` in the body.
 * - `none`: a public client.
 */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post' | 'none';

/** Signature algorithms an ID token may be configured for. `none` is not among them. */
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
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri?: string;
  userinfo_endpoint?: string;
  end_session_endpoint?: string;
  revocation_endpoint?: string;
  /** Whether the provider adds `iss` to its callback (RFC 9207). */
  authorization_response_iss_parameter_supported?: boolean;
}

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
  /** Space-separated scopes; exactly these are asked for. */
  readonly scope: string;
  readonly responseMode: 'query' | 'form_post';
  /** Parameters added to each authorization request. */
  readonly authorizationParams: Readonly<Record<string, string>>;
  readonly idTokenSigningAlgorithm: SigningAlgorithm;
  /** Audiences an ID token may name beside the client id. */
  readonly trustedAudiences: readonly string[];
  readonly clockToleranceSeconds: number;
  /** Bound of one call to the provider, in milliseconds. */
  readonly timeoutMs: number;
}
