import { ID_TOKEN_MUTANTS } from './id-token-mutants.ts';
import { LOGIN_MUTANTS } from './login-mutants.ts';
import { LOGOUT_MUTANTS } from './logout-mutants.ts';
import type { Mutant } from './mutant.ts';
import { STRICT_MUTANTS } from './strict-mutants.ts';
import { SURVIVOR_MUTANTS } from './survivor-mutants.ts';

/** Every check that is taken out in turn. */
export const MUTANTS: readonly Mutant[] = [
  ...ID_TOKEN_MUTANTS,
  ...LOGIN_MUTANTS,
  ...STRICT_MUTANTS,
  ...LOGOUT_MUTANTS,
  ...SURVIVOR_MUTANTS,
];

/** The first and the last number of each range of docs/requirements.md that has a mutant for each item. */
export const RANGES: readonly (readonly [catalogue: string, first: number, last: number])[] = [
  ['R', 7, 27],
  ['R', 60, 67],
  ['R', 79, 79],
  ['N', 33, 41],
];

/** Items of these ranges where there is nothing of ours to take out. Those that are for later need no reason here. */
export const WITHOUT_MUTANT: Readonly<Record<string, string>> = {};
