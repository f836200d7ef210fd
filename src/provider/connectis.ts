import { type KeyObject, X509Certificate } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkString, checkStrings, oneOf } from '../options/option-checks.ts';
import { required, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  checkIssuer,
  checkScope,
  pickCommon,
  readProviderOptions,
} from './preset-options.ts';
import { completeQuirks } from './quirk-options.ts';

/** Options of {@link connectis}. */
export interface ConnectisOptions extends CommonProviderOptions {
  /** The broker's base URL, as handed over by it. */
  baseUrl: string;
  /** The `iss` of its ID tokens, as handed over by it. */
  issuer: string;
  /**
   * PEM of the certificate that signs its ID tokens, as handed over by it. Several, in one text or in an array, while
   * the broker goes over from one to the next: each of their keys will do.
   */
  certificate: string | readonly string[];
  /** The id that the provider knows this application by. */
  clientId: string;
  /** The secret that the provider gave with it. */
  clientSecret: string;
  /** Scopes; must hold `openid`. @default 'openid' */
  scope?: string;
  /** Where the token endpoint reads its parameters: in the URL as documented, or in the body. @default 'query' */
  tokenParams?: 'query' | 'body';
  /** Unit of `expires_in`: milliseconds as documented, or seconds. Never guessed. @default 'ms' */
  expiresInUnit?: 'ms' | 's';
  /**
   * Uses the implicit flow: the ID token comes in the URL of the callback, there are no other tokens, and nothing but
   * `state` and `nonce` ties the answer to the login. The code flow is better wherever the broker offers it.
   * @default false
   */
  dangerouslyUseImplicitFlow?: boolean;
}

/** The options of `providers.connectis()`. */
export const CONNECTIS_OPTIONS = {
  baseUrl: required(checkIssuer, { aliases: ['origin'] }),
  issuer: required(checkIssuer),
  certificate: required(checkCertificates),
  clientId: required(checkString, { aliases: ['client_id'] }),
  clientSecret: required(checkString, { aliases: ['client_secret'] }),
  scope: withDefault(checkScope, 'openid', { aliases: ['scopes'] }),
  tokenParams: withDefault(oneOf('query', 'body'), 'query'),
  expiresInUnit: withDefault(oneOf('ms', 's'), 'ms'),
  dangerouslyUseImplicitFlow: withDefault(checkBoolean, false, { aliases: ['useImplicitFlow'] }),
  ...COMMON_OPTIONS,
} satisfies Table<ConnectisOptions>;

/**
 * The Connectis Identity Broker (`/broker/openidconnect`). Token parameters travel in the URL and `expires_in` counts
 * milliseconds, unless the options say otherwise; ID tokens are verified with the broker's certificate.
 *
 * Checked on 2026-11-20 against the broker's OpenID Connect information.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Broker documentation](https://developer.signicat.com)
 */
export function connectis(options: ConnectisOptions): ProviderDefinition {
  const call = 'providers.connectis()';
  const given = readProviderOptions(call, options, CONNECTIS_OPTIONS);
  const base = new URL(given.baseUrl).href.replace(/\/$/, '');
  const implicit = given.dangerouslyUseImplicitFlow;
  return Object.freeze({
    preset: 'connectis',
    issuer: given.issuer,
    metadata: Object.freeze({
      authorization_endpoint: `${base}/broker/openidconnect/authorize`,
      token_endpoint: `${base}/broker/openidconnect/token`,
      userinfo_endpoint: `${base}/broker/openidconnect/userinfo`,
    }),
    clientId: given.clientId,
    clientSecret: checkClientSecret(`${call}: clientSecret`, given.clientSecret, 'RS256'),
    clientAuthentication: 'client_secret_post',
    scope: given.scope,
    refuseMissingScopes: false,
    implicit,
    responseMode: 'query',
    identity: Object.freeze({
      from: 'id_token',
      algorithm: 'RS256',
      certificates: given.certificate,
    }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: completeQuirks({
      tokenParams: given.tokenParams,
      expiresInUnit: given.expiresInUnit,
      pkce: 'none',
    }),
    capabilities: Object.freeze({
      refresh: !implicit,
      revocation: false,
      logout: false,
      silentLogin: true,
      authTime: true,
      acr: true,
    }),
    ...pickCommon(call, options, given),
  });
}

function checkCertificates(where: string, value: unknown): readonly string[] {
  const texts = typeof value === 'string' ? [value] : checkStrings(where, value);
  if (texts.length === 0) throw new ConfigurationError(`${where} must hold at least one certificate.`);
  const certificates = texts.flatMap((text, index) =>
    splitPem(text).map((block, position, blocks) => {
      const item = texts.length > 1 ? `${where}[${index}]` : where;
      const place = blocks.length > 1 ? `${item}, block ${position + 1} of ${blocks.length},` : item;
      return checkCertificate(place, block);
    }),
  );
  return Object.freeze(certificates);
}

/** Its PEM blocks. What tools write above a block, such as a subject, belongs to none. */
function splitPem(text: string): readonly string[] {
  const [before = '', ...blocks] = text.split(/(?=-----BEGIN )/);
  if (before.startsWith('-----BEGIN ')) return [before, ...blocks];
  return blocks.length === 0 ? [before] : blocks;
}

function checkCertificate(where: string, pem: string): string {
  const key = readPublicKey(where, pem);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= 2048) return pem;
  throw new ConfigurationError(`${where} must be of an RSA key of at least 2048 bits.`);
}

function readPublicKey(where: string, pem: string): KeyObject {
  try {
    return new X509Certificate(pem).publicKey;
  } catch (error) {
    throw new ConfigurationError(`${where} must be a certificate in PEM form.`, { cause: error });
  }
}
