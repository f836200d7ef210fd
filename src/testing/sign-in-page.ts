import { createHash } from 'node:crypto';
import escapeHtml from 'escape-html';
import type { ProviderAnswer } from './provider-server.ts';
import type { TestPerson } from './test-people.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --paper: #f4f1ea; --card: #fff; --line: #857b68; --accent: #6a3d00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ece8e0; --paper: #16130e; --card: #211d16; --line: #8f8570; --accent: #f0b766 }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
main { box-sizing: border-box; width: min(26rem, 92vw); padding: 2rem; background: var(--card);
  border: 1px dashed var(--line); border-radius: .75rem }
h1 { margin: 0 0 .5rem; font-size: 1.25rem }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
button { display: block; width: 100%; margin-top: .5rem; padding: .6rem 1rem; font: inherit; color: var(--accent);
  background: none; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
small { display: block }`;

const SUBMIT_SCRIPT = 'document.forms[0].submit()';

/** What the sign-in page is about. */
export interface SignIn {
  readonly people: readonly TestPerson[];
  readonly clientId: string;
  /** The authentication context that the application asked for. */
  readonly acr: string | undefined;
  /** The path and query that the form goes to. */
  readonly action: string;
}

/** Asks who somebody wants to be. Its buttons have the people's names. */
export function renderSignIn({ people, clientId, acr, action }: SignIn): ProviderAnswer {
  const buttons = people.map(({ sub, name, email }) => {
    const label = escapeHtml(String(name ?? sub));
    const detail = email === undefined ? '' : `<small>${escapeHtml(String(email))}</small>`;
    return `<button name="person" value="${escapeHtml(sub)}" aria-label="${label}">${label}${detail}</button>`;
  });
  return renderPage(
    'Sign in',
    `<p>To <b>${escapeHtml(clientId)}</b>${acr === undefined ? '' : `, which asks for a login of the class ${escapeHtml(acr)}`}. This provider is for tests: choose who you are.</p>
<form method="post" action="${escapeHtml(action)}">
${buttons.join('\n')}
<button name="cancel" value="yes">Cancel</button>
</form>`,
  );
}

/** Sends the answer of a login by `form_post`. */
export function renderFormPost(action: string, fields: URLSearchParams): ProviderAnswer {
  const inputs = [...fields].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return renderPage(
    'One moment',
    `<form method="post" action="${escapeHtml(action)}">${inputs.join('')}<button>Continue</button></form>
<script>${SUBMIT_SCRIPT}</script>`,
  );
}

/** Says what is wrong with a request, to whoever writes the application. */
export function renderRefusal(problem: string): ProviderAnswer {
  return { ...renderPage('This request is not right', `<p>${escapeHtml(problem)}</p>`), status: 400 };
}

/** A page of the provider. @param content - HTML. */
export function renderPage(title: string, content: string): ProviderAnswer {
  return {
    headers: {
      'content-security-policy': `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SUBMIT_SCRIPT)}; base-uri 'none'; frame-ancestors 'none'`,
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main><h1>${escapeHtml(title)}</h1>
${content}</main>
</html>
`,
  };
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
