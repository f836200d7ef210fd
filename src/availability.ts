import type { Clock } from './clock.ts';

/** How a system is that we depend on, the best first. */
export type AvailabilityState = 'up' | 'slow' | 'down';

/** Makes one state out of many single experiences. */
export interface Availability {
  /** Notes how one request went. `message`: what the operator should know of it. */
  note(state: AvailabilityState, message?: string): void;
}

/** What is worse is told at once; what is better, when nothing worse has come for so long, in milliseconds. */
const CALM_MS = 5_000;

/** Makes it. `tell` is called when the state changes, and for the first one. */
export function createAvailability(
  monotonic: Clock,
  tell: (state: AvailabilityState, message: string | undefined) => void,
): Availability {
  let told: AvailabilityState | undefined;
  const seenAt = { slow: Number.NEGATIVE_INFINITY, down: Number.NEGATIVE_INFINITY };

  return {
    note: (state, message) => {
      const now = monotonic();
      if (state !== 'up') seenAt[state] = now;
      const isRecent = (worse: 'slow' | 'down') => now - seenAt[worse] < CALM_MS;
      const current = isRecent('down') ? 'down' : isRecent('slow') ? 'slow' : 'up';
      if (current === told) return;
      told = current;
      tell(current, message);
    },
  };
}
