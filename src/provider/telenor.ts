import { checkBoolean, checkKeys, checkOneOf, checkString } from '../option-checks.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTION_NAMES,
  type CommonProviderOptions,
  checkClientSecret,
  checkOrigin,
  checkScope,
  resolveCommon,
  resolveQuirks,
} from './preset-options.ts';

/** Options of {@link telenor}. */
export interface TelenorOptions extends CommonProviderOptions {
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string;
  /** The service: production, staging or a sister brand. @default 'https://connect.telenordigital.com' */
  origin?: string;
  /** Scopes; must hold `openid`. The person may refuse some: `onLogin` is told which. @default 'openid profile email' */
  scope?: string;
  /** Whether a login fails when the person refused a scope. @default false */
  refuseMissingScopes?: boolean;
  /**
   * Logout at the provider, for single sign-on clients: by the browser, or by a call with the access token.
   * @default false: the session ends here and the tokens are revoked
   */
  singleSignOnLogout?: 'browser' | 'api' | false;
  /** Smallest RSA key that may sign an ID token; 1024 for the test keys seen in public. @default 2048 */
  minimumKeyBits?: 1024 | 2048;
}

/**
 * Telenor CONNECT. Basic with the raw id and secret; refresh tokens rotate; both tokens can be revoked; `td_sls` makes
 * a session end with the browser; a higher `acr` answers a lower one.
 *
 * Checked on 2026-11-20 against the integration steps for web clients.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Telenor CONNECT documentation](https://docs.telenordigital.com)
 */
export function telenor(options: TelenorOptions): ProviderDefinition {
  checkKeys('providers.telenor()', options, OPTION_NAMES);
  const where = (name: keyof TelenorOptions) => `providers.telenor(): ${name}`;
  const origin = checkOrigin(where('origin'), options.origin ?? 'https://connect.telenordigital.com');
  const endpoints = `${origin}/oauth`;
  const logout = options.singleSignOnLogout ?? false;
  if (logout !== false) checkOneOf(where('singleSignOnLogout'), logout, ['browser', 'api']);
  return Object.freeze({
    preset: 'telenor',
    issuer: endpoints,
    metadata: Object.freeze({
      authorization_endpoint: `${endpoints}/authorize`,
      token_endpoint: `${endpoints}/token`,
      userinfo_endpoint: `${endpoints}/userinfo`,
      revocation_endpoint: `${endpoints}/revoke`,
      end_session_endpoint: `${endpoints}/logout`,
      jwks_uri: `${endpoints}/public_keys.jwks`,
    }),
    clientId: checkString(where('clientId'), options.clientId),
    clientSecret: checkClientSecret(where('clientSecret'), options.clientSecret, 'RS256'),
    clientAuthentication: options.clientSecret === undefined ? 'none' : 'client_secret_basic',
    scope: checkScope(where('scope'), options.scope ?? 'openid profile email'),
    refuseMissingScopes: checkBoolean(where('refuseMissingScopes'), options.refuseMissingScopes ?? false),
    implicit: false,
    responseMode: 'query',
    identity: Object.freeze({ from: 'id_token', algorithm: 'RS256' }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: resolveQuirks('providers.telenor()', {
      basicEncoding: 'raw',
      pkce: 'none',
      acr: 'minimum',
      browserSessionClaim: 'td_sls',
      revocationHint: false,
      logoutHint: false,
      minimumKeyBits: options.minimumKeyBits ?? 2048,
    }),
    capabilities: Object.freeze({
      refresh: true,
      revocation: true,
      logout,
      silentLogin: true,
      authTime: true,
      acr: true,
    }),
    ...resolveCommon('telenor', options),
  });
}

const OPTION_NAMES: readonly (keyof TelenorOptions)[] = [
  'clientId',
  'clientSecret',
  'origin',
  'scope',
  'refuseMissingScopes',
  'singleSignOnLogout',
  'minimumKeyBits',
  ...COMMON_OPTION_NAMES,
];
