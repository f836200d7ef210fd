import type { ResolvedBrand } from '../options/brand-options.ts';
import { contrastOf } from '../options/contrast.ts';

/** What everything stands on, in light and in dark. */
const CARDS = { light: '#ffffff', dark: '#1b212a' } as const;

/** The least contrast of what has to be seen but not read. @see [WCAG 2.2, 1.4.11](https://www.w3.org/TR/WCAG22/#non-text-contrast) */
const VISIBLE = 3;

/** The style of all our pages, in the colours of the application. */
export function renderStyle({ accent, accentDark, font, radius }: ResolvedBrand): string {
  const dark = accentDark ?? accent ?? '#7ea6ff';
  return `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #525c6b; --paper: #f6f7f9; --card: ${CARDS.light}; --line: #dfe3ea;
  --edge: #7d8695; ${renderAccent(accent ?? '#2456c9', CARDS.light)}; --radius: ${radius}px; --font: ${font} }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf0; --quiet: #a9b2c0; --paper: #12161c; --card: ${CARDS.dark}; --line: #303846;
    --edge: #76829a; ${renderAccent(dark, CARDS.dark)} }
}
body { margin: 0; min-height: 100vh; box-sizing: border-box; padding: 1rem; display: grid; place-items: center;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 var(--font) }
main { box-sizing: border-box; width: 100%; max-width: 26rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: var(--radius); overflow-wrap: anywhere }
.brand { margin: 0 0 1.5rem; font-weight: 600 }
.brand img { display: block; max-width: 100%; max-height: 3rem }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.25; text-wrap: balance }
p { margin: 0 0 1.25rem }
.auth-reference { font-size: .875rem; color: var(--quiet) }
.auth-reference code { display: block; font-size: 1rem }
ul { list-style: none; margin: 0; padding: 0 }
a, button { display: flex; align-items: center; justify-content: center; gap: .75rem; width: 100%; min-height: 2.75rem;
  box-sizing: border-box; margin-top: .75rem; padding: .5rem 1rem; font: inherit; text-align: center;
  text-decoration: none; color: var(--ink); background: none; border: 1px solid var(--edge);
  border-radius: calc(var(--radius) * 2 / 3); cursor: pointer }
a:hover, button:hover { text-decoration: underline }
a img { width: 1.25rem; height: 1.25rem; object-fit: contain; padding: .125rem; border-radius: .25rem; background: #fff }
.auth-actions > a:first-child, .auth-actions > form:first-child button { font-weight: 600; color: var(--on-accent);
  background: var(--accent); border-color: var(--accent-edge) }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }`;
}

/** Any colour will do: the words on it are what is easier to read, and its edge can be seen. */
function renderAccent(accent: string, card: string): string {
  const onAccent = contrastOf(accent, '#ffffff') >= contrastOf(accent, '#000000') ? '#ffffff' : '#000000';
  const edge = contrastOf(accent, card) >= VISIBLE ? 'var(--accent)' : 'var(--edge)';
  return `--accent: ${accent}; --on-accent: ${onAccent}; --accent-edge: ${edge}`;
}
