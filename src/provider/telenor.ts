import { checkBoolean, checkString, oneOf } from '../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../options/option-table.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkClientSecret,
  checkOrigin,
  checkScope,
  pickCommon,
  readProviderOptions,
} from './preset-options.ts';
import { completeQuirks } from './quirk-options.ts';

/** Options of {@link telenor}. */
export interface TelenorOptions extends CommonProviderOptions {
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client. @default none */
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

const checkLogoutWay = oneOf('browser', 'api');

/** The options of `providers.telenor()`. */
export const TELENOR_OPTIONS = {
  clientId: required(checkString, { aliases: ['client_id'] }),
  clientSecret: optional(checkString, { defaultIs: 'none', aliases: ['client_secret'] }),
  origin: withDefault(checkOrigin, 'https://connect.telenordigital.com'),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  refuseMissingScopes: withDefault(checkBoolean, false),
  singleSignOnLogout: withDefault(
    (where, value) => (value === false ? false : checkLogoutWay(where, value)),
    false,
  ),
  minimumKeyBits: withDefault(oneOf(1024, 2048), 2048),
  ...COMMON_OPTIONS,
} satisfies Table<TelenorOptions>;

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
  const call = 'providers.telenor()';
  const given = readProviderOptions(call, options, TELENOR_OPTIONS);
  const endpoints = `${given.origin}/oauth`;
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
    clientId: given.clientId,
    clientSecret: checkClientSecret(`${call}: clientSecret`, given.clientSecret, 'RS256'),
    clientAuthentication: given.clientSecret === undefined ? 'none' : 'client_secret_basic',
    scope: given.scope,
    refuseMissingScopes: given.refuseMissingScopes,
    implicit: false,
    responseMode: 'query',
    identity: Object.freeze({ from: 'id_token', algorithm: 'RS256' }),
    popupRedirectUri: undefined,
    trustedAudiences: Object.freeze([]),
    quirks: completeQuirks({
      basicEncoding: 'raw',
      pkce: 'none',
      acr: 'minimum',
      browserSessionClaim: 'td_sls',
      revocationHint: false,
      logoutHint: false,
      minimumKeyBits: given.minimumKeyBits,
    }),
    capabilities: Object.freeze({
      refresh: true,
      revocation: true,
      logout: given.singleSignOnLogout,
      silentLogin: true,
      authTime: true,
      acr: true,
    }),
    ...pickCommon(call, options, given),
  });
}
