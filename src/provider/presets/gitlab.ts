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

/** Options of {@link gitlab}. */
export interface GitlabOptions extends CommonProviderOptions {
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client ("Confidential" off). @default none */
  clientSecret?: string;
  /** The server: yours, when it is not GitLab.com. @default 'https://gitlab.com' */
  issuer?: string;
  /** Scopes; must hold `openid`. Those that the application was registered with. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.gitlab()`. */
export const GITLAB_OPTIONS = {
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  issuer: withDefault(checkIssuer, 'https://gitlab.com', { aliases: ['origin', 'baseUrl', 'url', 'domain'] }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<GitlabOptions>;

/** What GitLab documents. */
export const GITLAB: PresetFacts = {
  name: 'gitlab',
  documentation: [
    'https://docs.gitlab.com/integration/openid_connect_provider/',
    'https://docs.gitlab.com/integration/oauth_provider/',
    'https://docs.gitlab.com/api/oauth2/',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
  capabilities: { logout: false, acr: false },
};

/**
 * GitLab.com, or a GitLab server of one's own. Access tokens live for two hours and are renewed; there is no logout at
 * GitLab. `claims.groups_direct` names the person's groups; `userinfoAtLogin` adds `groups`, with inherited ones.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [GitLab as OpenID Connect provider](https://docs.gitlab.com/integration/openid_connect_provider/)
 */
export function gitlab(options: GitlabOptions): ProviderDefinition {
  const call = 'providers.gitlab()';
  const given = readProviderOptions(call, options, GITLAB_OPTIONS);
  const { issuer, scope } = given;
  return definePreset(GITLAB, { call, options, given }, { issuer, scope });
}
