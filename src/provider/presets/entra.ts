import { ConfigurationError } from '../../errors.ts';
import { checkString, checkStrings } from '../../options/option-checks.ts';
import { optional, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition, TenantRule } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkOrigin, checkScope, readProviderOptions } from '../preset-options.ts';
import { TENANT_ID } from '../tenants.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link entra}. */
export interface EntraOptions extends ClientOptions {
  /** The one tenant whose people log in: its id, not a domain. @default none; `tenant` or `tenants` must be given */
  tenant?: string;
  /**
   * The tenants whose people log in, by their ids; `'any'`: those of every organisation that uses Microsoft Entra.
   * @default none; `tenant` or `tenants` must be given
   */
  tenants?: readonly string[] | 'any';
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token. @default 'openid profile email offline_access' */
  scope?: string;
  /** The cloud: another for a national one. @default 'https://login.microsoftonline.com' */
  origin?: string;
}

/** The options of `providers.entra()`. */
export const ENTRA_OPTIONS = {
  ...CLIENT_OPTIONS,
  tenant: optional(checkTenant, {
    defaultIs: 'none; `tenant` or `tenants` must be given',
    aliases: ['tenantId', 'tenant_id'],
  }),
  tenants: optional(checkTenants, { defaultIs: 'none; `tenant` or `tenants` must be given' }),
  scope: withDefault(checkScope, 'openid profile email offline_access', { aliases: ['scopes'] }),
  origin: withDefault(checkOrigin, 'https://login.microsoftonline.com', { aliases: ['cloud', 'authority'] }),
  ...COMMON_OPTIONS,
} satisfies Table<EntraOptions>;

/** What Microsoft documents of Entra ID. */
export const ENTRA: PresetFacts = {
  name: 'entra',
  documentation: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc',
    'https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer',
    'https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // No revocation endpoint; `acr` of version 2 says nothing, and `auth_time` is an optional claim of the application.
  capabilities: { revocation: false, acr: false },
  // An optional claim as well; without it the person is asked which account to sign out of.
  defaults: { logoutClaims: { logout_hint: 'login_hint' } },
};

/**
 * Microsoft Entra ID (Azure AD), by version 2 of its endpoints. With several tenants the ID token names one in `tid`, and
 * its `iss` and the key that signed it must be that tenant's; `req.auth.issuer` stays the common address.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [OpenID Connect on the Microsoft identity platform](https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc)
 */
export function entra(options: EntraOptions): ProviderDefinition {
  const call = 'providers.entra()';
  const given = readProviderOptions(call, options, ENTRA_OPTIONS);
  const { tenant, tenants, origin, scope } = given;
  if ((tenant === undefined) === (tenants === undefined)) {
    throw new ConfigurationError(
      `${call}: give either tenant, the id of the one whose people log in, or tenants, a list of ids or 'any'.`,
    );
  }
  const own = tenants === undefined ? { issuer: `${origin}/${tenant}/v2.0` } : atManyTenants(origin, tenants);
  return definePreset(ENTRA, { call, options, given }, { ...own, scope });
}

/** The document that Entra publishes for all tenants names no issuer that could be compared: its addresses are fixed. */
function atManyTenants(origin: string, allowed: TenantRule['allowed']) {
  const common = `${origin}/organizations`;
  return {
    issuer: `${common}/v2.0`,
    tenants: Object.freeze({ issuer: `${origin}/{tenantid}/v2.0`, claim: 'tid', allowed }),
    metadata: Object.freeze({
      authorization_endpoint: `${common}/oauth2/v2.0/authorize`,
      token_endpoint: `${common}/oauth2/v2.0/token`,
      jwks_uri: `${common}/discovery/v2.0/keys`,
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      end_session_endpoint: `${common}/oauth2/v2.0/logout`,
    }),
  };
}

/** The id of a tenant, in lower case as tokens have it. */
export function checkTenant(where: string, value: unknown): string {
  const tenant = checkString(where, value).toLowerCase();
  if (TENANT_ID.test(tenant)) return tenant;
  throw new ConfigurationError(
    `${where} must be the id of a tenant, such as "11111111-2222-3333-4444-555555555555": it stands on the Overview page of Microsoft Entra ID. A domain, "common" or "organizations" is none; several tenants are given by tenants.`,
  );
}

function checkTenants(where: string, value: unknown): TenantRule['allowed'] {
  if (value === 'any') return 'any';
  const tenants = checkStrings(where, value).map((tenant, index) =>
    checkTenant(`${where}[${index}]`, tenant),
  );
  if (tenants.length > 0) return Object.freeze(tenants);
  throw new ConfigurationError(`${where} must name at least one tenant, or be 'any'.`);
}
