/** Texts of one generation: what they and their results take is some hundred bytes each. */
const MAX_TEXTS = 2000;

/**
 * Remembers what a pure function has found for the texts it was given lately. `undefined` is not remembered: what anybody
 * can send must not drive out what people use.
 *
 * Keeps two generations, the older of which is dropped when the younger is full.
 */
export function remember<Found>(
  find: (text: string) => Found | undefined,
): (text: string) => Found | undefined {
  let young = new Map<string, Found>();
  let old = new Map<string, Found>();

  return (text) => {
    const known = young.get(text) ?? old.get(text);
    if (known !== undefined) return known;
    // A copy: a part of a header keeps the whole header alive.
    const own = Buffer.from(text).toString();
    const found = find(own);
    if (found === undefined) return undefined;
    if (young.size >= MAX_TEXTS) {
      old = young;
      young = new Map();
    }
    young.set(own, found);
    return found;
  };
}
