import { describe, expect, it } from '@jest/globals';
import { type ConnectAuthOptions, type PageTexts, requireAuth } from 'express-connect-auth';
import { LANGUAGES, PAGE_NAMES, PLACEHOLDERS } from '../../src/page-texts.ts';
import { OUR_TEXTS } from '../../src/pages/all-texts.ts';
import { servePages } from '../support/all-pages.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

type Pages = NonNullable<ConnectAuthOptions['pages']>;

/** The language, heading and headers of the signed-out page. */
async function ask(pages: Pages | undefined, acceptLanguage?: string) {
  const app = await start({ op, ...(pages && { pages }) });
  const headers = acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage };
  return { ...(await read(await app.browser().get('/signed-out', headers))), errors: app.errors };
}

async function read(answer: Response) {
  const page = await answer.text();
  return {
    lang: /<html lang="([^"]+)">/.exec(page)?.[1],
    title: /<h1>([^<]+)<\/h1>/.exec(page)?.[1],
    contentLanguage: answer.headers.get('content-language'),
    vary: (answer.headers.get('vary') ?? '').split(', '),
    page,
  };
}

const italian: PageTexts = {
  ...OUR_TEXTS.en,
  pages: {
    ...OUR_TEXTS.en.pages,
    signed_out: { title: 'Disconnesso', message: 'La sessione è terminata.' },
  },
};

describe('the language of a page', () => {
  it.each([
    ['none', undefined, 'en'],
    ['German of Switzerland', 'de-CH', 'de'],
    ['German of Switzerland before English of the same weight', 'de-CH, en', 'de'],
    ['what weighs most, wherever it stands', 'en;q=0.7, fr;q=0.9, de;q=0.8', 'fr'],
    ['the weight of a range that is not there is one', 'en;q=0.9, nl', 'nl'],
    ['a language that we have not, then one that we have', 'pl, es;q=0.5', 'es'],
    ['a language that we have not', 'pl', 'en'],
    ['both Norwegians', 'nn-NO', 'nb'],
    ['Norwegian without saying which', 'no, en;q=0.5', 'nb'],
    ['Bokmål', 'nb-NO,nb;q=0.9,no;q=0.8,en-US;q=0.5', 'nb'],
    ['anything', '*', 'en'],
    ['anything but English', 'en;q=0, *', 'de'],
    ['anything rather than German', '*;q=0.5, de;q=0.1', 'en'],
    ['no English, and nothing else', 'en;q=0', 'en'],
    ['no German, though any', 'de;q=0, de-AT', 'en'],
    ['capitals', 'FR-fr;Q=1', 'fr'],
    ['white space', ' fr ; q = 0.3 ,  nl ;q=0.4', 'nl'],
    ['a weight that is none, of which the rest is read', 'fr;q=2, de;q=1.5, nl;q=0.1', 'nl'],
    ['nonsense', ';;;,=,q=1,"', 'en'],
    ['what would be markup', '"><script>', 'en'],
  ])('is what the browser asks for: %s', async (_, header, language) => {
    const { lang, contentLanguage, vary, title } = await ask(undefined, header);
    expect([lang, contentLanguage]).toEqual([language, language]);
    expect(vary).toContain('Accept-Language');
    expect(title).toBe(OUR_TEXTS[language as 'en'].pages.signed_out.title);
  });

  it('costs nobody else anything, however long a tag is that a browser sends, or the application gives', async () => {
    const long = `de${'-a'.repeat(7500)}`;
    const [, language] = [await ask(undefined), () => long];
    const before = process.cpuUsage();
    for (let request = 0; request < 3; request += 1) expect((await ask(undefined, long)).lang).toBe('de');
    expect((await ask({ language })).lang).toBe('de');
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it('is one where the application has one, whatever the browser asks for, and no cache hears of it', async () => {
    const { lang, vary } = await ask({ languages: ['fr'] }, 'de');
    expect(lang).toBe('fr');
    expect(vary).not.toContain('Accept-Language');
  });

  it('is the first of those that the application lists where the browser asks for none of them', async () => {
    expect((await ask({ languages: ['nl', 'de'] }, 'fr, en')).lang).toBe('nl');
    expect((await ask({ languages: ['nl', 'de'] }, 'en, de;q=0.1')).lang).toBe('de');
  });

  it('is what the application says of a request, before the browser is asked', async () => {
    const language: Pages['language'] = (req) => (req.path === '/signed-out' ? 'es-MX' : undefined);
    expect((await ask({ language }, 'de')).lang).toBe('es');
    expect((await ask({ language: () => undefined }, 'de')).lang).toBe('de');
    expect((await ask({ language: () => 'xx' }, 'de')).lang).toBe('de');
  });

  it('is that of the browser where the function of the application throws, which is told', async () => {
    const language = () => {
      throw new Error('no profile');
    };
    const { lang, errors } = await ask({ language }, 'de');
    expect(lang).toBe('de');
    expect(errors.map(({ error }) => error)).toMatchObject([{ code: 'unexpected', hook: 'pages.language' }]);
  });

  it('is that of the browser where the function of the application makes it wait, which is told and ends nothing', async () => {
    const language = (async () => {
      throw new Error('no profile');
    }) as never;
    const { lang, errors } = await ask({ language }, 'de');
    expect(lang).toBe('de');
    expect(errors.map(({ error }) => error)).toMatchObject([{ code: 'unexpected', hook: 'pages.language' }]);
  });

  it('may be one that the application brings', async () => {
    const { lang, title } = await ask({ texts: { it: italian } }, 'it-CH, de;q=0.8');
    expect([lang, title]).toEqual(['it', 'Disconnesso']);
    const brazilian = { texts: { 'pt-BR': italian } };
    expect((await ask(brazilian, 'pt')).lang).toBe('pt-BR');
    expect((await ask({ texts: { nn: italian } }, 'nn')).lang).toBe('nn');
  });

  it('has words of the application in place of ours', async () => {
    const texts: Pages['texts'] = {
      de: { pages: { signed_out: { title: 'Bis <bald>!' } }, labels: { home: 'Zum Laden' } },
    };
    const { page } = await ask({ texts }, 'de');
    expect(page).toContain('<h1>Bis &lt;bald&gt;!</h1>');
    expect(page).toContain(OUR_TEXTS.de.pages.signed_out.message);
    expect(page).toContain('<a href="/">Zum Laden</a>');
  });

  it('is also that of a page that a guard sends, and of its words about what is missing', async () => {
    const app = await start({
      op,
      handlers: (server) =>
        server.get('/admin', requireAuth({ roles: ['admin', 'editor'] }), () => undefined),
    });
    const browser = app.browser();
    await app.logIn(browser);
    const { lang, page } = await read(await browser.get('/admin', { 'accept-language': 'de' }));
    expect(lang).toBe('de');
    expect(page).toContain('Es fehlt: eine der Rollen admin, editor.');
  });
});

describe('the reference of a fault', () => {
  it.each(LANGUAGES)('is on its page, in words that say what it is for: %s', async (language) => {
    const server = await servePages();
    const headers = { 'accept-language': language };
    const page = await (await fetch(`${server.origin}/login_denied`, { headers })).text();
    await server.close();
    const [before, after] = OUR_TEXTS[language].labels.reference.split('{reference}');
    expect(page).toContain(`<p class="auth-reference">${before}<code>K7QX-2M9D</code>${after}</p>`);
  });
});

describe('the texts of a language', () => {
  const placeholdersOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

  it.each(LANGUAGES)('fill in what English fills in, and say all else in their own words: %s', (language) => {
    const { pages, labels } = OUR_TEXTS[language];
    for (const name of PAGE_NAMES) {
      const expected = PLACEHOLDERS[name] === undefined ? [] : [PLACEHOLDERS[name]];
      expect([name, placeholdersOf(pages[name].message)]).toEqual([name, expected]);
      expect([name, placeholdersOf(pages[name].title)]).toEqual([name, []]);
      if (language !== 'en') expect(pages[name].message).not.toBe(OUR_TEXTS.en.pages[name].message);
    }
    for (const [name, text] of Object.entries(labels)) {
      const expected = PLACEHOLDERS[name as 'missing'] === undefined ? [] : [PLACEHOLDERS[name as 'missing']];
      expect([name, placeholdersOf(text)]).toEqual([name, expected]);
    }
  });

  it('do not compile when one is missing', () => {
    const { choose: _, ...pages } = OUR_TEXTS.en.pages;
    const { home: __, ...labels } = OUR_TEXTS.en.labels;
    const complete = (_texts: PageTexts) => undefined;
    // @ts-expect-error a page has no words
    complete({ labels: OUR_TEXTS.en.labels, pages });
    // @ts-expect-error a label is missing
    complete({ labels, pages: OUR_TEXTS.en.pages });
    // @ts-expect-error a page has no message
    complete({ labels: OUR_TEXTS.en.labels, pages: { ...pages, choose: { title: 'Choose' } } });
    complete(OUR_TEXTS.en);
  });
});
