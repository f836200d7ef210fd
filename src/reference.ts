import { randomBytes } from 'node:crypto';

/** Figures and letters that nobody takes for each other, read out or written by hand. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Makes a name for one fault, such as `7K3M-Q9TD`: short enough to be read out on the telephone, and by chance, so that it
 * says nothing of what it names.
 */
export function createReference(): string {
  const letters = Array.from(randomBytes(8), (byte) => ALPHABET[byte % ALPHABET.length]);
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`;
}
