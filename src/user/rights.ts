import { types } from 'node:util';
import { ConfigurationError } from '../errors.ts';
import type { MissingRights } from '../guard-errors.ts';
import type { ClaimCheck, ClaimRules, ClaimValue, RolesFrom, RolesSource } from '../guard-types.ts';
import { hookFault } from '../hook-fault.ts';
import type { ResolvedGuardRules } from '../options/guard-options.ts';
import { readClaim } from './read-claim.ts';
import { readRoles, toRoles } from './roles.ts';

/** What somebody has, for a guard to look at. */
export interface Rights extends RolesSource {
  readonly scopes: readonly string[];
}

/** What a guard asks of somebody's rights; `allow` is asked apart. */
export type RightRules = Pick<ResolvedGuardRules, 'roles' | 'rolesFrom' | 'scopes' | 'claims' | 'amr'>;

/**
 * Names what somebody lacks of what a guard asks; `undefined`: nothing. Whatever cannot be read is lacking.
 *
 * @throws ApplicationError what a function of the application threw.
 */
export function findMissingRights(
  rights: Rights,
  rules: RightRules,
  rolesFrom: RolesFrom | undefined,
): MissingRights | undefined {
  const { roles, scopes, claims, amr } = rules;
  const missing: MissingRights = {
    ...(roles && !hasRole(rights, roles, rules.rolesFrom ?? rolesFrom) && { roles }),
    ...listMissing('scopes', scopes, rights.scopes),
    ...listWrongClaims(rights, claims),
    ...listMissing('amr', amr, rights.amr),
  };
  return Object.keys(missing).length === 0 ? undefined : missing;
}

function hasRole(rights: Rights, roles: readonly string[], from: RolesFrom | undefined): boolean {
  const own = toRoles(byApplication('rolesFrom', () => readRoles(rights, from)));
  return roles.some((role) => own.includes(role));
}

function listMissing(name: 'scopes' | 'amr', wanted: readonly string[] | undefined, own: readonly string[]) {
  const missing = (wanted ?? []).filter((each) => !own.includes(each));
  return missing.length > 0 ? { [name]: missing } : {};
}

function listWrongClaims({ claims }: Rights, rules: ClaimRules | undefined) {
  const wrong = Object.entries(rules ?? {}).filter(([name, wanted]) => {
    const value = readClaim(claims, name);
    if (typeof wanted !== 'function') return !isOneOf(value, [wanted].flat() as ClaimValue[]);
    return byApplication(`claims.${name}`, () => (wanted as ClaimCheck)(value, claims)) !== true;
  });
  return wrong.length > 0 ? { claims: wrong.map(([name]) => name) } : {};
}

/** By the very value: a text that looks like a number is none. */
function isOneOf(value: unknown, wanted: readonly ClaimValue[]): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return wanted.some((each) => values.includes(each));
}

function byApplication<T>(rule: string, call: () => T): T {
  let answer: T;
  try {
    answer = call();
  } catch (error) {
    throw hookFault(`${rule} of requireAuth()`, error);
  }
  if (!types.isPromise(answer)) return answer;
  // Nobody waits for it: its rejection would end the process.
  answer.catch(() => undefined);
  throw new ConfigurationError(
    `requireAuth(): ${rule} must answer at once; it returned a promise. What takes time goes into allow.`,
  );
}
