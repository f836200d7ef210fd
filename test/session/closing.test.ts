import { expect, it } from '@jest/globals';
import { StoreError } from 'express-connect-auth';
import { insist } from '../../src/store/insist.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createSessionLock } from '../../src/store/session-lock.ts';

const FOR_EVER_MS = 3_600_000;

it('a shutdown ends the wait for a lock that somebody else holds (F-121)', async () => {
  const store = createMemoryStore({ now: Date.now });
  const closing = new AbortController();
  const lock = createSessionLock({
    ...{ store, leaseMs: FOR_EVER_MS, patienceMs: FOR_EVER_MS, closing: closing.signal },
  });
  await store.acquireLock('a session', 'another process', FOR_EVER_MS);
  const waiting = lock.hold('a session', { work: async () => 'done' });
  closing.abort();
  await expect(waiting).rejects.toThrow(StoreError);
});

it('a shutdown ends the attempts to write to a store that is away (F-121)', async () => {
  const closing = new AbortController();
  let attempts = 0;
  const write = async () => {
    attempts += 1;
    if (attempts === 2) closing.abort();
    throw new StoreError('Redis is away.');
  };
  await expect(insist(write, AbortSignal.timeout(FOR_EVER_MS), closing.signal)).rejects.toThrow('away');
  expect(attempts).toBe(2);
});
