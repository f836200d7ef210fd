import { oneOf } from '../../options/option-checks.ts';
import { required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkIssuer, checkScope, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link proConnect}. */
export interface ProConnectOptions extends ClientOptions {
  /** Scopes; must hold `openid`. @default 'openid given_name usual_name email siret' */
  scope?: string;
  /** Which algorithm was chosen for signatures when the service was registered. @default 'RS256' */
  idTokenSigningAlgorithm?: 'RS256' | 'ES256' | 'HS256';
  /** The address for the environment and the network, as ProConnect tells it, with `/api/v2` behind it. */
  issuer: string;
}

/** The options of `providers.proConnect()`. */
export const PROCONNECT_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkScope, 'openid given_name usual_name email siret', { aliases: ['scopes'] }),
  idTokenSigningAlgorithm: withDefault(oneOf('RS256', 'ES256', 'HS256'), 'RS256', {
    aliases: ['idTokenSigningAlg'],
  }),
  issuer: required(checkIssuer, { aliases: ['origin', 'domain', 'url'] }),
  ...COMMON_OPTIONS,
} satisfies Table<ProConnectOptions>;

/** What ProConnect documents. */
export const PROCONNECT: PresetFacts = {
  name: 'proConnect',
  documentation: [
    'https://partenaires.proconnect.gouv.fr/docs/fournisseur-service/implementation_technique',
    'https://github.com/numerique-gouv/proconnect-documentation/blob/main/doc_fs/implementation_technique.md',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // Any parameter beyond those of its list is answered by the error Y000400: code_challenge, max_age and acr_values too.
  quirks: { pkce: 'none', logoutHint: 'required', logoutState: 'required' },
  defaults: { userinfoAtLogin: true },
  capabilities: { refresh: false, revocation: false, silentLogin: false, authTime: false, acr: false },
};

/**
 * ProConnect. Who the person is comes from userinfo, as a signed JWT. Its access tokens live for a minute; there is no
 * refresh token, no revocation and no silent login, and `maxAgeSeconds` and `acrValues` are refused.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [ProConnect, implementation](https://partenaires.proconnect.gouv.fr/docs/fournisseur-service/implementation_technique)
 */
export function proConnect(options: ProConnectOptions): ProviderDefinition {
  const call = 'providers.proConnect()';
  const given = readProviderOptions(call, options, PROCONNECT_OPTIONS);
  const { issuer, scope, idTokenSigningAlgorithm: algorithm } = given;
  return definePreset(
    PROCONNECT,
    { call, options, given },
    { issuer, scope, identity: { from: 'id_token', algorithm } },
  );
}
