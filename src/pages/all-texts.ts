import type { ResolvedPages } from '../options/page-options.ts';
import {
  LABEL_NAMES,
  type Language,
  PAGE_NAMES,
  type PageTextChanges,
  type PageTexts,
} from '../page-texts.ts';
import { de } from './texts/de.ts';
import { en } from './texts/en.ts';
import { es } from './texts/es.ts';
import { fr } from './texts/fr.ts';
import { nb } from './texts/nb.ts';
import { nl } from './texts/nl.ts';

/** What our pages say, in each language of ours. */
export const OUR_TEXTS: Readonly<Record<Language, PageTexts>> = { en, de, fr, es, nl, nb };

/** The texts of every language that is to be spoken: ours, with the application's in place of some, and its own. */
export function collectTexts({
  languages,
  texts,
}: Pick<ResolvedPages, 'languages' | 'texts'>): ReadonlyMap<string, PageTexts> {
  return new Map(
    languages.map((language) => {
      // A language that is none of ours has all texts; of none of them is one of English seen.
      const ours = Object.hasOwn(OUR_TEXTS, language) ? OUR_TEXTS[language as Language] : en;
      return [language, merge(ours, Object.hasOwn(texts, language) ? texts[language]! : {})] as const;
    }),
  );
}

function merge(ours: PageTexts, { pages = {}, labels = {} }: PageTextChanges): PageTexts {
  const words = PAGE_NAMES.map((name) => {
    const { title = ours.pages[name].title, message = ours.pages[name].message } = pages[name] ?? {};
    return [name, { title, message }] as const;
  });
  const all = LABEL_NAMES.map((name) => [name, labels[name] ?? ours.labels[name]] as const);
  return {
    pages: Object.fromEntries(words) as PageTexts['pages'],
    labels: Object.fromEntries(all) as PageTexts['labels'],
  };
}
