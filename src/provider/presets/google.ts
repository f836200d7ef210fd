import { checkBoolean, checkString } from '../../options/option-checks.ts';
import { optional, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { COMMON_OPTIONS, checkScope, readProviderOptions } from '../preset-options.ts';
import { CLIENT_OPTIONS, type ClientOptions, definePreset, type PresetFacts } from './preset.ts';

/** Options of {@link google}. */
export interface GoogleOptions extends ClientOptions {
  /** Scopes; must hold `openid`. @default 'openid profile email' */
  scope?: string;
  /**
   * The Google Workspace or Cloud Identity domain that people must belong to: they are shown its accounts, and who has
   * another (claim `hd`) is refused. @default anybody with a Google account
   */
  hostedDomain?: string;
  /**
   * Asks for a refresh token, so that `req.auth.getAccessToken()` works beyond an hour. Google gives one only with the
   * person's consent, which is asked for at each login then. @default false
   */
  offline?: boolean;
}

/** The options of `providers.google()`. */
export const GOOGLE_OPTIONS = {
  ...CLIENT_OPTIONS,
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  hostedDomain: optional(checkString, {
    defaultIs: 'anybody with a Google account',
    aliases: ['hd', 'domain'],
  }),
  offline: withDefault(checkBoolean, false, { aliases: ['accessType', 'access_type'] }),
  ...COMMON_OPTIONS,
} satisfies Table<GoogleOptions>;

/** What Google documents. */
export const GOOGLE: PresetFacts = {
  name: 'google',
  documentation: [
    'https://developers.google.com/identity/openid-connect/openid-connect',
    'https://developers.google.com/identity/protocols/oauth2/web-server',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
  // Revoking one token takes the person's whole grant: every other session of theirs, and their consent.
  capabilities: { logout: false, revocation: false, acr: false, authTime: false },
};

/**
 * Google. There is no logout at Google, and nothing is revoked: it would log the person out of this application on every
 * device. It does not say when somebody proved who they are: `maxAgeSeconds` and `acrValues` are refused.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [OpenID Connect at Google](https://developers.google.com/identity/openid-connect/openid-connect)
 */
export function google(options: GoogleOptions): ProviderDefinition {
  const call = 'providers.google()';
  const given = readProviderOptions(call, options, GOOGLE_OPTIONS);
  const { hostedDomain: hd, offline } = given;
  return definePreset(
    GOOGLE,
    { call, options, given },
    {
      issuer: 'https://accounts.google.com',
      scope: given.scope,
      capabilities: { refresh: offline },
      requiredClaims: hd === undefined ? undefined : Object.freeze({ hd }),
      authorizationParams: {
        ...(hd === undefined ? {} : { hd }),
        ...(offline ? { access_type: 'offline', prompt: 'consent' } : {}),
      },
    },
  );
}
