import { StoreError } from '../errors.ts';

/**
 * Goes on with work that a failing store has left undecided, behind the back of those who were told so. The work must be
 * safe to repeat. At most a thousand pieces wait, each for half a minute; what is given up is told.
 */
export interface FinishLater {
  finish(work: () => Promise<unknown>): void;
  /** Comes when nothing waits any more. */
  settle(): Promise<void>;
  /** Gives up what waits. */
  close(): void;
}

/** What it is made of. */
export interface FinishLaterOptions {
  /** Told what the work threw, but for faults of the store; and, as `store_unfinished`, of each piece that is given up. */
  readonly reportError: (error: unknown) => Promise<void>;
  /** How long a piece of work is tried again, in milliseconds. @default 30000 */
  readonly withinMs?: number | undefined;
}

const WITHIN_MS = 30_000;
const MAX_WAITING = 1000;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 1000;

/** Makes the queue of one `connectAuth()`. */
export function createFinishLater({ reportError, withinMs = WITHIN_MS }: FinishLaterOptions): FinishLater {
  const timers = new Set<NodeJS.Timeout>();
  let waiting = 0;
  let closed = false;
  let tellSettled: (() => void)[] = [];

  const noteDone = () => {
    waiting -= 1;
    if (waiting > 0) return;
    for (const tell of tellSettled) tell();
    tellSettled = [];
  };
  const report = (error: unknown) => reportError(error).catch(() => undefined);
  const giveUp = (cause?: unknown) => report(new StoreError(GIVEN_UP, { code: 'store_unfinished', cause }));
  const attempt = async (
    work: () => Promise<unknown>,
    patience: AbortSignal,
    waitMs: number,
  ): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof StoreError && !patience.aborted && !closed) {
        schedule(work, patience, Math.min(2 * waitMs, MAX_WAIT_MS));
        return;
      }
      if (error instanceof StoreError) await giveUp(error);
      else await report(error);
    }
    noteDone();
  };
  const schedule = (work: () => Promise<unknown>, patience: AbortSignal, waitMs: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(work, patience, waitMs);
    }, waitMs);
    timers.add(timer);
  };

  return {
    finish: (work) => {
      if (closed || waiting >= MAX_WAITING) {
        void giveUp();
        return;
      }
      waiting += 1;
      schedule(work, AbortSignal.timeout(withinMs), FIRST_WAIT_MS);
    },
    settle: () =>
      new Promise((resolve) => {
        if (waiting === 0) resolve();
        else tellSettled.push(resolve);
      }),
    close: () => {
      closed = true;
      for (const timer of timers) {
        clearTimeout(timer);
        void giveUp();
        noteDone();
      }
      timers.clear();
    },
  };
}

const GIVEN_UP =
  'The end of a session was left undone: Redis was away for too long. It may live until its own end; auth.sessions.revokeAll() ends those of a person.';
