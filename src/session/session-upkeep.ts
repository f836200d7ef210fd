import { AFTERLIFE_MS, type Store } from '../store/store.ts';
import type { Identity } from './identity.ts';
import { isEndedByAny, reasonOf } from './mark-rules.ts';
import type { SessionEnding } from './session-ending.ts';
import type { SessionIndexes } from './session-indexes.ts';
import type { SessionRecords } from './session-records.ts';

/** Keeps sessions alive that are used, and where the next logout from outside looks for them. */
export interface SessionUpkeep {
  /** Does so at most once a minute, and holds up nobody: a lost touch costs a minute. Nobody may be logged in. */
  touch(key: string, identity?: Identity): void;
  /**
   * Does so now. False: a logout from outside means this session, and has not found it; it has ended by this.
   *
   * @throws StoreError
   */
  keep(key: string, identity?: Identity): Promise<boolean>;
}

/** What it is made of. */
export interface SessionUpkeepOptions {
  readonly store: Store;
  readonly indexes: SessionIndexes;
  readonly records: SessionRecords;
  readonly ending: SessionEnding;
  readonly idleTimeoutMs: number;
}

/**
 * Makes it over a store. A failover may lose what names a session in the indexes, and leave the session: on a cluster they
 * are on different servers. Then no logout from outside finds it. So whoever touches it writes that again, and looks for
 * the mark of a logout that has passed it by meanwhile.
 */
export function createSessionUpkeep(options: SessionUpkeepOptions): SessionUpkeep {
  const { store, indexes, records, ending, idleTimeoutMs } = options;

  /** What is in doubt is looked at again by the next touch. */
  const keepIndexed = async (key: string, identity: Identity) => {
    const entry = { key, endsAt: identity.absoluteEnd + AFTERLIFE_MS };
    return store.keepInIndexes(indexes.holding(identity), entry, indexes.openMarks).catch(() => []);
  };

  const keep: SessionUpkeep['keep'] = async (key, identity) => {
    // Index, then record, as at a login, in the order of one server: whoever ends the session in between removes the entry,
    // or leaves us to do so. On a cluster an entry may be left over, which passes by itself.
    const [marks, answer] = await Promise.all([
      identity ? keepIndexed(key, identity) : [],
      store.touchSession(key, idleTimeoutMs),
    ]);
    if (!identity) return true;
    if (answer === 'gone') {
      await records.removeFromIndexes(key, identity);
      return true;
    }
    if (!isEndedByAny(identity, marks)) return true;
    const isMeant = (login: Identity) => isEndedByAny(login, marks);
    await ending.end({ key, isMeant }, reasonOf(identity, marks));
    return false;
  };

  return {
    keep,
    touch: (key, identity) => {
      if (records.isTouchDue(key)) keep(key, identity).catch(() => records.forgetTouch(key));
    },
  };
}
