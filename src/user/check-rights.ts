import type { Request } from 'express';
import { ConfigurationError } from '../errors.ts';
import { AccessDeniedError } from '../guard-errors.ts';
import { hookFault } from '../hook-fault.ts';
import type { ResolvedGuardRules } from '../options/guard-options.ts';
import { splitWords } from '../provider/split-words.ts';
import { factsOf, type Identity, userOf } from '../session/identity.ts';
import type { RequestState } from './request-state.ts';
import { findMissingRights, type Rights } from './rights.ts';

/**
 * Says whether whoever is logged in by a session still is, after everything that the rules ask for has been found.
 *
 * @throws AccessDeniedError for who lacks some of it; ApplicationError and ConfigurationError for functions of the rules.
 */
export async function checkRights(
  req: Request,
  state: RequestState,
  rules: ResolvedGuardRules,
): Promise<boolean> {
  const { identity } = state.browser;
  if (!identity) return false;
  await demandRights(req, rightsOf(identity), { rules, state });
  // `allow` takes its time, and may have met the end of the session.
  return state.browser.identity !== undefined;
}

/**
 * Demands what the rules ask for beyond the login.
 *
 * @throws AccessDeniedError, ApplicationError, ConfigurationError, as {@link checkRights}.
 */
export async function demandRights(
  req: Request,
  rights: Rights,
  { rules, state }: { rules: ResolvedGuardRules; state: RequestState },
): Promise<void> {
  const missing = findMissingRights(rights, rules, state.services.rolesFrom);
  if (missing) throw new AccessDeniedError(missing);
  if (rules.allow && !(await askApplication(rules.allow, req))) throw new AccessDeniedError({ allow: true });
}

function rightsOf(identity: Identity): Rights {
  const { claims, scope = '' } = identity;
  return {
    ...factsOf(identity),
    ...{ kind: 'session', claims, user: userOf(identity), scopes: splitWords(scope) },
  };
}

/** Whatever is neither yes nor no is a mistake, and lets nobody pass. */
async function askApplication(
  allow: NonNullable<ResolvedGuardRules['allow']>,
  req: Request,
): Promise<boolean> {
  let answer: unknown;
  try {
    answer = await allow(req);
  } catch (error) {
    throw hookFault('allow of requireAuth()', error);
  }
  if (typeof answer === 'boolean') return answer;
  throw new ConfigurationError(
    `requireAuth(): allow must return true or false, or a promise of it; it returned ${answer === null ? 'null' : typeof answer}.`,
  );
}
