import type { ApplicationKeys } from '../keys.ts';
import type { IndexName } from '../store/store.ts';
import type { Identity } from './identity.ts';

/** Whose sessions with one client: a user's, those of one session at the provider, or of both, those that fit both. */
export interface SessionTarget {
  readonly issuer: string;
  readonly clientId: string;
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
}

/** What names a login in the indexes. */
export type IndexedLogin = Pick<Identity, 'issuer' | 'clientId' | 'sub' | 'sid'>;

/** Which indexes of the store hold which logins. */
export interface SessionIndexes {
  /**
   * The indexes that hold a login: its user's, and that of its session at the provider. A login whose ID token named no
   * such session is kept in one of its own, so that a logout that names one finds it as well.
   */
  holding(login: IndexedLogin): readonly IndexName[];
  /** The indexes that a logout of this target must mark and search. */
  toSearch(target: SessionTarget): readonly IndexName[];
  /** Names the set of those marks that anybody may leave. */
  readonly openMarks: string;
}

/** The indexes of one application; by client, for a logout token speaks to one of them. */
export function createSessionIndexes(keys: ApplicationKeys): SessionIndexes {
  const ofUser = (issuer: string, clientId: string, sub: string): IndexName => ({
    kind: 'sub',
    id: keys.name(issuer, clientId, sub),
  });
  const ofSession = (issuer: string, clientId: string, sid: string): IndexName => ({
    kind: 'sid',
    id: keys.name(issuer, clientId, sid),
  });
  const ofNameless = (issuer: string, clientId: string, sub: string): IndexName => ({
    kind: 'sid',
    id: keys.name(issuer, clientId, sub, 'no sid'),
  });

  return {
    openMarks: keys.name('open marks'),
    holding: ({ issuer, clientId, sub, sid }) => [
      ofUser(issuer, clientId, sub),
      sid === undefined ? ofNameless(issuer, clientId, sub) : ofSession(issuer, clientId, sid),
    ],
    toSearch: ({ issuer, clientId, sub, sid }) => {
      if (sid === undefined) return sub === undefined ? [] : [ofUser(issuer, clientId, sub)];
      const session = ofSession(issuer, clientId, sid);
      return sub === undefined ? [session] : [session, ofNameless(issuer, clientId, sub)];
    },
  };
}

/** Says whether a login belongs to the target of a logout. Without a `sid` of its own it may: in doubt, it does. */
export function isTarget(login: IndexedLogin, { issuer, clientId, sub, sid }: SessionTarget): boolean {
  if (login.issuer !== issuer || login.clientId !== clientId) return false;
  if (sub !== undefined && login.sub !== sub) return false;
  return sid === undefined || login.sid === undefined || login.sid === sid;
}
