import { checkString, oneOf } from '../../options/option-checks.ts';
import { type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkIssuer, checkScope, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link franceConnect}. */
export interface FranceConnectOptions extends ClientOptions {
  /** Scopes; must hold `openid`. Those that the habilitation names. @default 'openid given_name family_name email' */
  scope?: string;
  /** The level of assurance that each login has: `eidas1`; at FranceConnect+ `eidas2` or `eidas3`. @default 'eidas1' */
  acrValues?: string;
  /** Which algorithm was chosen for signatures when the service was registered. @default 'ES256' */
  idTokenSigningAlgorithm?: 'ES256' | 'RS256';
  /**
   * Production, or the address of integration: `https://fcp-low.integ01.dev-franceconnect.fr/api/v2`; FranceConnect+ has
   * addresses of its own. @default 'https://oidc.franceconnect.gouv.fr/api/v2'
   */
  issuer?: string;
}

/** The options of `providers.franceConnect()`. */
export const FRANCECONNECT_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkScope, 'openid given_name family_name email', { aliases: ['scopes'] }),
  acrValues: withDefault(checkString, 'eidas1', { aliases: ['acr', 'acr_values'] }),
  idTokenSigningAlgorithm: withDefault(oneOf('ES256', 'RS256'), 'ES256', { aliases: ['idTokenSigningAlg'] }),
  issuer: withDefault(checkIssuer, 'https://oidc.franceconnect.gouv.fr/api/v2', {
    aliases: ['origin', 'domain', 'url'],
  }),
  ...COMMON_OPTIONS,
} satisfies Table<FranceConnectOptions>;

/** What FranceConnect documents. */
export const FRANCECONNECT: PresetFacts = {
  name: 'franceConnect',
  documentation: [
    'https://docs.partenaires.franceconnect.gouv.fr/fs/fs-technique/fs-technique-endpoints/',
    'https://docs.partenaires.franceconnect.gouv.fr/fs/migration/fs-migration-diff-v1-v2/',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // A parameter that it does not know makes it refuse the whole request.
  quirks: { pkce: 'none', logoutHint: 'required', logoutState: 'required' },
  defaults: { userinfoAtLogin: true },
  capabilities: { refresh: false, revocation: false, silentLogin: false, authTime: false },
};

/**
 * FranceConnect, version 2. Each login asks for a level of assurance, and who the person is comes from userinfo, as a signed
 * JWT. There is no refresh token, no revocation and no silent login.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [FranceConnect, endpoints](https://docs.partenaires.franceconnect.gouv.fr/fs/fs-technique/fs-technique-endpoints/)
 */
export function franceConnect(options: FranceConnectOptions): ProviderDefinition {
  const call = 'providers.franceConnect()';
  const given = readProviderOptions(call, options, FRANCECONNECT_OPTIONS);
  const { issuer, scope, acrValues, idTokenSigningAlgorithm: algorithm } = given;
  return definePreset(
    FRANCECONNECT,
    { call, options, given },
    {
      issuer,
      scope,
      identity: { from: 'id_token', algorithm },
      authorizationParams: { acr_values: acrValues },
    },
  );
}
