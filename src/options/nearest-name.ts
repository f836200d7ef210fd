import leven from 'leven';

/**
 * Finds the name that was meant: one that only goes on longer, has its letters in another order, or differs by a slip or
 * two. A guess that misleads is worse than none, so that short names must be nearly right.
 */
export function findNearestName(written: string, known: readonly string[]): string | undefined {
  const word = written.toLowerCase();
  const ranked = known
    .map((name) => ({ name, distance: measure(word, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(word.length / 4)) ? best.name : undefined;
}

/** Slips between two words, where a word cut short or with its letters out of order counts as one. */
function measure(word: string, name: string): number {
  const slips = leven(word, name);
  const isCut = name.startsWith(word) && word.length * 2 >= name.length;
  return isCut || sortLetters(word) === sortLetters(name) ? Math.min(1, slips) : slips;
}

function sortLetters(word: string): string {
  return [...word].sort().join('');
}
