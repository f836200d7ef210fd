import { createPrivateKey } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkKeys, checkOneOf, checkString } from '../option-checks.ts';
import type { ProviderDefinition, SigningAlgorithm } from '../provider-definition.ts';
import { createSecret } from '../secret.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkClientSecret,
  checkOrigin,
  checkScope,
  resolveCommon,
  resolveQuirks,
} from './preset-options.ts';

/** Options of {@link fewlines}. */
export interface FewlinesOptions extends CommonProviderOptions {
  /** Your tenant: `https://` and the provider's domain name. */
  origin: string;
  clientId: string;
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

/**
 * Fewlines Connect. The access token is a JWT that says who logged in; refresh tokens are used once; there is no
 * revocation and no logout at the provider. It does not say when and how a person proved who they are: `maxAge` and
 * `acr` are refused.
 *
 * Checked on 2026-11-20 against the authorization code flow guide.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Fewlines Connect guides](https://developers.fewlines.co)
 */
export function fewlines(options: FewlinesOptions): ProviderDefinition {
  checkKeys('providers.fewlines()', options, OPTION_NAMES);
  const where = (name: keyof FewlinesOptions) => `providers.fewlines(): ${name}`;
  const origin = checkOrigin(where('origin'), options.origin);
  const algorithm = checkOneOf(where('accessTokenAlgorithm'), options.accessTokenAlgorithm ?? 'HS256', [
    'HS256',
    'RS256',
  ]);
  const inBody = checkOneOf(where('clientAuthentication'), options.clientAuthentication ?? 'body', [
    'body',
    'basic',
  ]);
  const secret = checkClientSecret(
    where('clientSecret'),
    checkString(where('clientSecret'), options.clientSecret),
    algorithm,
    {
      option: 'dangerouslyAllowShortSecret',
      allowed: checkBoolean(
        where('dangerouslyAllowShortSecret'),
        options.dangerouslyAllowShortSecret ?? false,
      ),
    },
  );
  const allowsWeakKeys = checkBoolean(
    where('dangerouslyAllowWeakKeys'),
    options.dangerouslyAllowWeakKeys ?? false,
  );
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
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: secret,
    clientAuthentication: inBody === 'body' ? 'client_secret_post' : 'client_secret_basic',
    scope: checkScope(where('scope'), options.scope ?? 'openid profile email', ''),
    refuseMissingScopes: false,
    implicit: false,
    responseMode: 'query',
    identity: Object.freeze({
      from: 'access_token',
      algorithm,
      issuer: options.issuer === undefined ? undefined : checkString(where('issuer'), options.issuer),
      audiences:
        options.audience === undefined
          ? undefined
          : Object.freeze([checkString(where('audience'), options.audience)]),
      encryption: resolveEncryption(options),
    }),
    popupRedirectUri: `${origin}/oauth/popup/callback`,
    trustedAudiences: Object.freeze([]),
    quirks: resolveQuirks('providers.fewlines()', {
      basicEncoding: 'raw',
      tokenType: 'optional',
      pkce: checkBoolean(where('pkce'), options.pkce ?? true) ? 'S256' : 'none',
      nonce: false,
      maxStateLength: 255,
      refreshScope: true,
      minimumKeyBits: allowsWeakKeys ? 1024 : 2048,
    }),
    capabilities: Object.freeze({
      refresh: true,
      revocation: false,
      logout: false,
      silentLogin: false,
      authTime: false,
      acr: false,
    }),
    ...resolveCommon('fewlines', options),
  });
}

const OPTION_NAMES: readonly (keyof FewlinesOptions)[] = [
  'origin',
  'clientId',
  'clientSecret',
  'scope',
  'clientAuthentication',
  'accessTokenAlgorithm',
  'decryptionKey',
  'encryptedContent',
  'audience',
  'issuer',
  'pkce',
  'dangerouslyAllowShortSecret',
  'dangerouslyAllowWeakKeys',
  ...COMMON_OPTION_NAMES,
];

function resolveEncryption({ decryptionKey, encryptedContent }: FewlinesOptions) {
  if (decryptionKey === undefined) {
    if (encryptedContent === undefined) return undefined;
    throw new ConfigurationError('providers.fewlines(): encryptedContent needs a decryptionKey.');
  }
  return Object.freeze({
    key: createSecret(checkPrivateKey('providers.fewlines(): decryptionKey', decryptionKey)),
    content: checkOneOf('providers.fewlines(): encryptedContent', encryptedContent ?? 'signed', [
      'signed',
      'bare',
    ]),
  });
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
