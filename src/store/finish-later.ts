import { StoreError } from '../errors.ts';

/**
 * Goes on with work that a failing store has left undecided, behind the back of those who were told so. The work must be
 * safe to repeat. At most a thousand pieces wait, each for half a minute; what is over that is dropped.
 */
export interface FinishLater {
  /** False: too many wait, and this one is dropped. */
  finish(work: () => Promise<unknown>): boolean;
  /** Comes when nothing waits any more. */
  settle(): Promise<void>;
  /** Stops waiting. */
  close(): void;
}

/** How long a piece of work is tried again, in milliseconds. */
const FINISH_WITHIN_MS = 30_000;
const MAX_WAITING = 1000;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 1000;

/** Makes the queue of one `connectAuth()`. `reportError` is told what the work threw, but for faults of the store. */
export function createFinishLater(reportError: (error: unknown) => Promise<void>): FinishLater {
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
      if (!(error instanceof StoreError)) await reportError(error).catch(() => undefined);
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
      if (closed || waiting >= MAX_WAITING) return false;
      waiting += 1;
      schedule(work, AbortSignal.timeout(FINISH_WITHIN_MS), FIRST_WAIT_MS);
      return true;
    },
    settle: () =>
      new Promise((resolve) => {
        if (waiting === 0) resolve();
        else tellSettled.push(resolve);
      }),
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
