import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createSessionLock } from '../../src/store/session-lock.ts';
import type { Store } from '../../src/store/store.ts';
import { createGate } from '../support/gate.ts';
import { ask } from '../support/token-routes.ts';
import { useTwoProcesses } from '../support/two-processes.ts';
import { until } from '../support/until.ts';

const { op, redis, logIn, processes } = await useTwoProcesses();

it('a process that stood still until its lock was over sends no token that another has spent meanwhile (N-39)', async () => {
  const { one, two } = await logIn();
  const [arrived, released] = [createGate(), createGate()];
  processes[0].gate.onCommand = async (name) => {
    if (name !== 'connectAuth:extendLock') return;
    arrived.open();
    await released.opened;
  };
  const late = ask(one);
  await arrived.opened;
  const client = redis.client();
  await client.del(await client.keys('*lock:*'));
  const won = await ask(two);
  expect(won.status).toBe(200);
  released.open();
  expect(await late).toMatchObject({ status: 200, token: won.token });
  expect(op.requests('token')).toHaveLength(1);
});

describe('a lock whose lease ran out while its owner was at work', () => {
  const KEY = 'a session';
  const LEASE_MS = 60;

  const create = () => {
    const clock = { time: Date.now() };
    const store = createMemoryStore({ now: () => clock.time });
    let beats = 0;
    const counted: Store = {
      ...store,
      extendLock: async (...args) => {
        beats += 1;
        return store.extendLock(...args);
      },
    };
    const lock = createSessionLock({ store: counted, leaseMs: LEASE_MS, patienceMs: 10_000 });
    const beat = async () => {
      const before = beats;
      await until(() => beats > before + 1);
    };
    /** Somebody else has the lock, and gives it back. */
    const visit = async () => {
      clock.time += LEASE_MS + 1;
      expect(await store.acquireLock(KEY, 'somebody else', LEASE_MS)).toBe('taken');
      await store.releaseLock(KEY, 'somebody else');
    };
    return { clock, store, lock, beat, visit };
  };

  it('is not taken again by a heartbeat before the refresh was sent; the work begins anew (N-39)', async () => {
    const { lock, beat, visit, store } = create();
    const steps: string[] = [];
    await lock.hold(KEY, {
      work: async (held) => {
        steps.push('begun');
        if (steps.length === 1) {
          await visit();
          await beat();
          expect(await store.acquireLock(KEY, 'a third', LEASE_MS)).toBe('taken');
          await store.releaseLock(KEY, 'a third');
        }
        await held.markSent();
        steps.push('sent');
      },
    });
    expect(steps).toEqual(['begun', 'begun', 'sent']);
    expect(await store.acquireLock(KEY, 'a third', LEASE_MS)).toBe('taken');
  });

  it('is taken again by the next heartbeat after that: nobody else may send (N-14)', async () => {
    const { clock, lock, beat, store } = create();
    await lock.hold(KEY, {
      work: async (held) => {
        await held.markSent();
        clock.time += 3_600_000;
        await beat();
        expect(await store.acquireLock(KEY, 'a third', LEASE_MS)).toBe('held');
      },
    });
    expect(await store.acquireLock(KEY, 'a third', LEASE_MS)).toBe('taken');
  });

  it('is not left behind by a heartbeat that comes late (N-39)', async () => {
    const store = createMemoryStore({ now: Date.now });
    const released = createGate();
    let [beats, settled] = [0, 0];
    const slow: Store = {
      ...store,
      extendLock: async (...args) => {
        beats += 1;
        // The first says that the refresh was sent. Of the others none has come when the work is done.
        if (beats > 1) await released.opened;
        const isOurs = await store.extendLock(...args);
        settled += 1;
        return isOurs;
      },
    };
    const lock = createSessionLock({ store: slow, leaseMs: 30, patienceMs: 10_000 });
    await lock.hold(KEY, {
      work: async (held) => {
        await held.markSent();
        await until(() => beats > 3);
        setImmediate(released.open);
      },
    });
    await until(() => settled === beats);
    expect(await store.acquireLock(KEY, 'a third', LEASE_MS)).toBe('taken');
  });
});
