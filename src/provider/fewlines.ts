import { createPrivateKey } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkString, oneOf } from '../options/option-checks.ts';
import { optional, type Resolved, required, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderDefinition, SigningAlgorithm } from '../provider-definition.ts';
import { createSecret } from '../secret.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  checkOrigin,
  pickCommon,
  readProviderOptions,
} from './preset-options.ts';
import { completeQuirks } from './quirk-options.ts';

/** Options of {@link fewlines}. */
export interface FewlinesOptions extends CommonProviderOptions {
  /** Your tenant: `https://` and the provider's domain name. */
  origin: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** The secret that the provider gave with it. */
  clientSecret: string;
  /** A subset of the Application's scopes. @default 'openid profile email' */
  scope?: string;
  /** Where the client secret goes: in the body as the guide says, or raw in HTTP Basic. @default 'body' */
  clientAuthentication?: 'body' | 'basic';
  /** How the Application's access tokens, which prove who logged in, are signed. @default 'HS256' */
  accessTokenAlgorithm?: Extract<SigningAlgorithm, 'HS256' | 'RS256'>;
  /** PEM of the private RSA key that the access tokens are encrypted for. @default not encrypted */
  decryptionKey?: string;
  /** What an encrypted access token holds: a signed JWT, or the claims themselves. @default 'signed' */
  encryptedContent?: 'signed' | 'bare';
  /** The `aud` of the access tokens, the Application's audience name. @default not checked */
  audience?: string;
  /** The `iss` of the access tokens. @default not checked */
  issuer?: string;
  /** Whether logins use PKCE (S256). @default true */
  pkce?: boolean;
  /**
   * Takes a client secret of fewer than 32 bytes though it signs the access tokens (HS256). Whoever has one token can
   * try secrets without anybody noticing, and then log in as anybody: ask the provider for a longer one.
   * @default false
   */
  dangerouslyAllowShortSecret?: boolean;
  /**
   * Takes access tokens signed by RSA keys of 1024 bits or more (RS256), where 2048 are needed. Such a key can be
   * factored by whoever can pay for it, who can then log in as anybody.
   * @default false
   */
  dangerouslyAllowWeakKeys?: boolean;
}

/** The options of `providers.fewlines()`. */
export const FEWLINES_OPTIONS = {
  origin: required(checkOrigin, { aliases: ['domain', 'tenant'] }),
  clientId: required(checkString, { aliases: ['client_id'] }),
  clientSecret: required(checkString, { aliases: ['client_secret'] }),
  scope: withDefault(checkString, 'openid profile email', { aliases: ['scopes'] }),
  clientAuthentication: withDefault(oneOf('body', 'basic'), 'body'),
  accessTokenAlgorithm: withDefault(oneOf('HS256', 'RS256'), 'HS256'),
  decryptionKey: optional(checkPrivateKey, { defaultIs: 'not encrypted' }),
  encryptedContent: optional(oneOf('signed', 'bare'), { defaultIs: "'signed'" }),
  audience: optional(checkString, { defaultIs: 'not checked' }),
  issuer: optional(checkString, { defaultIs: 'not checked' }),
  pkce: withDefault(checkBoolean, true, { aliases: ['usePKCE'] }),
  dangerouslyAllowShortSecret: withDefault(checkBoolean, false),
  dangerouslyAllowWeakKeys: withDefault(checkBoolean, false),
  ...COMMON_OPTIONS,
} satisfies Table<FewlinesOptions>;

/**
 * Fewlines Connect. The access token is a JWT that says who logged in; refresh tokens are used once; there is no
 * revocation and no logout at the provider. It does not say when and how a person proved who they are: `maxAgeSeconds`
 * and `acrValues` are refused.
 *
 * Checked on 2026-11-20 against the authorization code flow guide.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Fewlines Connect guides](https://developers.fewlines.co)
 */
export function fewlines(options: FewlinesOptions): ProviderDefinition {
  const call = 'providers.fewlines()';
  const given = readProviderOptions(call, options, FEWLINES_OPTIONS);
  const { origin, accessTokenAlgorithm: algorithm } = given;
  return Object.freeze({
    preset: 'fewlines',
    // Judges no token: those name an internal host, which `issuer` may state.
    issuer: origin,
    metadata: Object.freeze({
      authorization_endpoint: `${origin}/oauth/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      userinfo_endpoint: `${origin}/oauth/userinfo`,
      jwks_uri: `${origin}/.well-known/jwks.json`,
    }),
    clientId: given.clientId,
    clientSecret: checkClientSecret(`${call}: clientSecret`, given.clientSecret, algorithm, {
      option: 'dangerouslyAllowShortSecret',
      allowed: given.dangerouslyAllowShortSecret,
    }),
    clientAuthentication:
      given.clientAuthentication === 'body' ? 'client_secret_post' : 'client_secret_basic',
    scope: given.scope,
    refuseMissingScopes: false,
    implicit: false,
    responseMode: 'query',
    identity: Object.freeze({
      from: 'access_token',
      algorithm,
      issuer: given.issuer,
      audiences: given.audience === undefined ? undefined : Object.freeze([given.audience]),
      encryption: resolveEncryption(call, given),
    }),
    popupRedirectUri: `${origin}/oauth/popup/callback`,
    trustedAudiences: Object.freeze([]),
    quirks: completeQuirks({
      basicEncoding: 'raw',
      tokenType: 'optional',
      pkce: given.pkce ? 'S256' : 'none',
      nonce: false,
      maxStateLength: 255,
      refreshScope: true,
      minimumKeyBits: given.dangerouslyAllowWeakKeys ? 1024 : 2048,
    }),
    capabilities: Object.freeze({
      refresh: true,
      revocation: false,
      logout: false,
      silentLogin: false,
      authTime: false,
      acr: false,
    }),
    ...pickCommon(call, options, given),
  });
}

function resolveEncryption(
  call: string,
  {
    decryptionKey,
    encryptedContent,
  }: Pick<Resolved<typeof FEWLINES_OPTIONS>, 'decryptionKey' | 'encryptedContent'>,
) {
  if (decryptionKey === undefined) {
    if (encryptedContent === undefined) return undefined;
    throw new ConfigurationError(`${call}: encryptedContent needs a decryptionKey.`);
  }
  return Object.freeze({ key: createSecret(decryptionKey), content: encryptedContent ?? 'signed' });
}

function checkPrivateKey(where: string, value: unknown): string {
  const pem = checkString(where, value);
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
    if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return pem;
  } catch {
    // What it says may quote the key.
  }
  throw new ConfigurationError(`${where} must be a private RSA key of at least 2048 bits, in PEM form.`);
}
