import { checkString } from '../../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { checkKeyAuthentication } from '../client-key.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkIssuer,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link loginGov}. */
export interface LoginGovOptions extends CommonProviderOptions {
  /** The issuer string of the application, as its page in the Partner Portal has it. */
  clientId: string;
  /** The private key, in PEM, whose certificate was uploaded there: RSA of at least 2048 bits. */
  clientKey: string;
  /** The `kid` of the key. @default none */
  clientKeyId?: string;
  /** The service level that each login has. @default 'urn:acr.login.gov:auth-only' */
  acrValues?: string;
  /** Scopes; must hold `openid`. @default 'openid email' */
  scope?: string;
  /** Production, or the sandbox: `https://idp.int.identitysandbox.gov/`. @default 'https://secure.login.gov/' */
  issuer?: string;
}

/** The options of `providers.loginGov()`. */
export const LOGIN_GOV_OPTIONS = {
  clientId: CLIENT_OPTIONS.clientId,
  clientKey: required(checkString, { aliases: ['privateKey', 'clientAssertionSigningKey'] }),
  clientKeyId: optional(checkString, { aliases: ['kid'] }),
  acrValues: withDefault(checkString, 'urn:acr.login.gov:auth-only', {
    aliases: ['acr', 'acr_values', 'ial'],
  }),
  scope: withDefault(checkScope, 'openid email', { aliases: ['scopes'] }),
  issuer: withDefault(checkIssuer, 'https://secure.login.gov/', { aliases: ['origin', 'domain', 'url'] }),
  ...COMMON_OPTIONS,
} satisfies Table<LoginGovOptions>;

/** What login.gov documents. */
export const LOGIN_GOV: PresetFacts = {
  name: 'loginGov',
  documentation: [
    'https://developers.login.gov/oidc/getting-started/',
    'https://developers.login.gov/oidc/token/',
    'https://developers.login.gov/oidc/logout/',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'private_key_jwt',
  // Either a key or PKCE; its logout takes a client_id and no ID token, which would put a person's data into a URL.
  quirks: { pkce: 'none', logoutHint: false },
  defaults: { userinfoAtLogin: true },
  capabilities: { refresh: false, revocation: false, silentLogin: false, authTime: false },
};

/**
 * login.gov, by `private_key_jwt`. Each login asks for a service level. There is no refresh token, no revocation and no
 * silent login; who the person is comes from userinfo.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [login.gov, OpenID Connect](https://developers.login.gov/oidc/getting-started/)
 */
export function loginGov(options: LoginGovOptions): ProviderDefinition {
  const call = 'providers.loginGov()';
  const given = readProviderOptions(call, options, LOGIN_GOV_OPTIONS);
  const { issuer, scope, clientKey, clientKeyId, acrValues } = given;
  return definePreset(
    LOGIN_GOV,
    { call, options, given },
    {
      issuer,
      scope,
      ...checkKeyAuthentication(call, { clientKey, clientKeyId }),
      clientAssertionAudience: 'token_endpoint',
      authorizationParams: { acr_values: acrValues },
    },
  );
}
