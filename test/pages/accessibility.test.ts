import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PageOptions } from 'express-connect-auth';
import type { Browser, Page } from 'playwright-core';
import { LANGUAGES } from '../../src/page-texts.ts';
import { allPages, logo, servePages } from '../support/all-pages.ts';
import { openChromium } from '../support/chromium.ts';
import type { ListeningServer } from '../support/listen.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const data = (color: string) => `data:image/svg+xml,${encodeURIComponent(logo(color))}`;
/** The hardest that a brand can be: a pale accent, large corners, logos everywhere. */
const brand: PageOptions = {
  brand: { name: 'Example', logo: data('teal'), logoDark: data('aqua'), accent: '#ffee99', radius: 24 },
  providers: { github: { logo: data('black') }, google: { name: 'Google', logo: data('red') } },
};

let browser: Browser;
let plain: ListeningServer;
let branded: ListeningServer;
beforeAll(async () => {
  [browser, plain, branded] = await Promise.all([openChromium(), servePages(), servePages(brand)]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([plain?.close(), branded?.close()]);
});

interface Finding {
  readonly page: string;
  readonly rule: string;
  readonly html: string;
}

/**
 * What axe finds on a page that is shown: all rules of WCAG 2.2 AA and its own best practices, or one by name. axe stays with the
 * document, which is 31 pages one after the other.
 */
async function findFaults(page: Page, name: string, rule?: string): Promise<Finding[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const violations = await page.evaluate(
    async (runOnly) => {
      const { axe } = globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: object[] }> };
      };
      const { violations } = await axe.run({ runOnly, resultTypes: ['violations'] });
      return violations as { id: string; nodes: { html: string }[] }[];
    },
    rule === undefined ? { type: 'tag', values: tags } : { type: 'rule', values: [rule] },
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => ({ page: name, rule: id, html })));
}

/** Shows a page in the document that is open, under the policy that all pages share. */
async function showNext(page: Page, url: string): Promise<void> {
  const headers = { 'accept-language': await page.evaluate(() => navigator.language) };
  const html = await (await fetch(url, { headers })).text();
  await page.evaluate((text) => {
    const next = new DOMParser().parseFromString(text, 'text/html').documentElement;
    document.replaceChild(document.adoptNode(next), document.documentElement);
  }, html);
}

/** Whether something sticks out of a page, so that it scrolls sideways. */
const sticksOut = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

async function openPhone(language: string, colorScheme: 'light' | 'dark'): Promise<Page> {
  const context = await browser.newContext({
    locale: language,
    colorScheme,
    viewport: { width: 390, height: 844 },
  });
  return context.newPage();
}

const looks = LANGUAGES.flatMap((language) => [[language, 'light'] as const, [language, 'dark'] as const]);

describe('every page of ours', () => {
  it.each(looks)(
    'is one that everybody can use, in %s and %s, on a phone (WCAG 2.2 AA)',
    async (language, scheme) => {
      const page = await openPhone(language, scheme);
      const faults: unknown[] = [];
      // What a brand adds is the same in every language, and so are the colours of dark pages.
      for (const { origin } of language === 'en' ? [plain, branded] : [plain]) {
        await page.goto(`${origin}/choose`);
        await page.evaluate(axe);
        for (const name of allPages.keys()) {
          await showNext(page, `${origin}/${name}`);
          expect(await page.getAttribute('html', 'lang')).toBe(language);
          expect(
            await page.evaluate(() => getComputedStyle(document.querySelector('main')!).borderRadius),
          ).toBe(origin === plain.origin ? '12px' : '24px');
          faults.push(...(await findFaults(page, name, scheme === 'dark' ? 'color-contrast' : undefined)));
          if (await sticksOut(page)) faults.push({ page: name, rule: 'sticks out' });
        }
      }
      expect(faults).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  it('can be read where it is 320 pixels wide, as at four times its size', async () => {
    const page = await openPhone('de', 'light');
    await page.setViewportSize({ width: 320, height: 256 });
    await page.goto(`${branded.origin}/choose`);
    for (const name of allPages.keys()) {
      await showNext(page, `${branded.origin}/${name}`);
      expect([name, await sticksOut(page)]).toEqual([name, false]);
    }
    await page.context().close();
  });

  it('would be found out: a page whose words cannot be read is', async () => {
    const page = await openPhone('en', 'light');
    await page.goto(`${plain.origin}/choose`);
    await page.evaluate(axe);
    await showNext(page, `${plain.origin}/signed_out`);
    await page.evaluate(() => {
      document.querySelector('p')!.setAttribute('style', 'color: #ccc');
      document.querySelector('h1')!.style.color = '#ddd';
      document.documentElement.removeAttribute('lang');
    });
    const rules = (await findFaults(page, 'signed_out')).map(({ rule }) => rule);
    expect(new Set(rules)).toEqual(new Set(['color-contrast', 'html-has-lang']));
    await page.context().close();
  });

  it('shows where the focus is, and leads by keys from the first button to the last', async () => {
    const page = await openPhone('en', 'light');
    await page.goto(`${plain.origin}/login_refused`);
    const reached: string[] = [];
    for (const _ of [1, 2, 3]) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(() => {
          const { outlineStyle } = getComputedStyle(document.activeElement!);
          return `${document.activeElement!.textContent} ${outlineStyle}`;
        }),
      );
    }
    expect(reached).toEqual([
      'Use another account solid',
      'Sign out of the sign-in service solid',
      'Home page solid',
    ]);
    await page.context().close();
  });
});
