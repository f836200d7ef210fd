import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import type { Store } from '../store/store.ts';

const POLL_MS = 50;

/**
 * Does `work` while no refresh of this session's tokens runs, in any process.
 *
 * @param leaseMs - longer than the work takes, and than a refresh that is under way.
 * @throws StoreError when the lock does not come free in that time.
 */
export async function withSessionLock<T>(
  store: Store,
  { key, leaseMs }: { key: string; leaseMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const owner = randomBytes(16).toString('base64url');
  for (let waited = 0; waited <= leaseMs; waited += POLL_MS) {
    const answer = await store.acquireLock(key, owner, leaseMs);
    // A note is what a failed refresh left: it holds nothing.
    if (answer !== 'held') {
      try {
        return await work();
      } finally {
        await store.releaseLock(key, owner).catch(() => undefined);
      }
    }
    await wait(POLL_MS);
  }
  throw new StoreError('A refresh of the tokens of this session does not end.');
}
