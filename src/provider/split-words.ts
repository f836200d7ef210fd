/**
 * Splits what OAuth separates by spaces: scopes, prompts, classes. Any white space counts, as people write it; nothing
 * between two of it is no word.
 *
 * @see [RFC 6749, section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)
 */
export function splitWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
