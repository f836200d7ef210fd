import { type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkScope, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link linkedin}. */
export interface LinkedinOptions extends ClientOptions {
  /** Scopes; must hold `openid`. @default 'openid profile email' */
  scope?: string;
}

/** The options of `providers.linkedin()`. */
export const LINKEDIN_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...COMMON_OPTIONS,
} satisfies Table<LinkedinOptions>;

/** What LinkedIn documents. */
export const LINKEDIN: PresetFacts = {
  name: 'linkedin',
  documentation: [
    'https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2',
    'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // A code_verifier beside a secret is answered by invalid_client, and no nonce comes back: `state` alone binds the answer.
  quirks: { pkce: 'none', nonce: false },
  // Refresh tokens are for a few partners; where one comes, it is used.
  capabilities: { logout: false, revocation: false, silentLogin: false, acr: false, authTime: false },
};

/**
 * Sign in with LinkedIn. There is no logout at LinkedIn, nothing is revoked, and access tokens live for two months. It does
 * not say when and how somebody logged in: `maxAgeSeconds` and `acrValues` are refused.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Sign In with LinkedIn using OpenID Connect](https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2)
 */
export function linkedin(options: LinkedinOptions): ProviderDefinition {
  const call = 'providers.linkedin()';
  const given = readProviderOptions(call, options, LINKEDIN_OPTIONS);
  return definePreset(
    LINKEDIN,
    { call, options, given },
    { issuer: 'https://www.linkedin.com/oauth', scope: given.scope },
  );
}
