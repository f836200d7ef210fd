import type { Clock } from '../clock.ts';

/** Remembers which sessions were touched lately by this process. */
export interface TouchThrottle {
  /** True once per session and interval. */
  isDue(key: string): boolean;
  mark(key: string): void;
  forget(key: string): void;
}

export function createTouchThrottle({ intervalMs, now }: { intervalMs: number; now: Clock }): TouchThrottle {
  // In order of time, oldest first: what is older than the interval is dropped from the front, so it stays small.
  const touchedAt = new Map<string, number>();
  const mark = (key: string) => {
    touchedAt.delete(key);
    touchedAt.set(key, now());
  };

  return {
    isDue: (key) => {
      const time = now();
      for (const [oldKey, at] of touchedAt) {
        if (time - at < intervalMs) break;
        touchedAt.delete(oldKey);
      }
      if (touchedAt.has(key)) return false;
      mark(key);
      return true;
    },
    mark,
    forget: (key) => {
      touchedAt.delete(key);
    },
  };
}
