import { setTimeout as wait } from 'node:timers/promises';
import { StoreError } from '../errors.ts';

const PAUSE_MS = 50;

/**
 * Sends an operation again while its outcome is unknown: each recognises what it has done. Only for those that cost a
 * login when they are given up.
 *
 * @param until - when to give up: as soon as one of them has come.
 * @throws StoreError of the last attempt.
 */
export async function insist<T>(
  operation: () => Promise<T>,
  ...until: readonly (AbortSignal | undefined)[]
): Promise<T> {
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof StoreError) || until.some((signal) => signal?.aborted)) throw error;
      await wait(PAUSE_MS);
    }
  }
}
