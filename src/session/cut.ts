import { hash } from '../keys.ts';
import type { IndexName } from '../store/store.ts';
import type { Identity } from './identity.ts';

/** What a logout from outside leaves behind, so that a login still under way cannot undo it. */
export interface Cut {
  /** From a logout token, in seconds by the provider's clock: what it issued or authenticated until then is dead. */
  readonly issuedBy?: number;
  /** From our own "log out everywhere", in milliseconds by our clock: a login begun until then is dead. */
  readonly startedBy?: number;
}

/** The indexes that hold this login: its user's, and that of the provider's session if it named one. */
export function indexesOf({
  issuer,
  sub,
  sid,
}: Pick<Identity, 'issuer' | 'sub' | 'sid'>): readonly IndexName[] {
  const user: IndexName = { kind: 'sub', id: hash([issuer, sub]) };
  return sid === undefined ? [user] : [user, { kind: 'sid', id: hash([issuer, sid]) }];
}

/** Says whether one of these stored cuts ends a login. A cut that cannot be read ends it: in doubt, closed. */
export function isCut(identity: Identity, cuts: readonly (string | null)[]): boolean {
  return cuts.some((text) => {
    if (text === null) return false;
    try {
      const { issuedBy = Number.NEGATIVE_INFINITY, startedBy = Number.NEGATIVE_INFINITY } = JSON.parse(
        text,
      ) as Cut;
      const provenAt = Math.min(identity.issuedAt, identity.authTime ?? identity.issuedAt);
      return provenAt <= issuedBy || identity.loginStartedAt <= startedBy;
    } catch {
      return true;
    }
  });
}
