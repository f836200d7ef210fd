// What people see at the provider.
import escapeHtml from 'escape-html';
import type { People } from './provider.ts';

/** What is shown of an authorization request. */
interface Asked {
  client_id?: unknown;
  acr_values?: unknown;
}

/** Asks who somebody is: a button for each of the people. */
export function renderLogin(people: People, { client_id: clientId, acr_values: classes }: Asked): string {
  const buttons = Object.entries(people).map(([key, { name, email = '' }]) => {
    const label = `<b>${escapeHtml(name)}</b><small>${escapeHtml(email)}</small>`;
    return `<button name="person" value="${escapeHtml(key)}">${label}</button>`;
  });
  const stronger = classes ? `, which asks for a login of the class <b>${escapeHtml(`${classes}`)}</b>` : '';
  return `<p>to continue to <b>${escapeHtml(`${clientId}`)}</b>${stronger}. This provider is for trying things: choose who you are.</p>
<form method="post">${buttons.join('')}<button name="cancel" value="yes" class="plain">Cancel</button></form>`;
}

/** A page of the provider: its title as text, its content as HTML. */
export function renderPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --paper: #eef1f6; --ink: #1c2333; --quiet: #566075; --card: #fff; --row: #f7f9fc;
    --line: #d9dfea; --accent: #3559e0; --lit: #f0f4ff }
  @media (prefers-color-scheme: dark) { :root { --paper: #10131a; --ink: #e6e9f0; --quiet: #a6afc0; --card: #191e28;
    --row: #202734; --line: #353e50; --accent: #8aa4ff; --lit: #26304a } }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
    font: 16px/1.5 system-ui, sans-serif }
  main { box-sizing: border-box; width: min(24rem, 92vw); padding: 2rem; background: var(--card); border-radius: 14px;
    box-shadow: 0 8px 30px #1c233322 }
  h1 { margin: 0; font-size: 1.5rem } p { margin: .25rem 0 1.25rem; color: var(--quiet) }
  button { display: flex; flex-direction: column; width: 100%; margin-top: .6rem; padding: .7rem 1rem; font: inherit;
    text-align: left; color: inherit; background: var(--row); border: 1px solid var(--line); border-radius: 9px;
    cursor: pointer }
  button:hover, button:focus-visible { border-color: var(--accent); background: var(--lit); outline: none }
  small { color: var(--quiet) } .plain { align-items: center; background: none; border-color: transparent }
</style>
<main><h1>${title}</h1>${content}</main>
</html>`;
}
