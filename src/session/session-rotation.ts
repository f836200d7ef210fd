import { randomBytes } from 'node:crypto';
import { LoginError, LoginRequiredError, StoreError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { FinishLater } from '../store/finish-later.ts';
import { insist } from '../store/insist.ts';
import type { SessionLock } from '../store/session-lock.ts';
import { walkMoves } from '../store/session-moves.ts';
import type { Store } from '../store/store.ts';
import type { Identity, IdentityReader } from './identity.ts';
import type { SessionEnding } from './session-ending.ts';
import type { IndexedLogin } from './session-indexes.ts';
import type { NewSession, SessionRecords } from './session-records.ts';

/** Sessions that take the place of others: a login of the same person, and a change of id. */
export interface SessionRotation {
  /**
   * Creates a session. One that must not be, or of which nobody knows whether it is, goes again.
   *
   * @throws LoginError `login_ended` when a logout came first; StoreError.
   */
  create(key: string, session: NewSession): Promise<Identity>;
  /**
   * Ends a session whose place another takes. It leaves a pointer, so that a logout with the old id ends the new one.
   *
   * @param mayFollow - whether what has taken its place before gives way as well: to a login, which is newer than that.
   * @throws LoginError `login_ended` when it had ended or moved meanwhile: what ended it means its successor as well,
   * which goes;
   * StoreError when nobody knows. It is found out behind the caller's back.
   */
  takePlace(
    key: string,
    nextKey: string,
    login: IndexedLogin,
    options: { mayFollow: boolean },
  ): Promise<void>;
  /**
   * Gives a session a new id, with `data` as the application's data.
   *
   * @param onMoved - told the new id as soon as it opens the session, whatever becomes of the old one.
   * @throws LoginRequiredError when the session ended meanwhile, or a login took its place: then the new id is none;
   * StoreError.
   */
  renew(id: string, data: string, onMoved: (moved: MovedLogin) => void): Promise<void>;
}

/** A session under its new id; without an identity, that of nobody. */
export interface MovedLogin {
  readonly id: string;
  readonly identity: Identity;
}

/** What it is made of. */
export interface SessionRotationOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly readIdentity: IdentityReader;
  readonly records: SessionRecords;
  readonly ending: SessionEnding;
  readonly lock: SessionLock;
  readonly finishLater: FinishLater;
  /** Seals the tokens of a session for its next id. `undefined`: they are gone. */
  readonly resealTokens: (id: string, nextId: string) => Promise<Buffer | undefined>;
  /** How long a change whose outcome is unknown is tried again while its caller waits, in milliseconds. */
  readonly patienceMs: number;
  /** Nothing is tried again when this has come. */
  readonly closing?: AbortSignal | undefined;
}

/** Makes it over a store. */
export function createSessionRotation(options: SessionRotationOptions): SessionRotation {
  const { store, keys, readIdentity, records, ending, lock, finishLater, resealTokens, patienceMs, closing } =
    options;

  const create: SessionRotation['create'] = async (key, session) => {
    try {
      return await records.create(key, session);
    } catch (error) {
      await ending.discard(key);
      throw error;
    }
  };

  /** Leaves the pointer, at the session or at what it has moved to by another's doing. False: nothing gives way. */
  const leavePointer = async (
    key: string,
    nextKey: string,
    { login, mayFollow }: { login: IndexedLogin; mayFollow: boolean },
  ): Promise<boolean> => {
    const walk = await walkMoves(key, async (current) => {
      const outcome = await store.rotateSession(current, nextKey);
      return typeof outcome === 'object' && mayFollow ? outcome : { found: outcome };
    });
    if (walk.found !== 'rotated') return false;
    records.forgetTouch(walk.key);
    await records.removeFromIndexes(walk.key, login);
    return true;
  };

  const takePlace: SessionRotation['takePlace'] = async (key, nextKey, login, { mayFollow }) => {
    const attempt = async () => {
      if (await leavePointer(key, nextKey, { login, mayFollow })) return;
      await ending.discard(nextKey);
      throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
    };
    try {
      await insist(attempt, AbortSignal.timeout(patienceMs), closing);
    } catch (error) {
      if (error instanceof StoreError) finishLater.finish(() => attempt().catch(passLoginError));
      throw error;
    }
  };

  const move = async (id: string, data: string, onMoved: (moved: MovedLogin) => void) => {
    const [key, nextId] = [keys.sessionKey(id), randomBytes(32).toString('base64url')];
    const tokens = await resealTokens(id, nextId);
    // As it is now: a refresh may have brought new claims since this request read it.
    const { login } = await store.readSession(key);
    const identity = readIdentity(login);
    if (!tokens || !login || !identity)
      throw new LoginRequiredError('The session ended before it was given a new id.');
    const { absoluteEnd: endsAt } = identity;
    const nextKey = keys.sessionKey(nextId);
    const moved = { id: nextId, identity: await create(nextKey, { identity, tokens, data, endsAt }) };
    onMoved(moved);
    // A login that has come meanwhile proves more than this one does: it stays.
    await takePlace(key, nextKey, identity, { mayFollow: false });
  };

  return {
    create,
    takePlace,
    renew: async (id, data, onMoved) => {
      try {
        // A refresh that finished on the old id after we read its tokens would be lost with it.
        await lock.hold(keys.sessionKey(id), { work: () => move(id, data, onMoved) });
      } catch (error) {
        if (!(error instanceof LoginError)) throw error;
        // Whoever left the mark ends the old id, and tells of it: that one was in the index before.
        throw new LoginRequiredError('The session ended while it was given a new id.');
      }
    },
  };
}

/** Behind the back of its caller there is nobody to tell. */
function passLoginError(error: unknown): void {
  if (!(error instanceof LoginError)) throw error;
}
