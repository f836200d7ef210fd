import type { TestApp } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import type { OpenIdProvider } from './open-id-provider.ts';

/** Logs in to an application whose `baseUrl` is https, as a proxy does that ends TLS: plain http, no header added. */
export async function logInThroughTlsProxy(
  app: TestApp,
  browser: BrowserClient,
  op: Pick<OpenIdProvider, 'signIn'>,
): Promise<Response> {
  const redirect = await browser.get('/login');
  const callback = await op.signIn(redirect.headers.get('location')!);
  const { pathname, search } = new URL(callback.url);
  return browser.deliver({ ...callback, url: `${app.origin}${pathname}${search}` });
}
