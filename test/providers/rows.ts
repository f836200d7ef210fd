import type { Habits } from './habits.ts';
import { CONSUMER_ROWS } from './rows-of-consumers.ts';
import { STATE_ROWS } from './rows-of-states.ts';
import { WORKFORCE_ROWS } from './rows-of-workforces.ts';

/** One row for each provider: what its documentation says, and what an application is to see of it. */
export const ROWS: readonly Habits[] = [...WORKFORCE_ROWS, ...CONSUMER_ROWS, ...STATE_ROWS];
