import { ConfigurationError } from '../errors.ts';
import { LANGUAGES } from '../page-texts.ts';
import type { PageOptions } from '../page-types.ts';
import { BRAND_OPTIONS, checkProviderBrand } from './brand-options.ts';
import { checkFunction, checkObject, checkOrigins, checkStrings, refuse } from './option-checks.ts';
import { group, optional, type Resolved, type Table, withDefault } from './option-table.ts';
import { checkPageTexts } from './page-text-options.ts';

const OURS = { defaultIs: 'a page of ours' };

/** The options of `pages`. */
export const PAGE_OPTIONS = {
  error: optional<NonNullable<PageOptions['error']>>(checkFunction, OURS),
  signedOut: optional<NonNullable<PageOptions['signedOut']>>(checkFunction, OURS),
  choose: optional<NonNullable<PageOptions['choose']>>(checkFunction, OURS),
  signOut: optional<NonNullable<PageOptions['signOut']>>(checkFunction, { ...OURS, aliases: ['logout'] }),
  brand: group(BRAND_OPTIONS, { aliases: ['theme'] }),
  languages: optional(checkLanguages, { defaultIs: 'all of them, `en` first', aliases: ['locales'] }),
  language: optional<NonNullable<PageOptions['language']>>(checkFunction, {
    defaultIs: '`Accept-Language` decides',
    aliases: ['locale'],
  }),
  texts: withDefault(checkPageTexts, {}, { aliases: ['translations', 'messages'] }),
  providers: withDefault(checkProviderBrands, {}),
  origins: withDefault(checkOrigins, [], { aliases: ['allowedOrigins'] }),
} satisfies Table<PageOptions>;

/** The options of `pages` after every check. */
export type ResolvedPages = Omit<Resolved<typeof PAGE_OPTIONS>, 'languages'> & {
  /** At least one, each of which has its texts. */
  readonly languages: readonly string[];
};

/**
 * Completes the options of `pages`.
 *
 * @param providers - their names; `undefined` where tenants bring their own.
 * @throws ConfigurationError when a language has no texts, or a provider is shown that there is not.
 */
export function completePages(
  where: string,
  pages: Resolved<typeof PAGE_OPTIONS>,
  providers: readonly string[] | undefined,
): ResolvedPages {
  const own = Object.keys(pages.texts);
  const known = [...new Set([...LANGUAGES, ...own])];
  const { languages = known } = pages;
  const silent = languages.find((language) => !known.includes(language));
  if (silent !== undefined) {
    throw new ConfigurationError(
      `${where}.languages: there are no texts in "${silent}". It has: ${known.join(', ')}. Give others in pages.texts.`,
    );
  }
  const stranger = providers && Object.keys(pages.providers).find((name) => !providers.includes(name));
  if (stranger !== undefined) {
    throw new ConfigurationError(
      `${where}.providers: there is no provider "${stranger}". There is: ${providers!.join(', ')}.`,
    );
  }
  return Object.freeze({ ...pages, languages });
}

function checkLanguages(where: string, value: unknown): readonly string[] {
  const languages = checkStrings(where, value);
  return languages.length > 0 ? languages : refuse(where, 'one language at least', value);
}

function checkProviderBrands(where: string, value: unknown) {
  checkObject(where, value);
  const entries = Object.entries(value).map(
    ([name, brand]) => [name, checkProviderBrand(`${where}.${name}`, brand)] as const,
  );
  return Object.freeze(Object.fromEntries(entries));
}
