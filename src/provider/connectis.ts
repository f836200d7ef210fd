import { X509Certificate } from 'node:crypto';
import { ConfigurationError } from '../errors.ts';
import { checkBoolean, checkKeys, checkOneOf, checkString } from '../option-checks.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkClientSecret,
  checkIssuer,
  checkScope,
  resolveCommon,
  resolveQuirks,
} from './definition.ts';

/** Options of {@link connectis}. */
export interface ConnectisOptions extends CommonProviderOptions {
  /** The broker's base URL, as handed over by it. */
  baseUrl: string;
  /** The `iss` of its ID tokens, as handed over by it. */
  issuer: string;
  /** PEM of the certificate that signs its ID tokens, as handed over by it. */
  certificate: string;
  clientId: string;
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
  checkKeys('providers.connectis()', options, OPTION_NAMES);
  const where = (name: keyof ConnectisOptions) => `providers.connectis(): ${name}`;
  const base = new URL(checkIssuer(where('baseUrl'), options.baseUrl)).href.replace(/\/$/, '');
  const implicit = checkBoolean(
    where('dangerouslyUseImplicitFlow'),
    options.dangerouslyUseImplicitFlow ?? false,
  );
  return Object.freeze({
    preset: 'connectis',
    issuer: checkIssuer(where('issuer'), options.issuer),
    metadata: Object.freeze({
      authorization_endpoint: `${base}/broker/openidconnect/authorize`,
      token_endpoint: `${base}/broker/openidconnect/token`,
      userinfo_endpoint: `${base}/broker/openidconnect/userinfo`,
    }),
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: checkClientSecret(
      where('clientSecret'),
      checkString(where('clientSecret'), options.clientSecret),
      'RS256',
    ),
    clientAuthentication: 'client_secret_post',
    scope: checkScope(where('scope'), options.scope ?? 'openid'),
    refuseMissingScopes: false,
    implicit,
    responseMode: 'query',
    identity: Object.freeze({
      from: 'id_token',
      algorithm: 'RS256',
      certificate: checkCertificate(where('certificate'), options.certificate),
    }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: resolveQuirks('providers.connectis()', {
      tokenParams: checkOneOf(where('tokenParams'), options.tokenParams ?? 'query', [
        'query',
        'body',
      ] as const),
      expiresInUnit: checkOneOf(where('expiresInUnit'), options.expiresInUnit ?? 'ms', ['ms', 's'] as const),
      pkce: 'none',
    }),
    capabilities: Object.freeze({ refresh: !implicit, revocation: false, logout: false, silentLogin: true }),
    ...resolveCommon('connectis', options),
  });
}

const OPTION_NAMES: readonly (keyof ConnectisOptions)[] = [
  ...(['baseUrl', 'issuer', 'certificate', 'clientId', 'clientSecret', 'scope', 'tokenParams'] as const),
  ...(['expiresInUnit', 'dangerouslyUseImplicitFlow'] as const),
  ...COMMON_OPTION_NAMES,
];

function checkCertificate(where: string, value: unknown): string {
  const pem = checkString(where, value);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new ConfigurationError(`${where} must be a certificate in PEM form.`, { cause: error });
  }
}
