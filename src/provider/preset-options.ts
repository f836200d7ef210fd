import { ConfigurationError } from '../errors.ts';
import {
  checkBoolean,
  checkKeys,
  checkNumber,
  checkOneOf,
  checkString,
  checkStringRecord,
  checkUrl,
  isLoopback,
} from '../option-checks.ts';
import type {
  ClientAuthentication,
  ProviderCapabilities,
  ProviderDefinition,
  ProviderMetadata,
  ProviderQuirks,
  SigningAlgorithm,
} from '../provider-definition.ts';
import { createSecret, type Secret } from '../secret.ts';

/** The standard: what a provider does unless its preset or the options say otherwise. */
export const STANDARD_QUIRKS: Readonly<Required<ProviderQuirks>> = Object.freeze({
  basicEncoding: 'form',
  tokenParams: 'body',
  tokenType: 'required',
  expiresInUnit: 's',
  errorFormat: 'oauth',
  authorizationRequest: 'standard',
  pkce: 'S256',
  nonce: true,
  minimumKeyBits: 2048,
  acr: 'listed',
  maxStateLength: 4096,
  browserSessionClaim: false,
  refreshScope: false,
  revocationHint: true,
  logoutHint: true,
  userinfo: 'endpoint',
});

/** What a provider can do unless its preset or the options say otherwise. */
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

/** Names of the options that every preset has. */
export const COMMON_OPTION_NAMES = [
  'authorizationParams',
  'userinfoAtLogin',
  'clockToleranceSeconds',
  'defaultExpiresInSeconds',
  'strictLogoutTokenType',
  'logoutTokenMaxAgeSeconds',
  'timeoutMs',
] as const;

type Common = Required<CommonProviderOptions> & Pick<ProviderDefinition, 'authorizationParams'>;

/**
 * Completes and checks the options that every preset has.
 *
 * @throws ConfigurationError naming the option.
 */
export function resolveCommon(preset: string, options: CommonProviderOptions): Common {
  const where = (name: string) => `providers.${preset}(): ${name}`;
  if ('clientSecret' in options && options.clientSecret === undefined) {
    // A variable of the environment that is not set would make a public client of it.
    throw new ConfigurationError(`${where('clientSecret')} is undefined. Leave it out for a public client.`);
  }
  const { clockToleranceSeconds = 30, defaultExpiresInSeconds = 3600, timeoutMs = 5000 } = options;
  return {
    authorizationParams: checkAuthorizationParams(
      where('authorizationParams'),
      options.authorizationParams ?? {},
    ),
    userinfoAtLogin: checkBoolean(where('userinfoAtLogin'), options.userinfoAtLogin ?? false),
    strictLogoutTokenType: checkBoolean(
      where('strictLogoutTokenType'),
      options.strictLogoutTokenType ?? false,
    ),
    logoutTokenMaxAgeSeconds: checkNumber(
      where('logoutTokenMaxAgeSeconds'),
      options.logoutTokenMaxAgeSeconds ?? 180,
      { min: 1, max: 3600 },
    ),
    clockToleranceSeconds: checkNumber(where('clockToleranceSeconds'), clockToleranceSeconds, {
      min: 0,
      max: 300,
    }),
    defaultExpiresInSeconds: checkNumber(where('defaultExpiresInSeconds'), defaultExpiresInSeconds, {
      min: 1,
      max: 86_400,
    }),
    timeoutMs: checkNumber(where('timeoutMs'), timeoutMs, { min: 1, max: 60_000 }),
  };
}

const QUIRK_CHOICES: Readonly<Record<string, readonly string[]>> = {
  basicEncoding: ['form', 'raw'],
  tokenParams: ['body', 'query'],
  tokenType: ['required', 'optional'],
  expiresInUnit: ['s', 'ms'],
  errorFormat: ['oauth', 'object'],
  authorizationRequest: ['standard', 'bare'],
  pkce: ['S256', 'sha256', 'none'],
  acr: ['listed', 'minimum'],
  userinfo: ['endpoint', 'in_token_answer'],
};
const YES_OR_NO = ['nonce', 'refreshScope', 'revocationHint', 'logoutHint'] as const;

/** Names of all quirks. */
export const QUIRK_NAMES = Object.keys(STANDARD_QUIRKS);

/** Completes a preset's quirks; each that an application gives is checked. */
export function resolveQuirks(where: string, given: ProviderQuirks): Readonly<Required<ProviderQuirks>> {
  checkKeys(where, given, QUIRK_NAMES);
  const quirks = { ...STANDARD_QUIRKS, ...dropUndefined(given) };
  for (const [name, choices] of Object.entries(QUIRK_CHOICES)) {
    checkOneOf(`${where}.${name}`, quirks[name as keyof ProviderQuirks], choices);
  }
  for (const name of YES_OR_NO) checkBoolean(`${where}.${name}`, quirks[name]);
  if (![1024, 2048].includes(quirks.minimumKeyBits)) {
    throw new ConfigurationError(`${where}.minimumKeyBits must be 1024 or 2048.`);
  }
  // Our own state has 43 characters.
  checkNumber(`${where}.maxStateLength`, quirks.maxStateLength, { min: 43, max: 65_536 });
  if (quirks.browserSessionClaim !== false) {
    checkString(`${where}.browserSessionClaim`, quirks.browserSessionClaim);
  }
  return Object.freeze(quirks);
}

function dropUndefined<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
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

/** An issuer as the provider writes it: a URL without query and fragment. Returned to the letter. */
export function checkIssuer(where: string, value: unknown): string {
  const url = checkUrl(where, value);
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

const OPTIONAL_ENDPOINTS = [
  'jwks_uri',
  'userinfo_endpoint',
  'end_session_endpoint',
  'revocation_endpoint',
] as const;

const METADATA_NAMES: readonly (keyof ProviderMetadata)[] = [
  'authorization_endpoint',
  'token_endpoint',
  ...OPTIONAL_ENDPOINTS,
  'authorization_response_iss_parameter_supported',
];

/** Checks metadata given by hand: the endpoints that must be there, and the form of each. */
export function checkMetadata(
  where: string,
  metadata: ProviderMetadata,
  issuer: string,
): Readonly<ProviderMetadata> {
  checkKeys(where, metadata, METADATA_NAMES);
  for (const name of ['authorization_endpoint', 'token_endpoint'] as const) {
    checkEndpoint(`${where}.${name}`, metadata[name], issuer);
  }
  for (const name of OPTIONAL_ENDPOINTS) {
    if (metadata[name] !== undefined) checkEndpoint(`${where}.${name}`, metadata[name], issuer);
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
  { clientAuthentication, clientSecret }: { clientAuthentication?: unknown; clientSecret?: unknown },
  standard: ClientAuthentication = 'client_secret_basic',
): ClientAuthentication {
  const method = checkOneOf(
    `${where}: clientAuthentication`,
    clientAuthentication ?? (clientSecret === undefined ? 'none' : standard),
    ['client_secret_basic', 'client_secret_post', 'none'],
  );
  if (method !== 'none' && clientSecret === undefined) {
    throw new ConfigurationError(`${where}: clientSecret is needed for clientAuthentication "${method}".`);
  }
  return method;
}

/**
 * A space-separated list of scopes.
 *
 * @param mustHold - a scope that this provider gives no identity without.
 */
export function checkScope(where: string, value: unknown, mustHold: string | undefined = 'openid'): string {
  const scope = checkString(where, value);
  if (mustHold && !scope.split(' ').includes(mustHold)) {
    throw new ConfigurationError(`${where} must hold "${mustHold}"; without it there is no ID token.`);
  }
  return scope;
}
