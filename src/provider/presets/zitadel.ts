import { checkStrings } from '../../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkIssuer,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link zitadel}. */
export interface ZitadelOptions extends CommonProviderOptions {
  /** The instance, such as `https://acme-x7k2p9.us1.zitadel.cloud`; or its custom domain. */
  issuer: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for an application without one (authentication method "None"). @default none */
  clientSecret?: string;
  /**
   * Who else an ID token may be for. ZITADEL names the project and every application of it in `aud`: those that are known
   * can be listed, so that a token for any other is refused. @default anybody, where `azp` names this client
   */
  trustedAudiences?: readonly string[];
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.zitadel()`. */
export const ZITADEL_OPTIONS = {
  issuer: required(checkIssuer, { aliases: ['domain', 'instance', 'url'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  trustedAudiences: optional(checkStrings, {
    defaultIs: 'anybody, where `azp` names this client',
    aliases: ['projectId'],
  }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<ZitadelOptions>;

/** What ZITADEL documents. */
export const ZITADEL: PresetFacts = {
  name: 'zitadel',
  documentation: [
    'https://zitadel.com/docs/apis/openidoauth/endpoints',
    'https://zitadel.com/docs/apis/openidoauth/claims',
    'https://zitadel.com/docs/apis/openidoauth/scopes',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
  // Name and e-mail are in userinfo only, unless the application has "User Info inside ID Token".
  defaults: { userinfoAtLogin: true },
  capabilities: { acr: false },
};

/**
 * ZITADEL. Its ID tokens are for the project and all of its applications; the one that was logged in to is `azp`.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [ZITADEL, OpenID Connect](https://zitadel.com/docs/apis/openidoauth/endpoints)
 */
export function zitadel(options: ZitadelOptions): ProviderDefinition {
  const call = 'providers.zitadel()';
  const given = readProviderOptions(call, options, ZITADEL_OPTIONS);
  const { issuer, scope, trustedAudiences } = given;
  return definePreset(
    ZITADEL,
    { call, options, given },
    {
      issuer,
      scope,
      ...(trustedAudiences ? { trustedAudiences } : { trustsAudiencesByAzp: true }),
    },
  );
}
