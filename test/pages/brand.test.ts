import { describe, expect, it } from '@jest/globals';
import type { PageOptions } from 'express-connect-auth';
import { providers } from 'express-connect-auth';
import { contrastOf } from '../../src/options/contrast.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

async function show(pages: PageOptions, path = '/signed-out', options: object = {}) {
  const app = await start({ op, pages, ...options });
  const answer = await app.browser().get(path);
  return { page: await answer.text(), policy: answer.headers.get('content-security-policy') ?? '' };
}

/** What a page says of its first button: for light pages, then for dark ones. */
const accentsOf = (page: string) =>
  [...page.matchAll(/--accent: (#\w+); --on-accent: (#\w+); --accent-edge: ([^;}]+?)[;\s]/g)].map(
    ([, accent, onAccent, edge]) => ({ accent: accent!, onAccent: onAccent!, edge }),
  );

describe('the brand of an application', () => {
  it('has its name in the title and above the heading, or its logo, which says the name', async () => {
    const named = await show({ brand: { name: 'Bits & Bytes' } });
    expect(named.page).toContain('<title>You are signed out · Bits &amp; Bytes</title>');
    expect(named.page).toContain('<p class="brand">Bits &amp; Bytes</p>\n<h1>');
    expect(named.policy).not.toContain('img-src');
    const { page, policy } = await show({
      brand: { name: 'Bits & Bytes', logo: '/logo.svg', logoDark: 'https://cdn.example.com/dark.svg' },
    });
    expect(page).toContain('<img src="/logo.svg" alt="Bits &amp; Bytes">');
    expect(page).toContain('srcset="https://cdn.example.com/dark.svg"');
    expect(policy).toContain("img-src 'self' https://cdn.example.com;");
  });

  it('has names and logos of providers, and loads no more than those', async () => {
    const provider = providers.oidc(await op.registerApp('http://localhost'));
    const { page, policy } = await show(
      { providers: { work: { name: 'Acme <Inc.>', logo: 'data:image/png;base64,AAAA' } } },
      '/login',
      { providers: { work: provider, github: provider, 'my-bank': provider } },
    );
    const names = [...page.matchAll(/<li><a [^>]+>(?:<img [^>]+>)?([^<]+)</g)].map(([, name]) => name);
    expect(names).toEqual(['Acme &lt;Inc.&gt;', 'GitHub', 'My bank']);
    expect(page).toContain('<img src="data:image/png;base64,AAAA" alt="">');
    expect(policy).toContain('img-src data:;');
  });

  it.each([
    '#2456c9',
    '#ffd400',
    '#fefefe',
    '#000',
    '#777777',
    '#1b212a',
    '#808080',
  ])('has a button that can be read and seen in any colour: %s', async (accent) => {
    const { page } = await show({ brand: { accent } });
    const accents = accentsOf(page);
    expect(accents).toHaveLength(2);
    for (const [index, card] of ['#ffffff', '#1b212a'].entries()) {
      const { accent: color, onAccent, edge } = accents[index]!;
      expect(contrastOf(color, onAccent)).toBeGreaterThanOrEqual(4.5);
      const edges = { 'var(--accent)': color, 'var(--edge)': index === 0 ? '#7d8695' : '#76829a' };
      expect(contrastOf(edges[edge as 'var(--edge)'], card)).toBeGreaterThanOrEqual(3);
    }
  });

  it('has a colour of its own where the browser asks for dark pages', async () => {
    const { page } = await show({ brand: { accent: '#063', accentDark: '#9f9' } });
    expect(accentsOf(page).map(({ accent }) => accent)).toEqual(['#006633', '#99ff99']);
  });

  it('reckons contrast as WCAG does', () => {
    expect(contrastOf('#ffffff', '#000000')).toBe(21);
    expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(contrastOf('#ff0000', '#ffffff')).toBeCloseTo(4.0, 1);
  });
});
