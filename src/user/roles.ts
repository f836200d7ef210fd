import type { RolesFrom, RolesReader, RolesSource } from '../guard-types.ts';
import { readClaim } from './read-claim.ts';

/**
 * Where Keycloak keeps roles: those of the realm, in `realm_access.roles`, or with the id of a client those of that client,
 * in `resource_access`. Keycloak writes them into access tokens; sessions have them when its "roles" mapper adds them to
 * the ID token or to userinfo.
 *
 * @param client - whose roles. @default those of the realm
 */
export function keycloakRoles(client?: string): RolesReader {
  const path = client === undefined ? ['realm_access', 'roles'] : ['resource_access', client, 'roles'];
  return ({ claims }) => toRoles(readClaim(claims, path));
}

/** Reads somebody's roles; whatever is no list of strings is none. By default they are `req.user.roles`. */
export function readRoles(source: RolesSource, from: RolesFrom | undefined): readonly string[] {
  if (typeof from === 'function') {
    const roles: unknown = from(source);
    return roles instanceof Promise ? (roles as never) : toRoles(roles);
  }
  return toRoles(from === undefined ? readClaim(source.user, ['roles']) : readClaim(source.claims, from));
}

function toRoles(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  return Array.isArray(list) ? list.filter((role): role is string => typeof role === 'string') : [];
}
