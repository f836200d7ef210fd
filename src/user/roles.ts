import type { RolesFrom, RolesReader, RolesSource } from '../guard-types.ts';
import { checkString } from '../options/option-checks.ts';
import { readClaim } from './read-claim.ts';

/**
 * Where Keycloak keeps roles: those of the realm, in `realm_access.roles`, or with the id of a client those of that client,
 * in `resource_access`. Keycloak writes them into access tokens; sessions have them when its "roles" mapper adds them to
 * the ID token or to userinfo.
 *
 * @param client - whose roles. @default those of the realm
 * @throws ConfigurationError for a client that is given and no string, such as a variable of the environment that is not set.
 */
export function keycloakRoles(...given: [client?: string]): RolesReader {
  const path =
    given.length === 0
      ? ['realm_access', 'roles']
      : ['resource_access', checkString('keycloakRoles(): client', given[0]), 'roles'];
  return ({ claims }) => toRoles(readClaim(claims, path));
}

/** Reads somebody's roles as they stand. By default they are `req.user.roles`. */
export function readRoles(source: RolesSource, from: RolesFrom | undefined): unknown {
  if (typeof from === 'function') return from(source);
  return from === undefined ? readClaim(source.user, ['roles']) : readClaim(source.claims, from);
}

/** What of it are roles; whatever is no list of strings is none. */
export function toRoles(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  return Array.isArray(list) ? list.filter((role): role is string => typeof role === 'string') : [];
}
