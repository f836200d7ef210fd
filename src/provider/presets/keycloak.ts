import { checkBoolean } from '../../options/option-checks.ts';
import { required, type Table, withDefault } from '../../options/option-table.ts';
import type { ProviderDefinition } from '../../provider-definition.ts';
import { BOUND_TOKEN_OPTIONS } from '../bound-token-options.ts';
import {
  COMMON_OPTIONS,
  type CommonProviderOptions,
  checkIssuer,
  checkScope,
  readProviderOptions,
} from '../preset-options.ts';
import { CLIENT_OPTIONS, definePreset, OPTIONAL_SECRET, type PresetFacts } from './preset.ts';

/** Options of {@link keycloak}. */
export interface KeycloakOptions extends CommonProviderOptions {
  /** The realm, such as `https://id.example.com/realms/acme`. */
  issuer: string;
  /** The id that the provider knows this application by. */
  clientId: string;
  /** Absent for a public client ("Client authentication" off). @default none */
  clientSecret?: string;
  /** Scopes; must hold `openid`. @default 'openid profile email' */
  scope?: string;
  /**
   * Whether `realm_access` and `resource_access`, the roles, are taken from the access token where the ID token has none:
   * Keycloak puts them there unless told otherwise. @default true
   */
  accessTokenRoles?: boolean;
  /**
   * Whether tokens are bound to a key that each session has for itself (DPoP, RFC 9449). An answer with a bearer token is
   * refused then, and `req.auth.fetch()` is the way to call APIs. @default false
   */
  dpop?: boolean;
}

/** The options of `providers.keycloak()`. */
export const KEYCLOAK_OPTIONS = {
  issuer: required(checkIssuer, { aliases: ['realm', 'auth-server-url', 'url'] }),
  clientId: CLIENT_OPTIONS.clientId,
  clientSecret: OPTIONAL_SECRET,
  scope: withDefault(checkScope, 'openid profile email', { aliases: ['scopes'] }),
  accessTokenRoles: withDefault(checkBoolean, true, { aliases: ['roles'] }),
  ...BOUND_TOKEN_OPTIONS,
  ...COMMON_OPTIONS,
} satisfies Table<KeycloakOptions>;

/** What Keycloak documents. */
export const KEYCLOAK: PresetFacts = {
  name: 'keycloak',
  documentation: [
    'https://www.keycloak.org/securing-apps/oidc-layers',
    'https://www.keycloak.org/docs/latest/server_admin/',
    'https://www.keycloak.org/securing-apps/dpop',
  ],
  readOn: '2026-11-27',
  clientAuthentication: 'client_secret_basic',
};

/**
 * Keycloak: one realm. The roles of the realm are `claims.realm_access.roles`, those of a client
 * `claims.resource_access[clientId].roles`.
 *
 * @throws ConfigurationError naming the option and what it must be.
 * @see [Keycloak](https://www.keycloak.org/securing-apps/oidc-layers)
 */
export function keycloak(options: KeycloakOptions): ProviderDefinition {
  const call = 'providers.keycloak()';
  const given = readProviderOptions(call, options, KEYCLOAK_OPTIONS);
  return definePreset(
    KEYCLOAK,
    { call, options, given },
    {
      issuer: given.issuer,
      scope: given.scope,
      dpop: given.dpop,
      accessTokenClaims: given.accessTokenRoles ? ROLE_CLAIMS : undefined,
    },
  );
}

const ROLE_CLAIMS = Object.freeze(['realm_access', 'resource_access']);
