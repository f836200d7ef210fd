import type { Request } from 'express';
import type { AuthRules, BearerRules, ClaimRules, RolesFrom, RolesReader } from '../guard-types.ts';
import type { SigningAlgorithm } from '../provider-definition.ts';
import { LOGIN_RULES } from './login-options.ts';
import {
  checkBoolean,
  checkFunction,
  checkObject,
  checkString,
  checkStrings,
  oneOf,
  refuse,
} from './option-checks.ts';
import { optional, type Resolved, readOptions, required, type Table, withDefault } from './option-table.ts';
import { PUBLIC_KEY_ALGORITHMS } from './signing-algorithms.ts';

/** One or several, as a list of at least one. An empty one would ask for nothing, or for what nobody has. */
function checkSome(where: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return Object.freeze([checkString(where, value)]);
  if (!Array.isArray(value) || value.length === 0) refuse(where, 'a string, or an array of some', value);
  return checkStrings(where, value);
}

/** Scopes as OAuth writes them: a string may hold several, with spaces between. */
function checkScopes(where: string, value: unknown): readonly string[] {
  const given = typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : value;
  const scopes = checkSome(where, given);
  if (scopes.some((scope) => /[\s,"\\]/.test(scope))) {
    refuse(where, 'scopes without white space, commas or quotes, several as an array', value);
  }
  return scopes;
}

/** What a claim may be compared with. */
function checkClaims(where: string, value: unknown): ClaimRules {
  checkObject(where, value);
  if (Object.keys(value).length === 0) refuse(where, 'an object that names at least one claim', value);
  for (const [name, wanted] of Object.entries(value)) {
    if (typeof wanted === 'function') continue;
    const values = Array.isArray(wanted) ? wanted : [wanted];
    if (values.length === 0 || !values.every(isPlain))
      refuse(`${where}.${name}`, 'a string, number or boolean, an array of some, or a function', wanted);
  }
  return Object.freeze({ ...value }) as ClaimRules;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** The name or the path of a claim, or a function. */
export function checkRolesFrom(where: string, value: unknown): RolesFrom {
  if (typeof value === 'function') return value as RolesReader;
  if (typeof value === 'string') return checkString(where, value);
  if (Array.isArray(value) && value.length > 0) return checkStrings(where, value);
  return refuse(where, 'the name or path of a claim, an array of names, or a function', value);
}

const checkAlgorithm = oneOf(...PUBLIC_KEY_ALGORITHMS) satisfies (
  where: string,
  value: unknown,
) => SigningAlgorithm;

/** By keys that are published alone: a secret that both sides have would let each of them make tokens. */
function checkAlgorithms(where: string, value: unknown): readonly SigningAlgorithm[] {
  return checkSome(where, value).map((item, index) => checkAlgorithm(`${where}[${index}]`, item));
}

/** The options of `requireAuth({ bearer })`. */
export const BEARER_RULES = {
  audience: required(checkSome, { aliases: ['aud', 'resource'] }),
  issuer: optional(checkString, { defaultIs: 'any of the providers', aliases: ['iss', 'issuerBaseURL'] }),
  algorithms: optional(checkAlgorithms, {
    defaultIs: "that of the provider's ID tokens",
    aliases: ['tokenSigningAlg', 'alg'],
  }),
  introspection: withDefault(oneOf('never', 'opaque', 'always'), 'never'),
  mapUser: optional<NonNullable<BearerRules['mapUser']>>(checkFunction, {
    defaultIs: '`mapUser` of `connectAuth()`',
  }),
  dangerouslyAcceptAnyType: withDefault(checkBoolean, false, { aliases: ['strict'] }),
  dangerouslyAcceptMissingAudience: withDefault(checkBoolean, false),
} satisfies Table<BearerRules>;

/** `bearer` after its check. */
export type ResolvedBearerRules = Resolved<typeof BEARER_RULES>;

/** The rules of `requireAuth()`. */
export const GUARD_RULES = {
  ...LOGIN_RULES,
  roles: optional(checkSome, { aliases: ['role', 'realmRoles', 'groups'] }),
  rolesFrom: optional(checkRolesFrom, { defaultIs: '`rolesFrom` of `connectAuth()`' }),
  scopes: optional(checkScopes, { aliases: ['scope', 'requiredScopes', 'permissions'] }),
  claims: optional(checkClaims, { aliases: ['claim', 'claimEquals', 'claimIncludes'] }),
  amr: optional(checkSome, { aliases: ['amrValues', 'amr_values'] }),
  allow: optional<(req: Request) => boolean | Promise<boolean>>(checkFunction, {
    aliases: ['claimCheck', 'check', 'authorize'],
  }),
  anonymous: withDefault(oneOf('login', 'unauthorized', 'pass'), 'login', {
    aliases: ['errorOnRequiredAuth', 'optional', 'credentialsRequired'],
  }),
  bearer: optional(
    (where: string, value: unknown): ResolvedBearerRules => readOptions(where, value, BEARER_RULES),
  ),
} satisfies Table<AuthRules>;

/** The rules of a guard after their check. */
export interface ResolvedGuardRules extends Resolved<typeof GUARD_RULES> {
  /** Whether they ask for more than a login. */
  readonly asksRights: boolean;
}

/**
 * Checks the rules of a guard.
 *
 * @throws ConfigurationError for rules that are unknown or wrong.
 */
export function readGuardRules(given: unknown): ResolvedGuardRules {
  const rules = readOptions('requireAuth()', given, GUARD_RULES);
  const { roles, scopes, claims, amr, allow } = rules;
  const asksRights = [roles, scopes, claims, amr, allow].some((rule) => rule !== undefined);
  return Object.freeze({ ...rules, asksRights });
}
