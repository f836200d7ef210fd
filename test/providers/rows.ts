import type { Habits } from './habits.ts';
import { CONSUMER_ROWS } from './rows-of-consumers.ts';
import { CUSTOMER_ROWS } from './rows-of-customers.ts';
import { OWN_SERVER_ROWS } from './rows-of-own-servers.ts';
import { STATE_ROWS } from './rows-of-states.ts';
import { WORKFORCE_ROWS } from './rows-of-workforces.ts';

/** One row for each provider: what its documentation says, and what an application is to see of it. */
export const ROWS: readonly Habits[] = [
  ...OWN_SERVER_ROWS,
  ...WORKFORCE_ROWS,
  ...CONSUMER_ROWS,
  ...CUSTOMER_ROWS,
  ...STATE_ROWS,
];
