import { type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkIssuer,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link salesforce}. */
export interface SalesforceOptions extends CommonProviderOptions {
  /** The consumer key of the connected app. */
  clientId: string;
  /** Its consumer secret. Absent for a public client. @default none */
  clientSecret?: string;
  /**
   * The My Domain of the organisation, `https://acme.my.salesforce.com`; or the address of an Experience Cloud site, or
   * `https://test.salesforce.com`. @default 'https://login.salesforce.com'
   */
  issuer?: string;
  /** Scopes; must hold `openid`. `refresh_token` brings a refresh token. @default 'openid profile email refresh_token' */
  scope?: string;
}

/** The options of `providers.salesforce()`. */
export const SALESFORCE_OPTIONS = {
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  issuer: withDefault(checkIssuer, 'https://login.salesforce.com', {
    aliases: ['origin', 'loginUrl', 'domain', 'url'],
  }),
  scope: withDefault(checkScope, 'openid profile email refresh_token', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<SalesforceOptions>;

/** What Salesforce documents. */
export const SALESFORCE: PresetFacts = {
  name: 'salesforce',
  documentation: [
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm',
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm',
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_revoke_token.htm',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // Custom attributes and permissions come in userinfo, and name and e-mail only there unless the app says otherwise.
  defaults: { userinfoAtLogin: true },
  capabilities: { acr: false },
};

/**
 * Salesforce. Its token answers name no end: access tokens live as long as the session policy of the app, of which
 * `defaultExpiresInSeconds` tells us. Name and e-mail are asked of the userinfo endpoint at each login.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Salesforce, OpenID Connect](https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm)
 */
export function salesforce(options: SalesforceOptions): ProviderDefinition {
  const call = 'providers.salesforce()';
  const given = readProviderOptions(call, options, SALESFORCE_OPTIONS);
  const { issuer, scope } = given;
  return definePreset(SALESFORCE, { call, options, given }, { issuer, scope });
}
