import type { Clock } from '../clock.ts';

/** Which bound, and by which clock. */
export interface DeadlineOptions {
  /** How long an operation may take, in milliseconds. */
  readonly timeoutMs: number;
  /** For how late a timer came. */
  readonly monotonic: Clock;
}

/** What is made of the ends of an operation. Called at most once each, also after the operation was given up. */
export interface OperationEnds {
  /** It has been done. */
  onValue(): void;
  /** What to reject with where it failed. */
  toError(error: unknown): unknown;
  /** What to reject with where it has not settled in time. */
  expire(): Error;
}

/** Runs an operation within its time. */
export type RunWithDeadline = <Value>(operation: () => Promise<Value>, ends: OperationEnds) => Promise<Value>;

/** What a late timer says of the block before it is its end only: the block may have been so many times longer. */
const GRACE_FACTOR = 10;

/**
 * Bounds operations by our own clock: a client handed to us may be set to wait for ever.
 *
 * Time in which this process did nothing counts against nobody: after a blocked event loop timers run before sockets are
 * read, though the answer has been there all the while. So a late timer gives more time, once and at most `timeoutMs`, and
 * every timer lets the sockets be read before it rejects. Only a timer that runs out pays for this.
 */
export function createDeadline({ timeoutMs, monotonic }: DeadlineOptions): RunWithDeadline {
  return (operation, { onValue, toError, expire }) =>
    new Promise((resolve, reject) => {
      const startedAt = monotonic();
      let isPending = true;
      const giveUp = () => {
        if (isPending) reject(expire());
      };
      let timer = setTimeout(() => {
        const lateMs = Math.max(0, monotonic() - startedAt - timeoutMs);
        // Immediates run when the sockets have been read.
        timer = setTimeout(() => setImmediate(giveUp), Math.min(GRACE_FACTOR * lateMs, timeoutMs));
      }, timeoutMs);
      const settle = () => {
        isPending = false;
        clearTimeout(timer);
      };
      const fail = (error: unknown) => {
        settle();
        reject(toError(error));
      };
      try {
        operation().then((value) => {
          settle();
          onValue();
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
}
