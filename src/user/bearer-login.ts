import { LoginRefused } from '../application-errors.ts';
import type { UserClaims } from '../claims.ts';
import { ConfigurationError } from '../errors.ts';
import { BearerError } from '../guard-errors.ts';
import { hookFault } from '../hook-fault.ts';
import type { DescribeMappedLogin } from '../mapped-login.ts';
import type { ResolvedBearerRules } from '../options/guard-options.ts';
import { checkObject } from '../options/option-checks.ts';
import type { MappedLogin, ResolvedOptions } from '../options/options.ts';
import type { BearerIdentity } from '../provider/bearer-token.ts';
import { isJwt } from '../provider/is-jwt.ts';
import { peekAddress } from '../provider/logout-token.ts';
import type { Provider } from '../provider/provider.ts';
import { factsOf } from '../session/identity.ts';
import type { Rights } from './rights.ts';

/** Who a bearer token is from. */
export interface BearerLogin extends Rights, Pick<BearerIdentity, 'sub'> {
  readonly kind: 'bearer';
  readonly token: string;
  /** Milliseconds; `undefined`: the provider does not say. */
  readonly endsAt: number | undefined;
}

/**
 * Finds out who a bearer token is from.
 *
 * @throws BearerError for a token to refuse, LoginRefused and ApplicationError of `mapUser`, ProviderError,
 * ConfigurationError for rules that fit no provider.
 */
export type ReadBearerLogin = (token: string, rules: ResolvedBearerRules) => Promise<BearerLogin>;

/** What it is made of. */
export interface BearerLoginOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly mapUser: ResolvedOptions['mapUser'];
  readonly describeLogin: DescribeMappedLogin;
}

/** Makes it over the providers of the options: keys and answers come from them, whatever a token says. */
export function createBearerLogins({
  providers,
  mapUser,
  describeLogin,
}: BearerLoginOptions): ReadBearerLogin {
  const findCandidates = ({ issuer }: ResolvedBearerRules): readonly Provider[] => {
    const candidates = [...providers.values()].filter(
      (each) => issuer === undefined || each.issuer === issuer,
    );
    // Their tokens have issuers of their own.
    const ofOneIssuer = candidates.filter(({ definition }) => definition.tenants === undefined);
    if (ofOneIssuer.length > 0) return ofOneIssuer;
    if (candidates.length > 0) {
      throw new ConfigurationError(
        `requireAuth(): bearer takes tokens of one issuer, and provider "${candidates[0]!.name}" has one for each of its tenants. Give its preset tenant in place of tenants, or leave bearer out.`,
      );
    }
    throw new ConfigurationError(
      'requireAuth(): bearer.issuer must be the issuer of a provider of connectAuth(), as it is written there.',
    );
  };

  return async (token, rules) => {
    const provider = findProvider(token, findCandidates(rules), rules);
    const asks = rules.introspection === 'always' || !isJwt(token);
    const identity = await provider.bearer[asks ? 'introspect' : 'verify'](token, rules);
    const { name, issuer } = provider;
    const facts = { ...factsOf({ ...identity, provider: name, issuer }), kind: 'bearer' as const };
    const { sub, claims, scopes, endsAt } = identity;
    const user = await callMapUser(
      rules.mapUser ?? mapUser,
      claims,
      describeLogin(facts, { accessToken: token }),
    );
    const endsAtMs = endsAt === undefined ? undefined : endsAt * 1000;
    return { ...facts, sub, claims, scopes, user, token, endsAt: endsAtMs };
  };
}

/** Whose token it says it is, of those that may be asked; whether it is true they find out. */
function findProvider(
  token: string,
  candidates: readonly Provider[],
  { introspection }: ResolvedBearerRules,
): Provider {
  if (isJwt(token)) {
    const { issuer } = peekAddress(token);
    const provider = candidates.find((each) => each.issuer === issuer);
    if (provider) return provider;
    throw new BearerError('The token is of another issuer.');
  }
  if (introspection === 'never') throw new BearerError('The token is no signed JWT.');
  if (new Set(candidates.map(({ issuer }) => issuer)).size > 1) {
    throw new ConfigurationError(
      'requireAuth(): bearer.issuer must be given for introspection where there are several providers: an opaque token does not say whose it is.',
    );
  }
  return candidates[0]!;
}

async function callMapUser(
  mapUser: NonNullable<ResolvedBearerRules['mapUser']>,
  claims: UserClaims,
  login: MappedLogin,
): Promise<Express.User> {
  const user = await callApplication(() => mapUser(claims, login));
  if (user instanceof LoginRefused) throw user;
  checkObject('What bearer.mapUser returns (throw a LoginRefused to refuse)', user);
  return user as Express.User;
}

async function callApplication<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw hookFault('mapUser', error);
  }
}
