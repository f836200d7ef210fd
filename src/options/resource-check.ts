import { checkString, refuse } from './option-checks.ts';

/**
 * A resource as RFC 8707, section 2, has it: an absolute URI without a fragment. It need not be an address.
 *
 * @see [RFC 8707, section 2](https://www.rfc-editor.org/rfc/rfc8707#section-2)
 */
export function checkResource(where: string, value: unknown): string {
  const text = checkString(where, value);
  const isUri = URL.canParse(text) && /^[!-~]+$/.test(text) && !text.includes('#');
  return isUri
    ? text
    : refuse(where, 'an absolute URI without a fragment, such as "https://api.example.com"', value);
}

/** One or several, without doubles, as a list. */
export function checkResources(where: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return Object.freeze([checkResource(where, value)]);
  if (!Array.isArray(value) || value.length === 0) refuse(where, 'a string, or an array of some', value);
  const list = (value as unknown[]).map((item, index) => checkResource(`${where}[${index}]`, item));
  return Object.freeze([...new Set(list)]);
}
