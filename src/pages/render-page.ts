import escapeHtml from 'escape-html';
import type { ResolvedBrand } from '../options/brand-options.ts';
import type { ChoosableProvider } from '../page-types.ts';
import type { WordedPage } from './page-view.ts';

/** A whole document of ours. @param script - HTML at its end. */
export function renderDocument(
  page: WordedPage,
  { style, brand, script }: { style: string; brand: ResolvedBrand; script: string },
): string {
  const { language, title } = page;
  const { name } = brand;
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name === undefined ? title : `${title} · ${name}`)}</title>
<style>${style}</style>
</head>
<body>
<main>
${renderBrand(brand)}${renderContent(page)}
</main>${script}
</body>
</html>
`;
}

/** What a page says and offers. */
export function renderContent(page: WordedPage): string {
  const { title, message, reference, providers, links, form } = page;
  const anchors = links.map(({ href, label }) => `<a href="${escapeHtml(href)}">${escapeHtml(label)}</a>`);
  const forms = form ? [renderForm(form)] : [];
  const actions = anchors.toSpliced(form?.isSecond ? 1 : 0, 0, ...forms);
  return [
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(message)}</p>`,
    ...(reference === undefined ? [] : [renderReference(reference)]),
    ...(providers.length > 0 ? [renderProviders(providers)] : []),
    ...(actions.length > 0 ? [`<div class="auth-actions">\n${actions.join('\n')}\n</div>`] : []),
  ].join('\n');
}

/** In a line of its own, so that it is read as one. */
function renderReference({ words, reference }: NonNullable<WordedPage['reference']>): string {
  const code = `<code>${escapeHtml(reference)}</code>`;
  return `<p class="auth-reference">${escapeHtml(words).replace('{reference}', () => code)}</p>`;
}

/** A logo says the name to whoever does not see it. */
function renderBrand({ name, logo, logoDark }: ResolvedBrand): string {
  if (logo === undefined) return name === undefined ? '' : `<p class="brand">${escapeHtml(name)}</p>\n`;
  const image = `<img src="${escapeHtml(logo)}" alt="${escapeHtml(name ?? '')}">`;
  if (logoDark === undefined) return `<p class="brand">${image}</p>\n`;
  const dark = `<source media="(prefers-color-scheme: dark)" srcset="${escapeHtml(logoDark)}">`;
  return `<p class="brand"><picture>${dark}${image}</picture></p>\n`;
}

function renderProviders(providers: readonly ChoosableProvider[]): string {
  const items = providers.map(({ href, name, logo }) => {
    const image = logo === undefined ? '' : `<img src="${escapeHtml(logo)}" alt="">`;
    return `<li><a href="${escapeHtml(href)}">${image}${escapeHtml(name)}</a></li>`;
  });
  return `<ul class="auth-providers">\n${items.join('\n')}\n</ul>`;
}

function renderForm({ action, label, fields }: NonNullable<WordedPage['form']>): string {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
  const inputs = pairs.map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const button = `<button>${escapeHtml(label)}</button>`;
  return `<form method="post" action="${escapeHtml(action)}">${inputs.join('')}${button}</form>`;
}
