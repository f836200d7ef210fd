import { type Clock, systemClocks } from '../clock.ts';

/** A time span, whose parts are added up. */
export interface TimeSpan {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  ms?: number;
}

/** A clock that a test moves. */
export interface TestClock {
  /** For the option `now` of `connectAuth()` and of `startTestProvider()`: the time in milliseconds since the epoch. */
  readonly now: Clock;
  /** Moves it forward. */
  advance(span: TimeSpan): void;
}

/**
 * Makes a clock that runs as the real one does, from any moment, and moves forward when a test says so. Timers, such as
 * bounds of requests, go by real time.
 *
 * @param startsAt - @default now
 */
export function createTestClock(startsAt?: Date): TestClock {
  const { now } = systemClocks;
  let ahead = startsAt ? startsAt.getTime() - now() : 0;
  return {
    now: () => now() + ahead,
    advance: ({ days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 }) => {
      ahead += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
    },
  };
}
