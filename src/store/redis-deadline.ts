import type { Clock } from '../clock.ts';

/** Which bound, and by which clock. */
export interface DeadlineOptions {
  /** How long an operation may take, in milliseconds. */
  readonly timeoutMs: number;
  /** For how late a timer came. */
  readonly monotonic: Clock;
}

/** Runs an operation; when it has not settled in time, the promise rejects with what `expire` returns. */
export type RunWithDeadline = <Value>(operation: () => Promise<Value>, expire: () => Error) => Promise<Value>;

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
  return (operation, expire) =>
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
      operation().then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
}
