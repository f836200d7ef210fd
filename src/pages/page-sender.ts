import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { ConnectAuthError } from '../errors.ts';
import type { ReportFault } from '../fault-report.ts';
import type { ResolvedPages } from '../options/page-options.ts';
import { type ApplicationPage, askForPage } from './application-page.ts';
import { hashSource } from './hash-source.ts';
import type { Page, PageSubject } from './page.ts';
import { createPageLanguages } from './page-languages.ts';
import { type PageSources, writePagePolicy } from './page-policy.ts';
import { findScript, type PageScript } from './page-scripts.ts';
import { renderStyle } from './page-style.ts';
import { type WordedPage, wordPage } from './page-view.ts';
import { renderDocument } from './render-page.ts';

/** Answers with a page: a whole document, its policy, and headers that let nobody keep it. */
export type SendPage = (req: Request, res: Response, page: Page) => Promise<void>;

/** What it is made of. */
export interface PageSenderOptions {
  readonly pages: ResolvedPages;
  /** Origins that a form's answer may redirect to. */
  readonly formTargets: () => readonly string[];
  /** Told when a page of the application's own could not be had. */
  readonly reportFault: ReportFault;
  /** How long people wait for a page of the application's own before they have ours, in milliseconds. @default 5000 */
  readonly patienceMs?: number;
}

/**
 * Sends pages in the language of whoever asks: the application's own, and where there is none, or it fails, ours, which
 * loads nothing but logos and runs nothing it need not.
 */
export function createPageSender({
  pages,
  formTargets,
  reportFault,
  patienceMs = 5000,
}: PageSenderOptions): SendPage {
  const { brand, providers } = pages;
  const languages = createPageLanguages(pages);
  const style = renderStyle(brand);
  const styleSource = hashSource(style);
  const ownSources = (script: PageScript | undefined, worded: WordedPage): PageSources => ({
    style: [styleSource],
    script: script ? [script.source] : [],
    image: nameImages([brand.logo, brand.logoDark, ...worded.providers.map(({ logo }) => logo)]),
    font: [],
  });

  /** Ours is sent all the same, so that nobody is left without any. */
  const askApplication = async (req: Request, res: Response, page: Page, worded: WordedPage) => {
    try {
      return await askForPage(req, page, worded, { pages, patienceMs });
    } catch (error) {
      await reportFault({ error: error as ConnectAuthError, during: duringOf(page.subject), req, res });
      return undefined;
    }
  };

  return async (req, res, page) => {
    const language = languages.choose(req, (error) => {
      void reportFault({ error, during: 'session', req });
    });
    const worded = wordPage(page, language, providers);
    const isReplaced = page.subject !== undefined && pages[page.subject.page] !== undefined;
    const own = isReplaced ? await askApplication(req, res, page, worded) : undefined;
    // The application may have answered meanwhile.
    if (isReplaced && (res.headersSent || res.writableEnded)) return;
    const script = findScript(page);
    const sources = own ? sourcesOfApplication(own, script, [...pages.origins]) : ownSources(script, worded);
    writePagePolicy(req, res, page, { sources, formTargets });
    res.statusCode = page.status;
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    res.setHeader('Content-Language', language.language);
    if (languages.vary) res.vary('Accept-Language');
    noStore(res);
    res.end(
      own
        ? addScript(own.html, script)
        : renderDocument(worded, { style, brand, script: script?.html ?? '' }),
    );
  };
}

/** Everything of its own origin but scripts; what is written into the page is what the application wrote, by its nonce. */
function sourcesOfApplication(
  { nonce }: ApplicationPage,
  script: PageScript | undefined,
  origins: readonly string[],
): PageSources {
  const written = `'nonce-${nonce}'`;
  return {
    style: ["'self'", written, ...origins],
    script: [written, ...(script ? [script.source] : [])],
    image: ["'self'", 'data:', ...origins],
    font: ["'self'", ...origins],
  };
}

/** Where logos come from. */
function nameImages(logos: readonly (string | undefined)[]): readonly string[] {
  const sources = logos
    .filter((logo) => logo !== undefined)
    .map((logo) => {
      if (logo.startsWith('/')) return "'self'";
      return /^data:/i.test(logo) ? 'data:' : new URL(logo).origin;
    });
  return [...new Set(sources)];
}

/** At the end, where what it reads is there. */
function addScript(html: string, script: PageScript | undefined): string {
  if (!script) return html;
  const end = [...html.matchAll(/<\/body\s*>/gi)].at(-1)?.index ?? html.length;
  return html.slice(0, end) + script.html + html.slice(end);
}

function duringOf(subject: PageSubject | undefined) {
  if (subject?.page === 'error') return subject.during;
  return subject?.page === 'choose' ? 'login' : 'logout';
}
