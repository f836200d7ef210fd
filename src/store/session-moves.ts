import { StoreError } from '../errors.ts';

/** What was found at the end of a walk. `undefined`: it leads nowhere. */
export interface MovedSession<T> {
  readonly key: string;
  readonly found: T | undefined;
}

/** One step: something found here, or where it has moved. */
export type MoveStep<T> = { readonly found: T } | { readonly movedTo: string };

/** Far more id changes than a session has in the life of a pointer. */
const MAX_MOVES = 100;

/**
 * Follows a session from key to key. A pointer that leads back to where the walk has been leads nowhere.
 *
 * @throws StoreError `store_damaged` after a hundred steps: nobody knows then whether there is a session.
 */
export async function walkMoves<T>(
  key: string,
  look: (key: string) => Promise<MoveStep<T>>,
): Promise<MovedSession<T>> {
  const seen = new Set<string>();
  for (let current = key; ; ) {
    if (seen.has(current)) return { key: current, found: undefined };
    if (seen.size === MAX_MOVES) {
      throw new StoreError('A session has moved more often than any does.', { code: 'store_damaged' });
    }
    seen.add(current);
    const step = await look(current);
    if ('found' in step) return { key: current, found: step.found };
    current = step.movedTo;
  }
}
