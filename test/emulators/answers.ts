import escapeHtml from 'escape-html';
import type { Refusal } from './refusal.ts';

/** What an endpoint answers; the listener writes it as it stands. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const pageStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f3f4f6;color:#111827}
main{max-width:24rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:.5rem;box-shadow:0 1px 4px #0003}
h1{font-size:1.25rem;margin:0 0 1rem}
button{font:inherit;display:block;width:100%;margin-top:.75rem;padding:.625rem;border:1px solid #1d4ed8;border-radius:.375rem;background:#1d4ed8;color:#fff;cursor:pointer}
button[value=cancel]{background:#fff;color:#1d4ed8}`;

/** JSON that is safe inside a script element: `</script>` and `<!--` cannot end it. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** A whole HTML page; `content` is markup, so its values are escaped by the caller. */
export const htmlPage = (status: number, title: string, content: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache, no-store' },
  body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title><style>${pageStyle}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${content}
</main></body>
</html>
`,
});

export const redirect = (location: string, status = 302): Answer => ({
  status,
  headers: { location, 'cache-control': 'no-store' },
  body: '',
});

/** Adds parameters to a registered URI without touching a byte of it. */
export const appendParameters = (uri: string, values: Record<string, string>): string => {
  const query = new URLSearchParams(values).toString();
  return query === '' ? uri : `${uri}${uri.includes('?') ? '&' : '?'}${query}`;
};

const hiddenInputs = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('\n');

/** A form with hidden fields and the given buttons. */
export const htmlForm = (action: string, fields: Record<string, string>, buttons: string): string =>
  `<form method="post" action="${escapeHtml(action)}">\n${hiddenInputs(fields)}\n${buttons}\n</form>`;

/**
 * The page of the form_post response mode, which submits itself.
 * @see OAuth 2.0 Form Post Response Mode
 */
export const formPostPage = (action: string, fields: Record<string, string>): Answer =>
  htmlPage(
    200,
    'Signing in',
    `${htmlForm(action, fields, '<noscript><button>Continue</button></noscript>')}
<script>document.forms[0].submit()</script>`,
  );

/** The error answer of RFC 6749 section 5.2. */
export const oauthError = (refusal: Refusal): Answer =>
  json(
    refusal.status,
    { error: refusal.code, error_description: refusal.message },
    { 'cache-control': 'no-store', ...refusal.headers },
  );
