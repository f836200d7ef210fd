import { pickUserClaims, type UserClaims } from '../claims.ts';
import { hookFault } from '../hook-fault.ts';
import type { DescribeMappedLogin } from '../mapped-login.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { TokenSet } from '../tokens.ts';
import { decodeIdentity, encodeIdentity, factsOf } from './identity.ts';

/** What a refresh of the tokens has brought beside them. */
export interface RenewedProof extends Partial<Pick<TokenSet, 'accessToken' | 'dpopKey'>> {
  /** Absent: the provider said nothing of the person. */
  readonly claims?: UserClaims | undefined;
  /** The scopes that are granted now. */
  readonly scope?: string | undefined;
}

/** Writes what a refresh proved into the stored text of an identity. A text that is none stays as it is. */
export type UpdateIdentity = (text: string, proof: RenewedProof) => Promise<string>;

/**
 * New claims are asked of `mapUser` again. Where that throws, the person stays as they were: a login is refused when it
 * begins, not while it lasts.
 */
export function createIdentityUpdate({
  mapUser,
  describeLogin,
  reportError,
}: {
  mapUser: ResolvedOptions['mapUser'];
  describeLogin: DescribeMappedLogin;
  reportError: (error: unknown) => Promise<void>;
}): UpdateIdentity {
  const callMapUser: typeof mapUser = async (...login) => {
    try {
      return await mapUser(...login);
    } catch (error) {
      throw hookFault('mapUser', error);
    }
  };
  return async (text, { claims: fresh, scope, accessToken, dpopKey }) => {
    const known = decodeIdentity({ identity: text, seenAt: 0, endsAt: 0 });
    if (!known) return text;
    const identity = { ...known, scope };
    if (!fresh) return encodeIdentity(identity);
    try {
      const claims = pickUserClaims({ ...identity.claims, ...fresh });
      const facts = { ...factsOf(identity), kind: 'session' } as const;
      const user = await callMapUser(claims, describeLogin(facts, { accessToken, dpopKey }));
      const isClaims = user === (claims as Express.User);
      return encodeIdentity({ ...identity, claims, user: isClaims ? undefined : user });
    } catch (error) {
      await reportError(error);
      return encodeIdentity(identity);
    }
  };
}
