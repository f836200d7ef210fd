import { ConfigurationError } from '../errors.ts';
import { LABEL_NAMES, LANGUAGES, PAGE_NAMES, type PageTextChanges, PLACEHOLDERS } from '../page-texts.ts';
import { checkObject, checkString, refuse } from './option-checks.ts';
import { type Field, group, optional, readOptions } from './option-table.ts';

type TextField = Field<string | undefined>;

const fieldOf = (name: (typeof PAGE_NAMES)[number] | (typeof LABEL_NAMES)[number]): TextField =>
  optional((where, value) => checkText(where, value, PLACEHOLDERS[name]));

/** The texts of one language. */
const TEXTS = {
  pages: group(
    Object.fromEntries(
      PAGE_NAMES.map((name) => [name, group({ title: fieldOf(name), message: fieldOf(name) })] as const),
    ),
  ),
  labels: group(Object.fromEntries(LABEL_NAMES.map((name) => [name, fieldOf(name)] as const))),
};

/**
 * Checks texts by language.
 *
 * @throws ConfigurationError for what is no language or no text of ours, and where another language lacks any.
 */
export function checkPageTexts(where: string, value: unknown): Readonly<Record<string, PageTextChanges>> {
  checkObject(where, value);
  const entries = Object.entries(value).map(([language, given]) => {
    const place = `${where}.${language}`;
    if (!isLanguage(language)) refuse(place, 'named after a language, such as "it" or "pt-BR"', language);
    const texts = readOptions(place, given, TEXTS);
    if (!(LANGUAGES as readonly string[]).includes(language)) refuseGaps(place, texts);
    return [language, texts] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

/** What is not there cannot be said in another language: a page has one. */
function refuseGaps(where: string, { pages, labels }: PageTextChanges): void {
  const gaps = [
    ...PAGE_NAMES.flatMap((name) =>
      (['title', 'message'] as const)
        .filter((part) => pages?.[name]?.[part] === undefined)
        .map((part) => `pages.${name}.${part}`),
    ),
    ...LABEL_NAMES.filter((name) => labels?.[name] === undefined).map((name) => `labels.${name}`),
  ];
  if (gaps.length === 0) return;
  const more = gaps.length > MAX_NAMED ? ` and ${gaps.length - MAX_NAMED} more` : '';
  throw new ConfigurationError(
    `${where} must have all texts, as the type PageTexts has them: our pages do not speak this language. It lacks ${gaps.slice(0, MAX_NAMED).join(', ')}${more}.`,
  );
}

const MAX_NAMED = 5;

function checkText(where: string, value: unknown, placeholder: string | undefined): string {
  const text = checkString(where, value);
  const [unknown] = [...text.matchAll(/\{(\w+)\}/g)].filter(([, name]) => name !== placeholder);
  if (!unknown) return text;
  const known = placeholder === undefined ? 'There is none here.' : `There is {${placeholder}} here.`;
  throw new ConfigurationError(`${where}: nothing is filled in for ${unknown[0]}. ${known}`);
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0]?.toLowerCase() === tag.toLowerCase();
  } catch {
    return false;
  }
}
