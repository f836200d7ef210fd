import { ConfigurationError } from '../errors.ts';
import {
  checkBoolean,
  checkString,
  checkStringRecord,
  checkUrl,
  numberFrom,
  oneOf,
} from '../options/option-checks.ts';
import { optional, readOptions, required, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderDefinition, ProviderMetadata, UserApi } from '../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkEndpoints,
  checkIssuer,
  METADATA,
  readProviderOptions,
} from './preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './presets/preset.ts';
import { splitWords } from './split-words.ts';

/** Endpoints of a provider without OpenID. Members are named as in RFC 8414, section 2. */
export type OAuth2Metadata = Pick<
  ProviderMetadata,
  'authorization_endpoint' | 'token_endpoint' | 'revocation_endpoint'
>;

/** The API that says whose token it is asked with. */
export interface UserApiOptions {
  /** Its address, which is asked by GET with the access token. */
  url: string;
  /**
   * The member of its JSON answer that identifies the person for good: a string, or a whole number, whose exact text is
   * taken. Dots lead to inner ones: `data.id`. Never an e-mail address or a name, which go from one person to another.
   */
  sub: string;
  /**
   * Standard claims by the member that each is taken from: `{ name: 'display_name', picture: 'images.large' }`. Every other
   * member is a claim under its own name. @default {}
   */
  claims?: Record<string, string>;
  /** Headers that the API wants beside the token. @default {} */
  headers?: Record<string, string>;
}

/** Options of {@link oauth2}. */
export interface OAuth2Options extends Omit<CommonProviderOptions, 'userinfoAtLogin'> {
  /**
   * Names the provider in sessions and to `mapUser`, as an issuer would: its own address, such as `https://github.com`. It
   * is never asked anything. People are told apart by it and `sub`, so that it must never change.
   */
  issuer: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client. @default none */
  clientSecret?: string;
  /** How this application proves itself at the token endpoint. @default 'client_secret_basic'; 'none' without a secret */
  clientAuthentication?: 'client_secret_basic' | 'client_secret_post';
  /** The provider's endpoints: there is no discovery. */
  metadata: OAuth2Metadata;
  /** Where the identity comes from: no token says who somebody is. */
  userApi: UserApiOptions;
  /** Scopes, space-separated. @default none */
  scope?: string;
  /** What stands between two scopes at this provider, in requests and in answers. @default ' ' */
  scopeSeparator?: ' ' | ',';
  /** Whether logins use PKCE (S256). A provider that does not know it ignores it. @default true */
  pkce?: boolean;
  /** Life of an access token when the provider does not say, in seconds; up to ten years, for tokens that last. @default 3600 */
  defaultExpiresInSeconds?: number;
}

/** The endpoints of `providers.oauth2()`. */
export const OAUTH2_METADATA = {
  authorization_endpoint: METADATA.authorization_endpoint,
  token_endpoint: METADATA.token_endpoint,
  revocation_endpoint: METADATA.revocation_endpoint,
} satisfies Table<OAuth2Metadata>;

/** The user API of `providers.oauth2()`. */
export const USER_API_OPTIONS = {
  url: required(checkAddress, { aliases: ['userInfoURL', 'userinfo_endpoint', 'profileUrl'] }),
  sub: required(checkMember, { aliases: ['id', 'subject'] }),
  claims: withDefault(checkClaims, {}, { aliases: ['profile', 'mapping'] }),
  headers: withDefault(checkHeaders, {}),
} satisfies Table<UserApiOptions>;

const { userinfoAtLogin: _, ...OTHER_COMMON_OPTIONS } = COMMON_OPTIONS;

/** The options of `providers.oauth2()`. */
export const OAUTH2_OPTIONS = {
  ...OTHER_COMMON_OPTIONS,
  issuer: required(checkIssuer, { aliases: ['name', 'provider'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  clientAuthentication: optional(oneOf('client_secret_basic', 'client_secret_post'), {
    defaultIs: "'client_secret_basic'; 'none' without a secret",
    aliases: ['clientAuthMethod', 'token_endpoint_auth_method'],
  }),
  metadata: required((where: string, value: unknown) => readOptions(where, value, OAUTH2_METADATA), {
    aliases: ['endpoints'],
  }),
  userApi: required((where: string, value: unknown) => readOptions(where, value, USER_API_OPTIONS), {
    aliases: ['userinfo', 'profile'],
  }),
  scope: optional(checkString, { aliases: ['scopes'] }),
  scopeSeparator: withDefault(oneOf(' ', ','), ' ', { aliases: ['scopeDelimiter'] }),
  pkce: withDefault(checkBoolean, true, { aliases: ['usePKCE'] }),
  defaultExpiresInSeconds: withDefault(numberFrom(1, 315_360_000), 3600),
} satisfies Table<OAuth2Options>;

/** What every provider of OAuth 2.0 without OpenID has in common: no ID token, hence no nonce and no proof of when. */
export const OAUTH2: PresetFacts = {
  name: 'oauth2',
  documentation: ['https://www.rfc-editor.org/rfc/rfc6749', 'https://www.rfc-editor.org/rfc/rfc9700'],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
  quirks: { nonce: false, tokenType: 'optional', errorStatus: 'any' },
  capabilities: { logout: false, silentLogin: false, authTime: false, acr: false },
};

/**
 * A provider of OAuth 2.0 without OpenID: who logged in is asked of its user API, with the token just received and over our
 * own connection. `state`, PKCE and the callback path of its own bind the answer to the login as ever. There is no logout
 * at the provider, no silent login, and `maxAgeSeconds` and `acrValues` are refused.
 *
 * OAuth 2.0 says what an application may do, not who sits before it: take a provider that documents this use.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749)
 */
export function oauth2(options: OAuth2Options): ProviderDefinition {
  const call = 'providers.oauth2()';
  const given = readProviderOptions(call, options, OAUTH2_OPTIONS);
  const { issuer, metadata, userApi, scope = '', scopeSeparator, pkce } = given;
  checkEndpoints(`${call}: metadata`, metadata as ProviderMetadata, issuer);
  checkEndpoints(`${call}: userApi`, { url: userApi.url } as never, issuer);
  return defineOAuth2(
    OAUTH2,
    { call, options, given: { ...given, userinfoAtLogin: false } },
    {
      issuer,
      scope: splitWords(scope).join(' '),
      metadata: Object.freeze(metadata as ProviderMetadata),
      userApi: { ...userApi, from: 'user_api', algorithm: 'none' },
      quirks: { scopeSeparator, pkce: pkce ? 'S256' : 'none' },
      clientAuthentication: given.clientAuthentication,
    },
  );
}

/** What a preset without OpenID states beside its facts. */
export interface OAuth2Part {
  readonly issuer: string;
  readonly scope: string;
  readonly metadata: Readonly<ProviderMetadata>;
  readonly userApi: UserApi;
  readonly quirks?: PresetFacts['quirks'];
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | undefined;
}

/** Makes the definition of a provider without OpenID out of its facts, which are read on top of {@link OAUTH2}. */
export function defineOAuth2(
  facts: PresetFacts,
  presetOptions: Parameters<typeof definePreset>[1],
  { userApi, clientAuthentication, quirks, ...own }: OAuth2Part,
): ProviderDefinition {
  const { clientSecret } = presetOptions.given;
  const revocation = own.metadata.revocation_endpoint !== undefined;
  return definePreset(
    {
      ...facts,
      quirks: { ...OAUTH2.quirks, ...facts.quirks },
      capabilities: { ...OAUTH2.capabilities, revocation, ...facts.capabilities },
    },
    presetOptions,
    {
      ...own,
      ...(quirks ? { quirks } : {}),
      identity: Object.freeze(userApi),
      ...(clientAuthentication !== undefined && clientSecret !== undefined ? { clientAuthentication } : {}),
    },
  );
}

function checkAddress(where: string, value: unknown): string {
  checkUrl(where, value);
  return value as string;
}

function checkMember(where: string, value: unknown): string {
  const path = checkString(where, value);
  if (path.split('.').every((name) => name !== '')) return path;
  throw new ConfigurationError(`${where} must be the name of a member, such as "id" or "data.id".`);
}

function checkClaims(where: string, value: unknown): Readonly<Record<string, string>> {
  const claims = checkStringRecord(where, value);
  if (Object.hasOwn(claims, 'sub'))
    throw new ConfigurationError(`${where} must not name sub; it is an option of its own.`);
  for (const [claim, path] of Object.entries(claims)) checkMember(`${where}.${claim}`, path);
  return claims;
}

function checkHeaders(where: string, value: unknown): Readonly<Record<string, string>> {
  const headers = checkStringRecord(where, value);
  for (const [name, text] of Object.entries(headers)) {
    if (name.toLowerCase() === 'authorization')
      throw new ConfigurationError(`${where} must not set "${name}"; the access token goes there.`);
    if (!/^[\w-]+$/.test(name) || !/^[ -~]+$/.test(text))
      throw new ConfigurationError(`${where} must hold names and values of HTTP headers.`);
  }
  return headers;
}
