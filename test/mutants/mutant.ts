/** One text of the source, and what stands in its place. */
export interface Replacement {
  /** Below src/. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly becomes: string;
}

/** A check taken out of the source, and the tests that must turn red. */
export interface Mutant extends Replacement {
  /** The item of docs/requirements.md that the check is for. */
  readonly id: string;
  /** What is not done any more, for the table. */
  readonly what: string;
  /** The same check in other places: what is checked twice is missed only when both are out. */
  readonly also?: readonly Replacement[];
  /** Below test/. */
  readonly test: string;
  /** What the titles of the tests to run hold. @default the id */
  readonly titles?: string;
}

/** All mutants of one file. */
export function inFile(file: string, mutants: readonly Omit<Mutant, 'file'>[]): readonly Mutant[] {
  return mutants.map((mutant) => ({ file, ...mutant }));
}
