import type { MissingRights } from '../guard-errors.ts';
import type { ResolvedPages } from '../options/page-options.ts';
import type { PageTexts } from '../page-texts.ts';
import type { ChoosableProvider, PageLink, PageView } from '../page-types.ts';
import type { Page } from './page.ts';
import type { PageLanguage } from './page-languages.ts';
import { nameProvider } from './provider-names.ts';

/** A page in words: what is shown, and nothing of how. Nothing is escaped. */
export interface WordedPage extends Pick<PageView, 'language' | 'title' | 'message' | 'links'> {
  readonly form: (Omit<NonNullable<Page['form']>, 'label'> & { readonly label: string }) | undefined;
  /** Those to choose from. */
  readonly providers: readonly ChoosableProvider[];
  /** Where there is one, with the words in which `{reference}` stands for it. */
  readonly reference: { readonly words: string; readonly reference: string } | undefined;
}

/** Puts a page into words. */
export function wordPage(
  page: Page,
  { language, texts }: PageLanguage,
  brands: ResolvedPages['providers'],
): WordedPage {
  const { pages, labels } = texts;
  const { subject, form } = page;
  const { title, message } = pages[page.name];
  const words = page.message ?? fill(message, page.values ?? {});
  const links: PageLink[] = (page.links ?? []).map(({ href, label }) => ({ href, label: labels[label] }));
  const reference = subject?.page === 'error' ? subject.reference : undefined;
  const providers = subject?.page === 'choose' ? subject.providers : [];
  return {
    language,
    title,
    message: page.missing ? `${words} ${nameMissing(page.missing, labels)}`.trim() : words,
    links,
    form: form && { ...form, label: labels[form.label] },
    providers: providers.map(({ provider, href }) => {
      const brand = Object.hasOwn(brands, provider) ? brands[provider] : undefined;
      return { provider, href, name: brand?.name ?? nameProvider(provider), logo: brand?.logo };
    }),
    reference: reference === undefined ? undefined : { words: labels.reference, reference },
  };
}

/** What a guard asked for and did not find. That `allow` said no is all there is to say of that. */
function nameMissing({ roles, scopes, claims, amr }: MissingRights, labels: PageTexts['labels']): string {
  const parts = [
    roles && fill(roles.length > 1 ? labels.missingRoles : labels.missingRole, { names: roles.join(', ') }),
    scopes && fill(labels.missingScopes, { names: scopes.join(' ') }),
    claims && fill(labels.missingClaims, { names: claims.join(', ') }),
    amr && fill(labels.missingMethod, { names: amr.join(', ') }),
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? fill(labels.missing, { list: parts.join('; ') }) : '';
}

/** In one pass: what is filled in is never filled itself. */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? values[name]! : whole,
  );
}
