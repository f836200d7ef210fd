/** A range of `Accept-Language`, in lower case. */
interface LanguageRange {
  readonly tag: string;
  /** From 0, which refuses it, to 1. */
  readonly weight: number;
}

/** Browsers send a handful. */
const MAX_RANGES = 50;
/** Of one tag; hardly any has more than three. What follows says nothing here, and costs more the longer it is. */
const MAX_PARTS = 8;
const RANGE =
  /^\s*([a-z]{1,8}(?:-[a-z\d]{1,8})*|\*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i;

/** What else a language is asked for by: both written forms of Norwegian are read by those who read one. */
const ALIASES: Readonly<Record<string, string>> = { no: 'nb', nn: 'nb' };

/**
 * Chooses the language that a browser likes best; the first one where it likes none of them. Of ranges of one weight the
 * earlier counts.
 *
 * @param header - `Accept-Language`; what cannot be read of it is passed over.
 * @see [RFC 9110, section 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)
 */
export function chooseLanguage(header: string | undefined, languages: readonly string[]): string {
  const ranges = (header ?? '').split(',', MAX_RANGES).flatMap(readRange);
  const named = ranges.map(({ tag }) => tag);
  const refused = ranges.filter(({ weight }) => weight === 0).map(({ tag }) => tag);
  const bearable = languages.filter((language) => !refused.includes(language.toLowerCase()));
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  for (const { tag } of wanted) {
    const found =
      tag === '*'
        ? bearable.find((language) => !named.includes(language.toLowerCase()))
        : findLanguage(tag, bearable);
    if (found !== undefined) return found;
  }
  return languages[0]!;
}

/**
 * Finds the language that a tag means: itself, or what is left of it without its last parts, so that `de-CH` is answered by
 * `de`; `pt` by `pt-BR`.
 *
 * @see [RFC 4647, section 3.4](https://www.rfc-editor.org/rfc/rfc4647#section-3.4)
 */
export function findLanguage(tag: string, languages: readonly string[]): string | undefined {
  const parts = tag.toLowerCase().split('-', MAX_PARTS);
  for (let length = parts.length; length > 0; length -= 1) {
    const range = parts.slice(0, length).join('-');
    const found = findExact(range, languages) ?? findExact(ALIASES[range], languages);
    if (found !== undefined) return found;
  }
  return languages.find((language) => language.toLowerCase().startsWith(`${parts[0]}-`));
}

function findExact(tag: string | undefined, languages: readonly string[]): string | undefined {
  return languages.find((language) => language.toLowerCase() === tag);
}

function readRange(text: string): LanguageRange[] {
  const [, tag, weight = '1'] = RANGE.exec(text) ?? [];
  return tag === undefined ? [] : [{ tag: tag.toLowerCase(), weight: Number(weight) }];
}
