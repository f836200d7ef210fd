import type { BrowserLogout } from '../provider/provider-logout.ts';

/** An ID token may be larger than any URL that servers take. In characters. */
const MAX_URL_LENGTH = 4096;

/** Whether a logout at the provider must be sent as a form. */
export function needsForm({ url }: BrowserLogout): boolean {
  return url.href.length > MAX_URL_LENGTH;
}

/** A logout as a form: what is ours goes into fields, and the endpoint keeps the query that it has. */
export function toForm({ url, params }: BrowserLogout): { action: string; fields: Record<string, string> } {
  const action = new URL(url);
  const fields: Record<string, string> = {};
  for (const name of params) {
    fields[name] = url.searchParams.get(name) ?? '';
    action.searchParams.delete(name);
  }
  return { action: action.href, fields };
}

/**
 * For a script, which cannot post a form elsewhere: without the hint the provider asks the person, where it takes a logout
 * without one. `undefined`: it does not.
 */
export function shorten(logout: BrowserLogout): URL | undefined {
  if (!needsForm(logout)) return logout.url;
  if (logout.needsHint) return undefined;
  const short = new URL(logout.url);
  short.searchParams.delete('id_token_hint');
  return short;
}
