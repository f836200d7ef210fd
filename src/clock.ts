/** A time in milliseconds. Injected everywhere, so that tests own it. */
export type Clock = () => number;

/** The clocks of one process. They may step against each other; see the rule for clocks in docs/architecture.md. */
export interface Clocks {
  /** Since the epoch, by the clock of this process. */
  readonly now: Clock;
  /** Since any moment, never back: for durations (deadlines, throttles, cool-downs, leases). */
  readonly monotonic: Clock;
  /** Since the epoch, in place of the store's own clock. `undefined`: the store's own, as it should be. */
  readonly store: Clock | undefined;
}

/** The clocks of this process, and the store's own. */
export const systemClocks: Clocks = Object.freeze({
  now: Date.now,
  monotonic: () => performance.now(),
  store: undefined,
});
