import { checkString } from '../../options/option-checks.ts';
import { optional, required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { BOUND_TOKEN_OPTIONS } from '../bound-token-options.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, checkHost, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link auth0}. */
export interface Auth0Options extends CommonProviderOptions {
  /** The tenant's host, such as `acme.eu.auth0.com`; or its custom domain. */
  domain: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client. @default none */
  clientSecret?: string;
  /** Scopes; must hold `openid`. `offline_access` brings a refresh token, where the API allows it. @default 'openid profile email' */
  scope?: string;
  /** The identifier of the API that access tokens are for. @default none: they are for Auth0's userinfo alone */
  audience?: string;
  /** The organization that people log in to: who comes with another (claim `org_id`) is refused. @default any, or none */
  organization?: string;
  /**
   * Whether tokens are bound to a key that each session has for itself (DPoP, RFC 9449): "Sender Constraining" of the
   * application and of the API. An answer with a bearer token is refused then, and `req.auth.fetch()` is the way to call
   * APIs. @default false
   */
  dpop?: boolean;
}

/** The options of `providers.auth0()`. */
export const AUTH0_OPTIONS = {
  domain: required(checkHost, { aliases: ['issuer', 'issuerBaseURL', 'host'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  audience: optional(checkString, { defaultIs: 'none', aliases: ['api'] }),
  organization: optional(checkString, { defaultIs: 'any, or none', aliases: ['org_id', 'orgId'] }),
  ...BOUND_TOKEN_OPTIONS,
  ...COMMON_OPTIONS,
} satisfies Table<Auth0Options>;

/** What Auth0 documents. */
export const AUTH0: PresetFacts = {
  name: 'auth0',
  documentation: [
    'https://auth0.com/docs/get-started/applications/application-settings',
    'https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0',
    'https://auth0.com/docs/manage-users/organizations/using-tokens',
    'https://auth0.com/docs/secure/sender-constraining/demonstrating-proof-of-possession-dpop',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_post',
};

/**
 * Auth0. Its issuer is the domain with a slash behind it. Logout at Auth0 needs "RP-Initiated Logout End Session Endpoint
 * Discovery" to be on, as it is in new tenants.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Auth0, application settings](https://auth0.com/docs/get-started/applications/application-settings)
 */
export function auth0(options: Auth0Options): ProviderDefinition {
  const call = 'providers.auth0()';
  const given = readProviderOptions(call, options, AUTH0_OPTIONS);
  const { audience, organization } = given;
  return definePreset(
    AUTH0,
    { call, options, given },
    {
      issuer: `https://${given.domain}/`,
      scope: given.scope,
      dpop: given.dpop,
      requiredClaims: organization === undefined ? undefined : Object.freeze({ org_id: organization }),
      authorizationParams: {
        ...(audience === undefined ? {} : { audience }),
        ...(organization === undefined ? {} : { organization }),
      },
    },
  );
}
