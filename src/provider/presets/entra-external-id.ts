import { optional, required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkScope, readProviderOptions } from '../preset-options.ts';
import { checkTenant } from './entra.ts';
import { CLIENT_OPTIONS, type ClientOptions, checkHost, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link entraExternalId}. */
export interface EntraExternalIdOptions extends ClientOptions {
  /** The tenant's id, not a domain. */
  tenant: string;
  /** The host of its pages, such as `contoso.ciamlogin.com`; or a custom domain. @default `<tenant>.ciamlogin.com` */
  domain?: string;
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token. @default 'openid profile email offline_access' */
  scope?: string;
}

/** The options of `providers.entraExternalId()`. */
export const ENTRA_EXTERNAL_ID_OPTIONS = {
  ...CLIENT_OPTIONS,
  tenant: required(checkTenant, { aliases: ['tenantId', 'tenant_id'] }),
  domain: optional(checkHost, { defaultIs: '`<tenant>.ciamlogin.com`', aliases: ['authority', 'host'] }),
  scope: withDefault(checkScope, 'openid profile email offline_access', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<EntraExternalIdOptions>;

/** What Microsoft documents of External ID. */
export const ENTRA_EXTERNAL_ID: PresetFacts = {
  name: 'entraExternalId',
  documentation: [
    'https://learn.microsoft.com/en-us/entra/external-id/customers/concept-authentication-methods-customers',
    'https://learn.microsoft.com/en-us/entra/external-id/customers/how-to-custom-url-domain',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  capabilities: { revocation: false, acr: false },
  defaults: { logoutClaims: { logout_hint: 'login_hint' } },
};

/**
 * Microsoft Entra External ID. Its tokens name the tenant's id as host, whichever host the pages are on: the addresses are
 * fixed here, and not discovered.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [External ID](https://learn.microsoft.com/en-us/entra/external-id/customers/)
 */
export function entraExternalId(options: EntraExternalIdOptions): ProviderDefinition {
  const call = 'providers.entraExternalId()';
  const given = readProviderOptions(call, options, ENTRA_EXTERNAL_ID_OPTIONS);
  const { tenant, scope, domain = `${tenant}.ciamlogin.com` } = given;
  const base = `https://${domain}/${tenant}`;
  return definePreset(
    ENTRA_EXTERNAL_ID,
    { call, options, given },
    {
      issuer: `https://${tenant}.ciamlogin.com/${tenant}/v2.0`,
      scope,
      metadata: Object.freeze({
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      }),
    },
  );
}
