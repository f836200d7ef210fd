import { ConfigurationError } from '../errors.ts';
import { FOREIGN_PROVIDER_OPTIONS } from '../options/foreign-names.ts';
import {
  checkBoolean,
  checkString,
  checkStringRecord,
  checkUrl,
  isLoopback,
  numberFrom,
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
import type {
  ClientAuthentication,
  ProviderCapabilities,
  ProviderMetadata,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { createSecret, type Secret } from '../secret.ts';
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
  /** Also asks the userinfo endpoint at each login; its `sub` must be the same. @default false */
  userinfoAtLogin?: boolean;
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
}

/** The options that every preset has. */
export const COMMON_OPTIONS = {
  authorizationParams: withDefault(checkAuthorizationParams, {}, { aliases: ['extraParams', 'params'] }),
  userinfoAtLogin: withDefault(checkBoolean, false, { aliases: ['skipUserProfile', 'userinfo'] }),
  strictLogoutTokenType: withDefault(checkBoolean, false),
  logoutTokenMaxAgeSeconds: withDefault(numberFrom(1, 3600), 180),
  clockToleranceSeconds: withDefault(numberFrom(0, 300), 30, { aliases: ['clockTolerance'] }),
  defaultExpiresInSeconds: withDefault(numberFrom(1, 86_400), 3600),
  timeoutMs: withDefault(numberFrom(1, 60_000), 5000, { aliases: ['httpTimeout', 'timeout'] }),
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
  const { authorizationParams, userinfoAtLogin, strictLogoutTokenType, logoutTokenMaxAgeSeconds } = given;
  const { clockToleranceSeconds, defaultExpiresInSeconds, timeoutMs } = given;
  return {
    authorizationParams,
    userinfoAtLogin,
    strictLogoutTokenType,
    logoutTokenMaxAgeSeconds,
    clockToleranceSeconds,
    defaultExpiresInSeconds,
    timeoutMs,
  };
}

/** Parameters that carry the protocol: nothing but the flow itself may set them. */
const RESERVED_PARAMS = new Set([
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
]);

function checkAuthorizationParams(where: string, value: unknown): Readonly<Record<string, string>> {
  const params = checkStringRecord(where, value);
  for (const name of Object.keys(params)) {
    if (RESERVED_PARAMS.has(name))
      throw new ConfigurationError(`${where} must not set "${name}"; the login does.`);
  }
  // What is asked for here is checked at each login: an age that is none would be met by every login.
  if (params.max_age !== undefined && !/^\d{1,9}$/.test(params.max_age))
    throw new ConfigurationError(`${where}.max_age must be a whole number of seconds.`);
  return params;
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

const checkEndpointUrl = (where: string, value: unknown) => {
  checkUrl(where, value);
  return value as string;
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
  authorization_response_iss_parameter_supported: optional(checkBoolean, { defaultIs: 'false' }),
} satisfies Table<ProviderMetadata>;

/** Checks metadata given by hand: the endpoints that must be there, and the form of each. */
export function checkMetadata(where: string, metadata: unknown): Readonly<ProviderMetadata> {
  readOptions(where, metadata, METADATA);
  return Object.freeze({ ...(metadata as ProviderMetadata) });
}

/** Checks that no endpoint is on plain http where the issuer is not. */
export function checkEndpoints(where: string, metadata: Readonly<ProviderMetadata>, issuer: string): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string') checkEndpoint(nameOption(where, name), value, issuer);
  }
}

/** An endpoint: https, unless the issuer itself is on loopback http. */
export function checkEndpoint(where: string, value: unknown, issuer: string): void {
  const url = checkUrl(where, value);
  if (url.protocol === 'http:' && !(isLoopback(new URL(issuer)) && issuer.startsWith('http:'))) {
    throw new ConfigurationError(`${where} must begin with https:// as the issuer does.`);
  }
}

/**
 * An HMAC key must be as long as its hash, or it can be guessed (RFC 7518, section 3.2).
 *
 * @param shortBy - the option that lets a shorter one pass, where there is one: its name, and whether it is on.
 */
export function checkClientSecret(
  where: string,
  value: unknown,
  algorithm: SigningAlgorithm,
  shortBy?: { readonly option: string; readonly allowed: boolean },
): Secret | undefined {
  const bytes = algorithm.startsWith('HS') ? Number(algorithm.slice(2)) / 8 : 0;
  if (value === undefined) {
    if (bytes === 0) return undefined;
    throw new ConfigurationError(`${where} is needed for tokens signed with ${algorithm}.`);
  }
  const secret = checkString(where, value);
  if (Buffer.byteLength(secret) < bytes && !shortBy?.allowed) {
    const way = shortBy ? ` ${shortBy.option} takes a shorter one, which can be guessed.` : '';
    throw new ConfigurationError(
      `${where} must have at least ${bytes} bytes for tokens signed with ${algorithm}.${way}`,
    );
  }
  return createSecret(secret);
}

/** The way a client with or without a secret authenticates, unless the options say another. */
export function checkAuthentication(
  where: string,
  {
    clientAuthentication,
    clientSecret,
  }: { clientAuthentication?: ClientAuthentication | undefined; clientSecret?: unknown },
): ClientAuthentication {
  const method = clientAuthentication ?? (clientSecret === undefined ? 'none' : 'client_secret_basic');
  if (method !== 'none' && clientSecret === undefined) {
    throw new ConfigurationError(`${where}: clientSecret is needed for clientAuthentication "${method}".`);
  }
  return method;
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
