import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createDiagnostics, nameChannel, RUN, type Runnable } from '../../src/diagnostics.ts';

const START = `tracing:${nameChannel('logout')}:start`;
const diagnostics = createDiagnostics({ monotonic: performance.now.bind(performance) });
let stop = () => {};
afterEach(() => stop());

function put(run: (work: () => unknown) => unknown): void {
  const listener = (message: unknown) => {
    (message as Runnable)[RUN] = run as NonNullable<Runnable[typeof RUN]>;
  };
  subscribe(START, listener);
  stop = () => void unsubscribe(START, listener);
}

describe('what a subscriber runs', () => {
  it.each<[string, (work: () => unknown) => unknown]>([
    ['runs it', (work) => work()],
    ['keeps to itself what it gives', (work) => void work()],
    ['runs it twice', (work) => [work(), work()][1]],
    ['runs it never', () => undefined],
    ['gives something else', () => 'something else'],
    [
      'throws before',
      () => {
        throw new Error('of the subscriber');
      },
    ],
    [
      'throws afterwards',
      (work) => {
        work();
        throw new Error('of the subscriber');
      },
    ],
  ])('is done once, and told to whoever asked, by one that %s', async (_, run) => {
    put(run);
    let done = 0;
    const trace = (work: () => Promise<string>) => diagnostics.trace('logout', () => ({ kind: 'x' }), work);
    const work = async () => {
      done += 1;
      await Promise.resolve();
      return 'its value';
    };
    expect(await trace(work)).toBe('its value');
    expect(done).toBe(1);
    const fault = new Error('its own');
    await expect(trace(() => Promise.reject(fault))).rejects.toBe(fault);
  });
});
