/** Whether requests want the tokens of their sessions, judged by those that came before. */
export interface TokenDemand {
  /** Counts a request with a session, and says whether it will probably want them: most have lately. */
  expect(): boolean;
  /** Counts a request that wants them. Once for each request. */
  note(): void;
}

/** How many requests back counts. */
const REQUESTS = 32;

/** Begins with the expectation that nobody wants them. */
export function createTokenDemand(): TokenDemand {
  // Those that wanted them among the last, older ones for less.
  let share = 0;
  return {
    expect: () => {
      const isLikely = share > 0.5;
      share -= share / REQUESTS;
      return isLikely;
    },
    note: () => {
      share += 1 / REQUESTS;
    },
  };
}
