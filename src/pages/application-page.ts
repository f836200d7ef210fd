import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { ApplicationError } from '../application-errors.ts';
import { ConfigurationError } from '../errors.ts';
import type { ResolvedPages } from '../options/page-options.ts';
import type { PageView } from '../page-types.ts';
import type { Page, PageSubject } from './page.ts';
import type { WordedPage } from './page-view.ts';
import { renderContent } from './render-page.ts';

/** A page of the application's own. */
export interface ApplicationPage {
  readonly html: string;
  /** Of the styles and scripts that are written into it. */
  readonly nonce: string;
}

/**
 * Asks the application for its page; `undefined`: it has none of this kind.
 *
 * @throws ApplicationError when its function throws, takes longer than `patienceMs`, or returns no HTML.
 */
export async function askForPage(
  req: Request,
  page: Page,
  worded: WordedPage,
  { pages, patienceMs }: { pages: ResolvedPages; patienceMs: number },
): Promise<ApplicationPage | undefined> {
  const { subject } = page;
  const make = subject && pages[subject.page];
  if (!make) return undefined;
  const nonce = randomBytes(16).toString('base64url');
  const view = describeView(page, subject, { worded, nonce, pages });
  try {
    const html = await inTime(
      () => (make as (view: PageView, req: Request) => unknown)(view, req),
      patienceMs,
    );
    if (typeof html === 'string' && html.trim() !== '') return { html, nonce };
    throw new ConfigurationError(`pages.${subject.page} must return HTML; it returned a ${typeof html}.`);
  } catch (error) {
    throw new ApplicationError(`pages.${subject.page}`, error);
  }
}

/** What is said to the application: nothing of tokens, and nothing of what the provider wrote. */
function describeView(
  { status }: Page,
  subject: PageSubject,
  { worded, nonce, pages }: { worded: WordedPage; nonce: string; pages: ResolvedPages },
): PageView {
  const { language, title, message, links, form, providers } = worded;
  const { name, logo } = pages.brand;
  const view: PageView = {
    ...{ status, language, title, message, links },
    ...(form && { form: { action: form.action, label: form.label } }),
    brand: { ...(name !== undefined && { name }), ...(logo !== undefined && { logo }) },
    html: renderContent(worded),
    nonce,
  };
  const { page: _, during: __, ...more } = { during: undefined, ...subject };
  return Object.freeze({ ...view, ...more, ...(subject.page === 'choose' && { providers }) });
}

async function inTime<Value>(ask: () => Value | Promise<Value>, patienceMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${patienceMs} ms.`)), patienceMs);
  });
  try {
    return await Promise.race([ask(), patience]);
  } finally {
    clearTimeout(timer);
  }
}
