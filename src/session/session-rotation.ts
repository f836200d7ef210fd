import { randomBytes } from 'node:crypto';
import { LoginError, LoginRequiredError, StoreError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { FinishLater } from '../store/finish-later.ts';
import { insist } from '../store/insist.ts';
import type { SessionLock } from '../store/session-lock.ts';
import { walkMoves } from '../store/session-moves.ts';
import type { Store, TokenSwap } from '../store/store.ts';
import { decodeIdentity, type Identity, type IdentityReader } from './identity.ts';
import type { SessionEnding } from './session-ending.ts';
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
   * What has taken its place before gives way as well: to a login, which is newer than that.
   *
   * @throws LoginError `login_ended` when it had ended meanwhile: what ended it means its successor as well, which goes;
   * StoreError when nobody knows. It is found out behind the caller's back.
   */
  takePlace(key: string, nextKey: string, login: Identity): Promise<void>;
  /**
   * Gives a session a new id, with `data` as the application's data.
   *
   * @param onMoved - told the new id as soon as it opens the session, whatever becomes of the old one.
   * @throws LoginRequiredError when the session ended meanwhile, or a login took its place: then the new id is none;
   * StoreError.
   */
  renew(id: string, data: string, onMoved: (moved: MovedLogin) => void): Promise<void>;
}

/** The session of somebody who is logged in, under its new id. */
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
  /** Seals the tokens of a session for its next id: as they were and as they are to be. `undefined`: they are gone. */
  readonly resealTokens: (id: string, nextId: string) => Promise<TokenSwap['tokens'] | undefined>;
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

  /** Tries until the store says what came of it, also behind the caller's back. */
  const settle = async (attempt: (isLate: boolean) => Promise<void>) => {
    try {
      await insist(() => attempt(false), AbortSignal.timeout(patienceMs), closing);
    } catch (error) {
      if (error instanceof StoreError) finishLater.finish(() => attempt(true).catch(passLoginError));
      throw error;
    }
  };

  const cleanUp = async (key: string, login: Identity) => {
    records.forgetTouch(key);
    await records.removeFromIndexes(key, login);
  };

  const refuse = async (nextKey: string): Promise<never> => {
    await ending.discard(nextKey);
    throw new LoginError('A logout overtook this login.', { code: 'login_ended' });
  };

  /** Whether another login is there by now. Its browser may have got its cookie after that of the login that comes late. */
  const isOtherLogin = async (key: string, { loginId }: Identity): Promise<boolean> => {
    const { login } = await store.readSession(key);
    const identity = login && decodeIdentity(login);
    return identity !== undefined && identity.loginId !== loginId;
  };

  const takePlace: SessionRotation['takePlace'] = (key, nextKey, login) =>
    settle(async (isLate) => {
      const walk = await walkMoves(key, async (current) => {
        if (isLate && current !== key && (await isOtherLogin(current, login))) return { found: 'newer' };
        const outcome = await store.rotateSession(current, nextKey);
        return typeof outcome === 'object' ? outcome : { found: outcome };
      });
      if (walk.found === 'rotated') await cleanUp(walk.key, login);
      else if (walk.found !== 'newer') await refuse(nextKey);
    });

  /** What a refresh has changed that another process did while this one stood still. Returns the tokens as they were. */
  const catchUp = async ({ id, nextId, carried }: Move): Promise<TokenSwap['tokens'] | undefined> => {
    const [key, nextKey] = [keys.sessionKey(id), keys.sessionKey(nextId)];
    const tokens = await resealTokens(id, nextId);
    const [{ login: old }, { login: next }] = [
      await store.readSession(key),
      await store.readSession(nextKey),
    ];
    if (!tokens || !old || !next) return tokens;
    const identity = { from: next.identity, to: old.identity };
    const swap = { tokens: { from: carried.to, to: tokens.to }, identity, endsBy: old.endsAt };
    await store.swapTokens(nextKey, swap);
    return tokens;
  };

  /** A login that has come meanwhile proves more than this one does: it stays. */
  const giveWay = (move: Move, login: Identity, lockOwner: string) => {
    const [key, nextKey] = [keys.sessionKey(move.id), keys.sessionKey(move.nextId)];
    let { carried } = move;
    return settle(async () => {
      for (;;) {
        const outcome = await store.rotateSession(key, nextKey, { ifTokens: carried.from, lockOwner });
        if (outcome === 'rotated') return cleanUp(key, login);
        if (outcome === 'locked') throw new StoreError('The tokens of this session are being refreshed.');
        const newer = outcome === 'conflict' ? await catchUp({ ...move, carried }) : undefined;
        if (!newer) return refuse(nextKey);
        carried = newer;
      }
    });
  };

  const move = async (
    id: string,
    data: string,
    { owner, onMoved }: { owner: string; onMoved: (moved: MovedLogin) => void },
  ) => {
    const [key, nextId] = [keys.sessionKey(id), randomBytes(32).toString('base64url')];
    const carried = await resealTokens(id, nextId);
    // As it is now: a refresh may have brought new claims since this request read it.
    const { login } = await store.readSession(key);
    const identity = readIdentity(login);
    if (!carried || !login || !identity)
      throw new LoginRequiredError('The session ended before it was given a new id.');
    const session = { identity, tokens: carried.to, data, endsAt: identity.absoluteEnd };
    const moved = { id: nextId, identity: await create(keys.sessionKey(nextId), session) };
    onMoved(moved);
    await giveWay({ id, nextId, carried }, identity, owner);
  };

  return {
    create,
    takePlace,
    renew: async (id, data, onMoved) => {
      try {
        // A refresh that finished on the old id after we read its tokens would be lost with it.
        await lock.hold(keys.sessionKey(id), { work: ({ owner }) => move(id, data, { owner, onMoved }) });
      } catch (error) {
        if (!(error instanceof LoginError)) throw error;
        // Whoever left the mark ends the old id, and tells of it: that one was in the index before.
        throw new LoginRequiredError('The session ended while it was given a new id.');
      }
    },
  };
}

/** A change of id, and the tokens that go along. */
interface Move {
  readonly id: string;
  readonly nextId: string;
  readonly carried: TokenSwap['tokens'];
}

/** Behind the back of its caller there is nobody to tell. */
function passLoginError(error: unknown): void {
  if (!(error instanceof LoginError)) throw error;
}
