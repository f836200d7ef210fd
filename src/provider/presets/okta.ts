import { ConfigurationError } from '../../errors.ts';
import { checkString } from '../../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { BOUND_TOKEN_OPTIONS } from '../bound-token-options.ts';
import { checkKeyAuthentication } from '../client-key.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, checkHost, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link okta}. */
export interface OktaOptions extends CommonProviderOptions {
  /** The host of the organisation, such as `acme.okta.com`; or a custom domain. */
  domain: string;
  /** Id of a custom authorization server, such as `default`. @default the organisation's own, whose access tokens are for Okta's APIs alone */
  authorizationServer?: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client, or one with a key. @default none */
  clientSecret?: string;
  /** Private key in PEM, for "Public key / Private key" client authentication. @default none */
  clientKey?: string;
  /** The `kid` that the key is registered by. @default none */
  clientKeyId?: string;
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token, where the application may have one. @default 'openid profile email' */
  scope?: string;
  /**
   * Whether tokens are bound to a key that each session has for itself (DPoP, RFC 9449): "Require Demonstrating Proof of
   * Possession (DPoP) header in token requests". An answer with a bearer token is refused then, and `req.auth.fetch()` is
   * the way to call APIs. @default false
   */
  dpop?: boolean;
}

/** The options of `providers.okta()`. */
export const OKTA_OPTIONS = {
  domain: required(checkHost, { aliases: ['issuer', 'orgUrl', 'host'] }),
  authorizationServer: optional(checkServer, {
    defaultIs: "the organisation's own, whose access tokens are for Okta's APIs alone",
  }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  clientKey: optional(checkString, { aliases: ['privateKey'] }),
  clientKeyId: optional(checkString, { aliases: ['kid', 'keyId'] }),
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  ...BOUND_TOKEN_OPTIONS,
  ...COMMON_OPTIONS,
} satisfies Table<OktaOptions>;

/** What Okta documents. */
export const OKTA: PresetFacts = {
  name: 'okta',
  documentation: [
    'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/',
    'https://developer.okta.com/docs/concepts/auth-servers/',
    'https://developer.okta.com/docs/guides/build-self-signed-jwt/java/main/',
    'https://developer.okta.com/docs/guides/dpop/-/main',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
  quirks: { logoutHint: 'required' },
};

/**
 * Okta: the organisation's own authorization server, or a custom one.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Okta, OpenID Connect and OAuth 2.0](https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/)
 */
export function okta(options: OktaOptions): ProviderDefinition {
  const call = 'providers.okta()';
  const given = readProviderOptions(call, options, OKTA_OPTIONS);
  const { domain, authorizationServer: server, clientKey, clientKeyId } = given;
  const proof = checkKeyAuthentication(call, { clientSecret: given.clientSecret, clientKey, clientKeyId });
  return definePreset(
    OKTA,
    { call, options, given },
    {
      issuer: server === undefined ? `https://${domain}` : `https://${domain}/oauth2/${server}`,
      scope: given.scope,
      dpop: given.dpop,
      ...proof,
      // It takes no issuer for that.
      clientAssertionAudience: 'token_endpoint',
    },
  );
}

function checkServer(where: string, value: unknown): string {
  const server = checkString(where, value);
  if (/^\w+$/.test(server)) return server;
  throw new ConfigurationError(`${where} must be the id of an authorization server, such as "default".`);
}
