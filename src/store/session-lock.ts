import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { Store } from './store.ts';

/** Between two looks of those who wait. */
const POLL_MS = 50;

/**
 * A lock over all processes: of a session, for the refresh of its tokens and the change of its id; of a user, for the
 * count of their sessions.
 */
export interface SessionLock {
  /**
   * Does `work` while nobody else does any under this lock. Where it has to begin again, nothing has been sent.
   *
   * @throws StoreError when it does not come free in time.
   */
  hold<T>(key: string, task: LockedTask<T>): Promise<T>;
}

/** What is done under a lock, and while somebody else has it. */
export interface LockedTask<T> {
  work(lock: HeldLock): Promise<T>;
  /**
   * Looks about while somebody else is at work: what it returns ends the waiting. `isAbandoned`: they have sent a
   * refresh and have not been heard of since, so that waiting is of no use.
   */
  whileHeld?(state: { isAbandoned: boolean }): Promise<T | undefined>;
  /** Told of the back-off that a failed refresh has left; throws it where it matters. Absent: it does not. */
  onBackoff?(backoff: string): void;
}

/** A lock that is ours. It is kept by a heartbeat while the work lasts. */
export interface HeldLock {
  /** Names us, for what the store does only while nobody else has the lock. */
  readonly owner: string;
  /**
   * Says that the refresh is about to be sent: from now on nobody else sends the old token, also when we die. When the
   * lock is not ours any more it throws, and the work is begun again as soon as the lock is: let that pass.
   *
   * @throws StoreError when nobody knows.
   */
  markSent(): Promise<void>;
  /** Leaves a back-off in place of the lock. */
  leaveBackoff(backoff: { text: string; lifeMs: number }): void;
}

/** What it is made of. */
export interface SessionLockOptions {
  readonly store: Store;
  /** A dead owner's lock is free after so long, in milliseconds; the living renew it three times meanwhile. */
  readonly leaseMs: number;
  /** How long others wait, in milliseconds: longer than the slowest refresh takes. */
  readonly patienceMs: number;
  /** Nobody waits any more when this comes. */
  readonly closing?: AbortSignal | undefined;
}

/** Makes the lock of all sessions. */
export function createSessionLock(options: SessionLockOptions): SessionLock {
  const { store, leaseMs, patienceMs, closing } = options;

  /** @throws `lost`, before anything was sent. */
  const workUnder = async <T>(
    key: string,
    owner: string,
    { work, lost }: { work: LockedTask<T>['work']; lost: StoreError },
  ): Promise<T> => {
    let [sent, mayRetake] = [false, false];
    let backoff: { text: string; lifeMs: number } | undefined;
    const extend = () => store.extendLock(key, owner, leaseMs, { sent, retake: mayRetake });
    let beats: Promise<unknown> = Promise.resolve();
    const heartbeat = setInterval(() => {
      beats = Promise.allSettled([beats, extend()]);
    }, leaseMs / 3);
    try {
      return await work({
        owner,
        markSent: async () => {
          sent = true;
          if (!(await extend())) throw lost;
          mayRetake = true;
        },
        leaveBackoff: (given) => {
          backoff = given;
        },
      });
    } finally {
      clearInterval(heartbeat);
      // One that came after the release would take the lock again, for nobody.
      await beats;
      await store.releaseLock(key, owner, backoff).catch(() => undefined);
    }
  };

  return {
    hold: async (key, { work, whileHeld, onBackoff }) => {
      const owner = randomBytes(16).toString('base64url');
      let overBackoff = onBackoff === undefined;
      const patience = AbortSignal.timeout(patienceMs);
      while (!patience.aborted && !closing?.aborted) {
        const answer = await store.acquireLock(key, owner, leaseMs, { overBackoff });
        if (answer === 'taken') {
          const lost = new StoreError('The lock of this session was lost.');
          try {
            return await workUnder(key, owner, { work, lost });
          } catch (error) {
            // This process stood still, and somebody else may have done the work: it is looked at anew.
            if (error !== lost) throw error;
            continue;
          }
        }
        if (typeof answer === 'object') {
          onBackoff!(answer.backoff);
          overBackoff = true;
          continue;
        }
        const found = await whileHeld?.({ isAbandoned: answer === 'abandoned' });
        if (found !== undefined) return found;
        await wait(POLL_MS);
      }
      throw new StoreError('Another change of this session does not come to its end.');
    },
  };
}
