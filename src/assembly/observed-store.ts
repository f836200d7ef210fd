import { createAvailability } from '../availability.ts';
import type { Clock } from '../clock.ts';
import { type Diagnostics, isHeard } from '../diagnostics.ts';
import { StoreError } from '../errors.ts';
import type { Store, StoreHealth } from '../store/store.ts';

/** Which store it is, and how it is told of. */
export interface ObservedStoreOptions {
  readonly store: 'redis' | 'memory';
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** The bound of an operation: one that takes a quarter of it is slow. */
  readonly timeoutMs: number;
  readonly monotonic: Clock;
  readonly diagnostics: Diagnostics;
}

/** Lets those who listen see what the store is asked, and how it is. Where nobody does, a call is the call itself. */
export function observeStore(store: Store, options: ObservedStoreOptions): Store {
  const { timeoutMs, monotonic, diagnostics, store: kind, address, port } = options;
  const where = { address, port };
  const availability = createAvailability(monotonic, (state, message) =>
    diagnostics.tell('store.state', () => ({ ...where, state, message })),
  );

  const observe = async <Value>(
    operation: keyof typeof COMMANDS,
    ask: () => Promise<Value>,
  ): Promise<Value> => {
    const startedAt = monotonic();
    const describe = () => ({ operation, command: COMMANDS[operation], store: kind, ...where });
    try {
      const value = await diagnostics.trace('store.operation', describe, ask);
      const fault = operation === 'health' ? findFault(value as StoreHealth) : undefined;
      const isSlow = monotonic() - startedAt > timeoutMs / 4;
      availability.note(fault ? 'down' : isSlow ? 'slow' : 'up', fault);
      return value;
    } catch (error) {
      const isAway = error instanceof StoreError && error.code === 'store_unavailable';
      availability.note(isAway ? 'down' : 'up', isAway ? error.message : undefined);
      throw error;
    }
  };

  const observed = Object.keys(COMMANDS).map((name) => {
    const operation = name as keyof typeof COMMANDS;
    const ask = store[operation] as (...args: unknown[]) => Promise<unknown>;
    const call = (...args: unknown[]) =>
      isWatched() ? observe(operation, () => ask(...args)) : ask(...args);
    return [operation, call] as const;
  });
  return {
    ...store,
    ...Object.fromEntries(observed),
    // What every request asks.
    readSession: (key, choice) =>
      isWatched()
        ? observe('readSession', () => store.readSession(key, choice))
        : store.readSession(key, choice),
  };
}

function isWatched(): boolean {
  return isHeard('store.operation', 'store.state');
}

function findFault({ ok, warnings }: StoreHealth): string | undefined {
  return ok ? undefined : warnings.join(' ');
}

/** The command of Redis that an operation is; several where it is made of scripts. */
const COMMANDS = {
  readSession: 'MGET',
  writeLogin: 'EVALSHA',
  touchSession: 'EVALSHA',
  endSession: 'EVALSHA',
  rotateSession: 'EVALSHA',
  writeData: 'SET',
  readTokens: 'MGET',
  swapTokens: 'EVALSHA',
  acquireLock: 'EVALSHA',
  extendLock: 'EVALSHA',
  releaseLock: 'EVALSHA',
  takeLogin: 'EVALSHA',
  readLogins: 'MGET',
  cancelLogins: 'EVALSHA',
  addToIndexes: 'EVALSHA',
  removeFromIndex: 'ZREM',
  keepInIndexes: 'EVALSHA',
  scanIndex: 'ZSCAN',
  readNewest: 'ZREVRANGE',
  putMark: 'EVALSHA',
  putOpenMark: 'EVALSHA',
  readMarks: 'EVALSHA',
  putLogoutToken: 'EVALSHA',
  health: 'EVALSHA',
} as const satisfies Record<Exclude<keyof Store, 'close' | 'examine'>, string>;
