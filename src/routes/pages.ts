import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import escapeHtml from 'escape-html';
import helmet from 'helmet';
import { noStore } from '../cache-headers.ts';

/** A page of ours: plain words, and at most one thing to do. Whatever it is given is escaped. */
export interface Page {
  readonly status: number;
  readonly title: string;
  readonly message: string;
  readonly links?: readonly { readonly href: string; readonly label: string }[];
  /** A form with one button; with `submit` it sends itself where scripts run. */
  readonly form?: {
    readonly action: string;
    readonly submit?: boolean;
    readonly label: string;
    readonly fields: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
    /** Whether the answer may redirect to any place: it is a route of the application's that gives it. */
    readonly leadsAnywhere?: boolean;
  };
  /** What pages of our origin are told, on the channel `connect-auth`; then the window closes. */
  readonly broadcast?: Readonly<Record<string, unknown>>;
  /** Takes the query out of the address bar: it held a code or a token. */
  readonly stripQuery?: boolean;
  /** Whose pages may show this one in a frame. */
  readonly frameAncestors?: readonly string[];
  /** Under which the application's log has what this page is about; people who ask for help are to give it. */
  readonly reference?: string | undefined;
}

/** Answers with a page: a whole document, its policy, and headers that let nobody keep it. */
export type SendPage = (req: IncomingMessage, res: ServerResponse, page: Page) => void;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #f6f7f9; --card: #fff; --line: #dfe3ea; --accent: #2456c9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf0; --paper: #12161c; --card: #1b212a; --line: #303846; --accent: #7ea6ff }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
main { box-sizing: border-box; width: min(26rem, 92vw); padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .5rem; font-size: 1.25rem }
p { margin: 0 0 1.25rem }
a, button { display: block; width: 100%; box-sizing: border-box; margin-top: .5rem; padding: .6rem 1rem; font: inherit;
  text-align: center; text-decoration: none; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer;
  color: var(--accent); background: none }
a:first-of-type, button { border-color: var(--accent) }
form ~ a:first-of-type { border-color: var(--line) }`;

/**
 * Tells the page that opened this window, over a channel of our origin: helmet's opener policy cuts `window.opener`.
 * What it says stands in the page as data, so that the script is always the same and the policy can name it.
 */
const BROADCAST_SCRIPT = `
const channel = new BroadcastChannel('connect-auth');
channel.postMessage(JSON.parse(document.querySelector('main').dataset.broadcast));
channel.close();
history.replaceState(null, '', location.pathname);
window.close();`;

const SUBMIT_SCRIPT = 'document.forms[0].submit()';

const STRIP_QUERY_SCRIPT = "history.replaceState(null, '', location.pathname)";

/**
 * Sends pages that load nothing, run nothing they need not, and can be framed by nobody they do not name.
 *
 * @param formTargets - origins that a form's answer may redirect to: Chromium applies `form-action` to redirects.
 */
export function createPageSender(formTargets: () => readonly string[]): SendPage {
  return (req, res, page) => {
    const script = scriptOf(page);
    const setHeaders = helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          styleSrc: [hashSource(STYLE)],
          ...(script ? { scriptSrc: [hashSource(script)] } : {}),
          baseUri: ["'none'"],
          frameAncestors: page.frameAncestors ?? ["'none'"],
          ...(page.form?.leadsAnywhere
            ? {}
            : { formAction: page.form ? ["'self'", ...new Set(formTargets())] : ["'none'"] }),
        },
      },
      // A page that demands isolation of its frames (COEP) takes one that says so, too.
      ...(page.frameAncestors
        ? {
            xFrameOptions: false,
            crossOriginResourcePolicy: { policy: 'cross-origin' },
            crossOriginEmbedderPolicy: true,
          }
        : { xFrameOptions: { action: 'deny' } }),
      // Whether the whole host is https for ever is the application's to say.
      strictTransportSecurity: false,
    });
    setHeaders(req, res, (error) => {
      if (error) throw error;
      // helmet leaves what an application's own helmet has set before.
      if (page.frameAncestors) res.removeHeader('X-Frame-Options');
      res.statusCode = page.status;
      res.setHeader('Content-Type', 'text/html; charset=utf-8');
      noStore(res);
      res.end(renderPage(page));
    });
  };
}

function scriptOf({ broadcast, form, stripQuery }: Page): string | undefined {
  if (broadcast) return BROADCAST_SCRIPT;
  if (form?.submit) return SUBMIT_SCRIPT;
  return stripQuery ? STRIP_QUERY_SCRIPT : undefined;
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function renderPage(page: Page): string {
  const { title, message, links = [], form, broadcast, reference } = page;
  const script = scriptOf(page);
  const parts = [
    ...(reference ? [`<p>Reference: <code>${escapeHtml(reference)}</code></p>`] : []),
    ...(form ? [renderForm(form)] : []),
    ...links.map(({ href, label }) => `<a href="${escapeHtml(href)}">${escapeHtml(label)}</a>`),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main${broadcast ? ` data-broadcast="${escapeHtml(JSON.stringify(broadcast))}"` : ''}>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>
${parts.join('\n')}
</main>${script ? `<script>${script}</script>` : ''}
</body>
</html>
`;
}

function renderForm({ action, label, fields }: NonNullable<Page['form']>): string {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
  const inputs = pairs.map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const button = `<button>${escapeHtml(label)}</button>`;
  return `<form method="post" action="${escapeHtml(action)}">${inputs.join('')}${button}</form>`;
}
