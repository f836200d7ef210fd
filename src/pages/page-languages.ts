import type { Request } from 'express';
import { ApplicationError } from '../application-errors.ts';
import { ConfigurationError, type ConnectAuthError } from '../errors.ts';
import type { ResolvedPages } from '../options/page-options.ts';
import type { PageTexts } from '../page-texts.ts';
import { chooseLanguage, findLanguage } from './accept-language.ts';
import { collectTexts } from './all-texts.ts';

/** The language of a page, and what it says. */
export interface PageLanguage {
  readonly language: string;
  readonly texts: PageTexts;
}

/** The languages that pages are shown in. */
export interface PageLanguages {
  /** Whether `Accept-Language` may decide. */
  readonly vary: boolean;
  /** @param onFault - told what `pages.language` of the application threw. */
  choose(req: Request, onFault: (fault: ConnectAuthError) => void): PageLanguage;
}

/** Makes them. */
export function createPageLanguages(pages: ResolvedPages): PageLanguages {
  const { languages, language: ask } = pages;
  const all = collectTexts(pages);

  const askApplication = (req: Request, onFault: (fault: ConnectAuthError) => void): string | undefined => {
    try {
      const wanted: unknown = ask?.(req);
      if (wanted instanceof Promise) {
        // One that nobody waits for would end the process by its fault.
        wanted.catch(() => undefined);
        throw new ConfigurationError('pages.language must say it at once; it returned a promise.');
      }
      return typeof wanted === 'string' ? findLanguage(wanted, languages) : undefined;
    } catch (error) {
      onFault(new ApplicationError('pages.language', error));
      return undefined;
    }
  };

  return {
    vary: languages.length > 1,
    choose: (req, onFault) => {
      const language =
        askApplication(req, onFault) ?? chooseLanguage(req.headers['accept-language'], languages);
      return { language, texts: all.get(language)! };
    },
  };
}
