import { oneOf } from '../../options/option-checks.ts';
import { required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkIssuer,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link authentik}. */
export interface AuthentikOptions extends CommonProviderOptions {
  /** `https://id.example.com/application/o/<slug>/`, with the slash at its end. */
  issuer: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client. @default none */
  clientSecret?: string;
  /**
   * The signing key of the provider in authentik: `RS256` and `ES256` as the chosen certificate is, `HS256` where none is
   * chosen. @default 'RS256'
   */
  idTokenSigningAlgorithm?: 'RS256' | 'ES256' | 'HS256';
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token, where its scope mapping is selected. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.authentik()`. */
export const AUTHENTIK_OPTIONS = {
  issuer: required(checkIssuer, { aliases: ['domain', 'url'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  idTokenSigningAlgorithm: withDefault(oneOf('RS256', 'ES256', 'HS256'), 'RS256', {
    aliases: ['idTokenSigningAlg', 'signingKey'],
  }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<AuthentikOptions>;

/** What authentik documents. */
export const AUTHENTIK: PresetFacts = {
  name: 'authentik',
  documentation: [
    'https://docs.goauthentik.io/add-secure-apps/providers/oauth2/',
    'https://docs.goauthentik.io/add-secure-apps/providers/property-mappings/',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
};

/**
 * authentik, with the issuer mode "Each provider has a different issuer". `claims.groups` names the person's groups.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [authentik, OAuth2 provider](https://docs.goauthentik.io/add-secure-apps/providers/oauth2/)
 */
export function authentik(options: AuthentikOptions): ProviderDefinition {
  const call = 'providers.authentik()';
  const given = readProviderOptions(call, options, AUTHENTIK_OPTIONS);
  const { issuer, scope, idTokenSigningAlgorithm: algorithm } = given;
  return definePreset(
    AUTHENTIK,
    { call, options, given },
    { issuer, scope, identity: { from: 'id_token', algorithm } },
  );
}
