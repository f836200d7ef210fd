import type { Clock } from './clock.ts';

/** Lets something be done once per key and interval. Holds nothing for longer than the interval. */
export interface Throttle {
  /** True once per key and interval. */
  isDue(key: string): boolean;
  /** Notes that it has just been done. */
  mark(key: string): void;
  /** Lets it be done again at once. */
  forget(key: string): void;
}

/** Remembers for which keys something was done lately by this process. @param intervalMs - milliseconds by `monotonic`. */
export function createThrottle(intervalMs: number, monotonic: Clock): Throttle {
  // In order of time, oldest first: what is older than the interval is dropped from the front, so it stays small.
  const doneAt = new Map<string, number>();
  const mark = (key: string) => {
    doneAt.delete(key);
    doneAt.set(key, monotonic());
  };

  return {
    mark,
    forget: (key) => {
      doneAt.delete(key);
    },
    isDue: (key) => {
      const time = monotonic();
      const last = doneAt.get(key);
      if (last !== undefined && time - last < intervalMs) return false;
      for (const [oldKey, at] of doneAt) {
        if (time - at < intervalMs) break;
        doneAt.delete(oldKey);
      }
      mark(key);
      return true;
    },
  };
}
