import type { TestApp } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import type { Claims } from './scripted-keys.ts';
import type { ScriptedProvider } from './scripted-provider.ts';

/**
 * Logs somebody in, in a browser of their own, with claims of the ID token replaced; `undefined` leaves one out.
 * The provider is honest again afterwards.
 */
export async function logInWith(
  op: ScriptedProvider,
  app: TestApp,
  { as = 'ada', path, ...claims }: { as?: string; path?: string } & Claims = {},
): Promise<BrowserClient> {
  const browser = app.browser();
  op.script({ claims: (honest) => ({ ...honest, ...claims }) });
  const answer = await app.logIn(browser, { as, ...(path && { path }) });
  op.script();
  if (answer.status !== 303) throw new Error(`The login was answered with ${answer.status}.`);
  return browser;
}
