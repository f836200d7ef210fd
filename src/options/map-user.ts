import { LoginRefused } from '../application-errors.ts';
import type { UserClaims } from '../claims.ts';
import { ConfigurationError } from '../errors.ts';
import { checkObject, isPlainObject } from './option-checks.ts';
import type { ConnectAuthOptions, ResolvedOptions } from './options.ts';

/**
 * Makes `mapUser` fit to be called: what it returns is kept as JSON, and what JSON would change without a word is
 * refused. What comes back by mistake makes nobody of anybody: a missing `return`, or `null` for somebody unknown.
 */
export function resolveMapUser(mapUser: ConnectAuthOptions['mapUser']): ResolvedOptions['mapUser'] {
  if (mapUser === undefined) return (claims: UserClaims) => claims;
  return async (claims, login) => {
    const user = await mapUser(claims, login);
    if (user instanceof LoginRefused) throw user;
    checkObject('What mapUser returns (throw a LoginRefused to refuse a login)', user);
    refuseWhatJsonLoses('user', user, []);
    return user;
  };
}

function refuseWhatJsonLoses(path: string, value: unknown, parents: readonly unknown[]): void {
  const loss = findLoss(value, parents);
  if (loss) {
    throw new ConfigurationError(
      `What mapUser returns must survive JSON: ${path} is ${loss}. Give strings, finite numbers, true and false, null, arrays and plain objects.`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [inner, member] of listMembers(path, value)) {
    refuseWhatJsonLoses(inner, member, [...parents, value]);
  }
}

/** A member that is `undefined` is left out: it is `undefined` as well when it is read back. */
function listMembers(path: string, value: object): [path: string, member: unknown][] {
  if (Array.isArray(value)) return Array.from(value, (item, index) => [`${path}[${index}]`, item]);
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => [`${path}.${name}`, member]);
}

/** What a value is that JSON drops, changes or cannot write; `undefined` when it carries it. */
function findLoss(value: unknown, parents: readonly unknown[]): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  if (parents.includes(value)) return 'an object that holds itself';
  if (parents.length >= MAX_DEPTH) return `inside of ${MAX_DEPTH} others`;
  if (Array.isArray(value) || isPlainObject(value)) return findLossOfMembers(value);
  return `an object of the class ${value.constructor?.name || 'without a name'}`;
}

/** Members that JSON passes over. */
function findLossOfMembers(value: object): string | undefined {
  if (Object.getOwnPropertySymbols(value).length > 0) return 'an object with a member named by a symbol';
  const isMore = Array.isArray(value) && Object.keys(value).some((name) => !/^\d+$/.test(name));
  return isMore ? 'an array with members beside its items' : undefined;
}

/** Deeper than any user, and far from where recursion ends a process. */
const MAX_DEPTH = 100;
