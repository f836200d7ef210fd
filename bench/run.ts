import type { Flags } from './flags.ts';
import type { LargeResults } from './measure/large.ts';
import type { LoginResults } from './measure/logins.ts';
import type { Machine } from './measure/machine.ts';
import type { RequestResults } from './measure/requests.ts';

/** All that a run has found out, and how it came about. What was not measured is `undefined`. */
export interface Run {
  readonly flags: Flags;
  readonly machine: Machine;
  readonly date: Date;
  /** Whether servers had a core for themselves. */
  readonly isPinned: boolean;
  /** Load averages. */
  readonly loads: { readonly before: string; readonly after: string };
  readonly requests: RequestResults | undefined;
  readonly logins: LoginResults | undefined;
  readonly large: LargeResults | undefined;
}
