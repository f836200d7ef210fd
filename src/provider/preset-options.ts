import { ConfigurationError } from '../errors.ts';
import { FOREIGN_PROVIDER_OPTIONS } from '../options/foreign-names.ts';
import {
  checkBoolean,
  checkPlainHttpOrigins,
  checkString,
  checkUrl,
  isLoopback,
  numberFrom,
  oneOf,
} from '../options/option-checks.ts';
import {
  type AnyTable,
  nameOption,
  optional,
  type Resolved,
  readOptions,
  required,
  type Table,
  withDefault,
} from '../options/option-table.ts';
import {
  checkAuthorizationParams,
  checkLogoutClaims,
  checkLogoutParams,
} from '../options/protocol-params.ts';
import type {
  ProviderCapabilities,
  ProviderMetadata,
  SecretFunction,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { createSecret, type Secret } from '../secret.ts';
import { FRONT_ENDPOINTS } from './endpoints.ts';
import { splitWords } from './split-words.ts';

/** What a provider can do unless its preset says otherwise. */
export const STANDARD_CAPABILITIES: ProviderCapabilities = Object.freeze({
  refresh: true,
  revocation: undefined,
  logout: 'browser',
  silentLogin: true,
  authTime: true,
  acr: true,
});

/** Options that every preset has. */
export interface CommonProviderOptions {
  /** Parameters added to each authorization request. @default {} */
  authorizationParams?: Record<string, string>;
  /** Parameters added to each logout at the provider, such as `{ federated: '' }`. @default {} */
  logoutParams?: Record<string, string>;
  /**
   * Parameters of the logout whose value only the session knows, each by the name of a claim:
   * `{ logout_hint: 'login_hint' }`. One whose claim is no string is left out.
   * @default {}
   */
  logoutClaims?: Record<string, string>;
  /**
   * What is revoked when a session ends, where the provider has a revocation endpoint. At some, such as Google, to revoke
   * one token takes back all that the person has allowed the application, on all their devices: `none` there.
   * @default 'all'
   */
  revocation?: 'all' | 'refresh_token' | 'none';
  /**
   * Whether each login also asks the userinfo endpoint; its `sub` must be the same. `auto`: where the ID token lacks what
   * the scopes `profile` and `email` stand for, and the login goes on without if there is no answer; with `true` it fails.
   * @default 'auto'
   */
  userinfoAtLogin?: boolean | 'auto';
  /** Whether a back-channel logout token must have the `typ` `logout+jwt`; many providers send none. @default false */
  strictLogoutTokenType?: boolean;
  /** How old a back-channel logout token may be, in seconds. @default 180 */
  logoutTokenMaxAgeSeconds?: number;
  /** How far the provider's clock may be off, in seconds. @default 30 */
  clockToleranceSeconds?: number;
  /** Life of an access token when the provider does not say, in seconds. @default 3600 */
  defaultExpiresInSeconds?: number;
  /** Bound of one call to the provider, in milliseconds. @default 5000 */
  timeoutMs?: number;
  /**
   * Origins such as `http://keycloak:8080`, inside a network that nobody else can listen in, whose endpoints may be asked
   * without TLS: those of this server's own calls (token, keys, userinfo, revocation, the discovery document). Secrets and
   * tokens travel there in the clear. Browsers are never sent to one. @default []
   */
  dangerouslyAllowHttp?: readonly string[];
}

/** The options that every preset has. */
export const COMMON_OPTIONS = {
  authorizationParams: withDefault(checkAuthorizationParams, {}, { aliases: ['extraParams', 'params'] }),
  logoutParams: withDefault(checkLogoutParams, {}),
  logoutClaims: withDefault(checkLogoutClaims, {}),
  revocation: withDefault(oneOf('all', 'refresh_token', 'none'), 'all'),
  userinfoAtLogin: withDefault(oneOf<boolean | 'auto'>(true, false, 'auto'), 'auto', {
    aliases: ['skipUserProfile', 'userinfo'],
  }),
  strictLogoutTokenType: withDefault(checkBoolean, false),
  logoutTokenMaxAgeSeconds: withDefault(numberFrom(1, 3600), 180),
  clockToleranceSeconds: withDefault(numberFrom(0, 300), 30, { aliases: ['clockTolerance'] }),
  defaultExpiresInSeconds: withDefault(numberFrom(1, 86_400), 3600),
  timeoutMs: withDefault(numberFrom(1, 60_000), 5000, { aliases: ['httpTimeout', 'timeout'] }),
  dangerouslyAllowHttp: withDefault(checkPlainHttpOrigins, []),
} satisfies Table<CommonProviderOptions>;

/**
 * Reads the options of a preset.
 *
 * @param call - how messages name it, such as `providers.oidc()`.
 * @throws ConfigurationError naming the option and what it must be.
 */
export function readProviderOptions<Fields extends AnyTable>(
  call: string,
  options: object,
  table: Fields,
): Resolved<Fields> {
  return readOptions(call, options, table, FOREIGN_PROVIDER_OPTIONS);
}

/** Picks what every preset hands on as it is, of the options as they were written and as they were read. */
export function pickCommon(
  call: string,
  options: object,
  given: Resolved<typeof COMMON_OPTIONS>,
): Resolved<typeof COMMON_OPTIONS> {
  if ('clientSecret' in options && options.clientSecret === undefined) {
    // A variable of the environment that is not set would make a public client of it.
    throw new ConfigurationError(`${call}: clientSecret is undefined. Leave it out for a public client.`);
  }
  const { authorizationParams, logoutParams, logoutClaims, revocation, userinfoAtLogin } = given;
  const { strictLogoutTokenType, logoutTokenMaxAgeSeconds } = given;
  const { clockToleranceSeconds, defaultExpiresInSeconds, timeoutMs, dangerouslyAllowHttp } = given;
  return {
    authorizationParams,
    logoutParams,
    logoutClaims,
    revocation,
    userinfoAtLogin,
    strictLogoutTokenType,
    logoutTokenMaxAgeSeconds,
    clockToleranceSeconds,
    defaultExpiresInSeconds,
    timeoutMs,
    dangerouslyAllowHttp,
  };
}

/** The issuer as its provider writes it, not the address of its metadata. */
export function checkIssuer(where: string, value: unknown): string {
  const url = checkUrl(where, value);
  // URLs do without it, but issuers are compared as text: the end of a line of a file, say.
  if (/\s/.test(value as string)) throw new ConfigurationError(`${where} must have no white space.`);
  if (url.search || url.hash) throw new ConfigurationError(`${where} must have no query and no fragment.`);
  if (url.pathname.endsWith('/.well-known/openid-configuration')) {
    throw new ConfigurationError(
      `${where} must be the issuer itself, without /.well-known/openid-configuration.`,
    );
  }
  return value as string;
}

/** An origin such as `https://id.example.com`, without a trailing slash. */
export function checkOrigin(where: string, value: unknown): string {
  const url = checkUrl(where, value);
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new ConfigurationError(`${where} must be an origin without a path, such as "${url.origin}".`);
  }
  return url.origin;
}

/** Its scheme is looked at where all origins are known that may be asked by plain http. */
const checkEndpointUrl = (where: string, value: unknown) => {
  const text = checkString(where, value);
  const isPlainHttp = URL.canParse(text) && new URL(text).protocol === 'http:';
  checkUrl(where, text, new Set(isPlainHttp ? [new URL(text).origin] : []));
  return text;
};

/** The members of metadata that is given by hand. */
export const METADATA = {
  authorization_endpoint: required(checkEndpointUrl, { aliases: ['authorizationURL'] }),
  token_endpoint: required(checkEndpointUrl, { aliases: ['tokenURL'] }),
  jwks_uri: optional(checkEndpointUrl),
  userinfo_endpoint: optional(checkEndpointUrl, { aliases: ['userInfoURL'] }),
  end_session_endpoint: optional(checkEndpointUrl),
  revocation_endpoint: optional(checkEndpointUrl),
  introspection_endpoint: optional(checkEndpointUrl),
  pushed_authorization_request_endpoint: optional(checkEndpointUrl),
  authorization_response_iss_parameter_supported: optional(checkBoolean, { defaultIs: 'false' }),
} satisfies Table<ProviderMetadata>;

/** Checks metadata given by hand: the endpoints that must be there, and the form of each. */
export function checkMetadata(where: string, metadata: unknown): Readonly<ProviderMetadata> {
  readOptions(where, metadata, METADATA);
  return Object.freeze({ ...(metadata as ProviderMetadata) });
}

/** Checks that no endpoint is on plain http where the issuer is not. */
export function checkEndpoints(
  where: string,
  metadata: Readonly<ProviderMetadata>,
  issuer: string,
  plainHttp?: ReadonlySet<string>,
): void {
  for (const [name, value] of Object.entries(metadata)) {
    const allowed = FRONT_ENDPOINTS.includes(name) ? undefined : plainHttp;
    if (typeof value === 'string') checkEndpoint(nameOption(where, name), value, issuer, allowed);
  }
}

/**
 * An endpoint: https, unless the issuer itself is on loopback http, and without a fragment, which would never be sent.
 *
 * @param plainHttp - origins that are asked by plain http all the same, none of which a browser is sent to.
 * @see [RFC 6749, section 3](https://www.rfc-editor.org/rfc/rfc6749#section-3)
 */
export function checkEndpoint(
  where: string,
  value: unknown,
  issuer: string,
  plainHttp: ReadonlySet<string> = NO_ORIGINS,
): void {
  const url = checkUrl(where, value, plainHttp);
  if ((value as string).includes('#')) throw new ConfigurationError(`${where} must have no fragment.`);
  if (url.protocol !== 'http:' || plainHttp.has(url.origin)) return;
  if (!(isLoopback(new URL(issuer)) && issuer.startsWith('http:')))
    throw new ConfigurationError(`${where} must begin with https:// as the issuer does.`);
}

const NO_ORIGINS: ReadonlySet<string> = new Set();

/**
 * An HMAC key must be as long as its hash, or it can be guessed (RFC 7518, section 3.2). That of a function is measured
 * when it comes.
 *
 * @param shortBy - the option that lets a shorter one pass, where there is one: its name, and whether it is on.
 */
export function checkClientSecret(
  where: string,
  value: unknown,
  algorithm: SigningAlgorithm,
  shortBy?: { readonly option: string; readonly allowed: boolean },
): Secret | SecretFunction | undefined {
  const bytes = algorithm.startsWith('HS') ? Number(algorithm.slice(2)) / 8 : 0;
  if (value === undefined) {
    if (bytes === 0) return undefined;
    throw new ConfigurationError(`${where} is needed for tokens signed with ${algorithm}.`);
  }
  const secret = checkSecretInput(where, value);
  if (typeof secret === 'function') return secret;
  if (Buffer.byteLength(secret) < bytes && !shortBy?.allowed) {
    const way = shortBy ? ` ${shortBy.option} takes a shorter one, which can be guessed.` : '';
    throw new ConfigurationError(
      `${where} must have at least ${bytes} bytes for tokens signed with ${algorithm}.${way}`,
    );
  }
  return createSecret(secret);
}

/** A secret as it is, or a function that gives it. */
export function checkSecretInput(where: string, value: unknown): string | SecretFunction {
  return typeof value === 'function' ? (value as SecretFunction) : checkString(where, value);
}

/** Scopes that must hold `openid`, as the identity comes from an ID token. */
export function checkScope(where: string, value: unknown): string {
  const scope = checkString(where, value);
  const words = splitWords(scope);
  if (!words.includes('openid')) {
    const remedy = scope.includes(',') ? ' Scopes are separated by spaces.' : '';
    throw new ConfigurationError(`${where} must hold "openid"; without it there is no ID token.${remedy}`);
  }
  return words.join(' ');
}
