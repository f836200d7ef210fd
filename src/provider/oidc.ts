import { ConfigurationError } from '../errors.ts';
import {
  checkKeys,
  checkNumber,
  checkOneOf,
  checkString,
  checkStringRecord,
  checkStrings,
  checkUrl,
  isLoopback,
} from '../option-checks.ts';
import type {
  ClientAuthentication,
  ProviderDefinition,
  ProviderMetadata,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { createSecret } from '../secret.ts';

/** Options of {@link oidc}. */
export interface OidcOptions {
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
  /** Parameters added to each authorization request, such as `{ audience: '…' }`. @default {} */
  authorizationParams?: Record<string, string>;
  /** The provider's endpoints, for one without discovery. @default discovered at the first login */
  metadata?: ProviderMetadata;
  /** The only algorithm an ID token may be signed with. @default 'RS256' */
  idTokenSigningAlgorithm?: SigningAlgorithm;
  /** Audiences an ID token may name beside `clientId`. @default [] */
  trustedAudiences?: readonly string[];
  /** How far the provider's clock may be off, in seconds. @default 30 */
  clockToleranceSeconds?: number;
  /** Bound of one call to the provider, in milliseconds. @default 5000 */
  timeoutMs?: number;
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
  const algorithm = checkOneOf(
    where('idTokenSigningAlgorithm'),
    options.idTokenSigningAlgorithm ?? 'RS256',
    SIGNING_ALGORITHMS,
  );
  return Object.freeze({
    preset: 'oidc',
    issuer: checkIssuer(where('issuer'), options.issuer),
    metadata: options.metadata && checkMetadata(where('metadata'), options.metadata, options.issuer),
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: checkClientSecret(where('clientSecret'), options.clientSecret, algorithm),
    clientAuthentication: checkAuthentication(options),
    scope: checkScope(where('scope'), options.scope ?? 'openid profile email'),
    responseMode: checkOneOf(where('responseMode'), options.responseMode ?? 'query', ['query', 'form_post']),
    authorizationParams: checkAuthorizationParams(options.authorizationParams ?? {}),
    idTokenSigningAlgorithm: algorithm,
    trustedAudiences: checkStrings(where('trustedAudiences'), options.trustedAudiences ?? []),
    clockToleranceSeconds: checkNumber(where('clockToleranceSeconds'), options.clockToleranceSeconds ?? 30, {
      min: 0,
      max: 300,
    }),
    timeoutMs: checkNumber(where('timeoutMs'), options.timeoutMs ?? 5000, { min: 1, max: 60_000 }),
  });
}

const OPTION_NAMES: readonly (keyof OidcOptions)[] = [
  ...(['issuer', 'clientId', 'clientSecret', 'clientAuthentication', 'scope', 'responseMode'] as const),
  ...(['authorizationParams', 'metadata', 'idTokenSigningAlgorithm', 'trustedAudiences'] as const),
  ...(['clockToleranceSeconds', 'timeoutMs'] as const),
];

const SIGNING_ALGORITHMS: readonly SigningAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'HS256', 'HS384', 'HS512'] as const),
];

/** Parameters that carry the protocol: nothing but the flow itself may set them. */
const RESERVED_PARAMS = new Set([
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
]);

function checkIssuer(where: string, value: unknown): string {
  const url = checkUrl(where, value);
  if (url.search || url.hash) throw new ConfigurationError(`${where} must have no query and no fragment.`);
  return value as string;
}

/** Checks each endpoint; on an https issuer they are https too. Shared with discovery. */
export function checkMetadata(where: string, value: unknown, issuer: string): Readonly<ProviderMetadata> {
  const metadata = value as ProviderMetadata;
  checkKeys(where, metadata, METADATA_NAMES);
  for (const name of ['authorization_endpoint', 'token_endpoint', ...ENDPOINTS] as const) {
    const optional = name !== 'authorization_endpoint' && name !== 'token_endpoint';
    if (optional && metadata[name] === undefined) continue;
    checkEndpoint(`${where}.${name}`, metadata[name], issuer);
  }
  return Object.freeze({ ...metadata });
}

/** An endpoint: https, unless the issuer itself is on loopback http. */
export function checkEndpoint(where: string, value: unknown, issuer: string): void {
  const url = checkUrl(where, value);
  if (url.protocol === 'http:' && !(isLoopback(new URL(issuer)) && issuer.startsWith('http:'))) {
    throw new ConfigurationError(`${where} must begin with https:// as the issuer does.`);
  }
}

const ENDPOINTS = ['jwks_uri', 'userinfo_endpoint', 'end_session_endpoint', 'revocation_endpoint'] as const;

const METADATA_NAMES: readonly (keyof ProviderMetadata)[] = [
  'authorization_endpoint',
  'token_endpoint',
  ...ENDPOINTS,
  'authorization_response_iss_parameter_supported',
];

/** An HMAC key must be as long as its hash, or it can be guessed (RFC 7518, section 3.2). */
function checkClientSecret(where: string, value: unknown, algorithm: SigningAlgorithm) {
  if (value === undefined) {
    if (!algorithm.startsWith('HS')) return undefined;
    throw new ConfigurationError(`${where} is needed for ID tokens signed with ${algorithm}.`);
  }
  const secret = checkString(where, value);
  const bytes = algorithm.startsWith('HS') ? Number(algorithm.slice(2)) / 8 : 1;
  if (Buffer.byteLength(secret) < bytes) {
    throw new ConfigurationError(
      `${where} must have at least ${bytes} bytes for ID tokens signed with ${algorithm}.`,
    );
  }
  return createSecret(secret);
}

function checkAuthentication({ clientAuthentication, clientSecret }: OidcOptions): ClientAuthentication {
  const method = checkOneOf(
    'providers.oidc(): clientAuthentication',
    clientAuthentication ?? (clientSecret === undefined ? 'none' : 'client_secret_basic'),
    ['client_secret_basic', 'client_secret_post', 'none'],
  );
  if (method !== 'none' && clientSecret === undefined) {
    throw new ConfigurationError(
      `providers.oidc(): clientSecret is needed for clientAuthentication "${method}".`,
    );
  }
  return method;
}

function checkScope(where: string, value: unknown): string {
  const scope = checkString(where, value);
  if (!scope.split(' ').includes('openid')) {
    throw new ConfigurationError(`${where} must hold "openid"; without it there is no ID token.`);
  }
  return scope;
}

function checkAuthorizationParams(value: unknown): Readonly<Record<string, string>> {
  const params = checkStringRecord('providers.oidc(): authorizationParams', value);
  for (const name of Object.keys(params)) {
    if (RESERVED_PARAMS.has(name)) {
      throw new ConfigurationError(
        `providers.oidc(): authorizationParams must not set "${name}"; the login does.`,
      );
    }
  }
  return params;
}
