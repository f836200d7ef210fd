import { afterEach, describe, expect, it } from '@jest/globals';
import { createApplicationKeys } from '../../src/keys.ts';
import { createSessionWatch, type SessionWatch } from '../../src/session/session-watch.ts';
import { until } from '../support/until.ts';

const watches: SessionWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

/** A watch with a short interval on sessions that the test moves and ends. */
function createBed() {
  /** Where each session lives; `undefined` after its end; an error while the store is away. */
  const sessions = new Map<string, string | undefined | Error>();
  const looks: string[] = [];
  const errors: unknown[] = [];
  const watch = createSessionWatch({
    intervalMs: 5,
    // Sessions are named by their keys here.
    keys: { ...createApplicationKeys('app'), sessionKey: (id) => id },
    findLiveKey: async (key) => {
      looks.push(key);
      const living = sessions.has(key) ? sessions.get(key) : key;
      if (living instanceof Error) throw living;
      return living;
    },
    reportError: async (error) => void errors.push(error),
  });
  watches.push(watch);
  const ended: string[] = [];
  const note = (name: string) => () => void ended.push(name);
  /** Resolves when each of these has been looked at once more. */
  const looked = async (...keys: string[]) => {
    looks.length = 0;
    await until(() => keys.every((key) => looks.filter((each) => each === key).length > 1));
  };
  return { watch, sessions, looks, errors, ended, note, looked };
}

describe('the watch over sessions', () => {
  it('calls back once for each that watches, when the session has ended', async () => {
    const { watch, sessions, ended, note, looked } = createBed();
    watch.watch('a', note('first'));
    watch.watch('a', note('second'));
    watch.watch('b', note('other'));
    await looked('a', 'b');
    expect(ended).toEqual([]);
    sessions.set('a', undefined);
    await until(() => ended.length === 2);
    await looked('b');
    expect(ended).toEqual(['first', 'second']);
  });

  it('follows a session to its new id', async () => {
    const { watch, sessions, ended, note, looked } = createBed();
    watch.watch('a', note('moved'));
    sessions.set('a', 'b');
    await looked('b');
    expect(ended).toEqual([]);
    sessions.set('b', undefined);
    await until(() => ended.length === 1);
  });

  it('takes a store that fails for no end, and looks again', async () => {
    const { watch, sessions, ended, note, looked } = createBed();
    watch.watch('a', note('a'));
    sessions.set('a', new Error('away'));
    await looked('a');
    expect(ended).toEqual([]);
    sessions.set('a', undefined);
    await until(() => ended.length === 1);
  });

  it('goes on when a callback throws, and tells of it', async () => {
    const { watch, sessions, errors, ended, note } = createBed();
    const fault = new Error('of the application');
    watch.watch('a', () => {
      throw fault;
    });
    watch.watch('a', note('a'));
    watch.watch('b', note('b'));
    sessions.set('a', undefined);
    await until(() => ended.includes('a'));
    sessions.set('b', undefined);
    await until(() => ended.includes('b'));
    expect(errors).toEqual([fault]);
  });

  it('tells of a callback that rejects as well, and of none that was called off', async () => {
    const { watch, errors, ended, note } = createBed();
    const fault = new Error('of the application');
    watch.watch(undefined, async () => {
      throw fault;
    });
    watch.watch(undefined, note('called off'))();
    watch.watch(undefined, note('last'));
    await until(() => ended.length > 0 && errors.length > 0);
    expect([ended, errors]).toEqual([['last'], [fault]]);
  });

  it('looks once per session, however many watch it, and at as many sessions as there are', async () => {
    const { watch, looks, note } = createBed();
    const keys = Array.from({ length: 1000 }, (_, index) => `session-${index}`);
    for (const key of [...keys, ...keys]) watch.watch(key, note(key));
    await until(() => looks.length >= 1000);
    expect(new Set(looks.slice(0, 1000)).size).toBe(1000);
  });

  it('looks no more when nobody watches, and begins again with the next', async () => {
    const { watch, sessions, looks, ended, note, looked } = createBed();
    const stop = watch.watch('a', note('a'));
    await looked('a');
    stop();
    sessions.set('a', undefined);
    const waiting = watch.watch('b', note('b'));
    await looked('b');
    waiting();
    watch.watch('c', note('c'));
    await looked('c');
    expect([new Set(looks), ended]).toEqual([new Set(['c']), []]);
  });
});
