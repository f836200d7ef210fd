import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { optional, required, type Table } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkScope, readProviderOptions } from '../preset-options.ts';
import { checkTenant } from './entra.ts';
import { CLIENT_OPTIONS, type ClientOptions, checkHost, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link azureB2c}. */
export interface AzureB2cOptions extends ClientOptions {
  /** The host of its pages, such as `contoso.b2clogin.com`; or a custom domain. */
  domain: string;
  /** The tenant's id, not a domain. */
  tenant: string;
  /** The user flow or custom policy that logs people in, such as `B2C_1_signin`. */
  policy: string;
  /**
   * Scopes; must hold `openid`. Without an API's scope, or the client id as one, there is no access token.
   * @default `openid offline_access` and the client id
   */
  scope?: string;
}

/** The options of `providers.azureB2c()`. */
export const AZURE_B2C_OPTIONS = {
  ...CLIENT_OPTIONS,
  domain: required(checkHost, { aliases: ['host', 'authority'] }),
  tenant: required(checkTenant, { aliases: ['tenantId', 'tenant_id'] }),
  policy: required(checkPolicy, { aliases: ['userFlow', 'policyName'] }),
  scope: optional(checkScope, {
    defaultIs: '`openid offline_access` and the client id',
    aliases: ['scopes'],
  }),
  ...COMMON_OPTIONS,
} satisfies Table<AzureB2cOptions>;

/** What Microsoft documents of Azure AD B2C. */
export const AZURE_B2C: PresetFacts = {
  name: 'azureB2c',
  documentation: [
    'https://learn.microsoft.com/en-us/azure/active-directory-b2c/openid-connect',
    'https://learn.microsoft.com/en-us/azure/active-directory-b2c/tokens-overview',
    'https://learn.microsoft.com/en-us/azure/active-directory-b2c/access-tokens',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  capabilities: { revocation: false, acr: false },
};

/**
 * Azure AD B2C: one user flow. Its tokens name the tenant's id, not the policy, as issuer ("iss" in the default form):
 * the addresses are fixed here, and not discovered.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [OpenID Connect in Azure AD B2C](https://learn.microsoft.com/en-us/azure/active-directory-b2c/openid-connect)
 */
export function azureB2c(options: AzureB2cOptions): ProviderDefinition {
  const call = 'providers.azureB2c()';
  const given = readProviderOptions(call, options, AZURE_B2C_OPTIONS);
  const { domain, tenant, policy, clientId } = given;
  const base = `https://${domain}/${tenant}/${policy}`;
  return definePreset(
    AZURE_B2C,
    { call, options, given },
    {
      issuer: `https://${domain}/${tenant}/v2.0/`,
      scope: given.scope ?? `openid offline_access ${clientId}`,
      metadata: Object.freeze({
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      }),
    },
  );
}

function checkPolicy(where: string, value: unknown): string {
  const policy = checkString(where, value);
  if (/^[\w.-]+$/.test(policy)) return policy.toLowerCase();
  throw new ConfigurationError(`${where} must be the name of a user flow or policy, such as "B2C_1_signin".`);
}
