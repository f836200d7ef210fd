const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A number that names somebody: nothing that could be written in two ways. */
const WHOLE_NUMBER = /^-?(0|[1-9]\d*)$/;

/**
 * Reads a member of a JSON text that identifies somebody: a string that is not empty, or a whole number by its exact text,
 * since ids go beyond what a JavaScript number can tell apart. `undefined` for everything else.
 *
 * @param json - a JSON document: whoever parses it first knows that it is one.
 * @param path - the member's name; dots lead to inner ones.
 */
export function readExactMember(json: string, path: string): string | undefined {
  const names = path.split('.');
  const value = find(JSON.parse(json), names);
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'number') return undefined;
  // The same document, with every number as the text it was written as.
  const exact = json.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`));
  const text = find(JSON.parse(exact), names);
  return typeof text === 'string' && WHOLE_NUMBER.test(text) ? text : undefined;
}

/** Finds a member, its own and not one of a prototype. */
export function find(value: unknown, [name, ...inner]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return find((value as Record<string, unknown>)[name], inner);
}
