import type { TestApp } from './app.ts';
import { exchange } from './http-exchange.ts';
import type { OpenIdProvider } from './open-id-provider.ts';

/** Sends a page request whose request line is `GET <target> HTTP/1.1`, as written and in a browser without cookies. */
export function requestTarget(
  app: Pick<TestApp, 'origin'>,
  target: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return exchange({ method: 'GET', url: app.origin, target, headers: { accept: 'text/html', ...headers } });
}

/** Follows the login that such a request begins to its end, and returns where that leads. */
export async function followLogin(
  { app, op }: { app: TestApp; op: Pick<OpenIdProvider, 'signIn'> },
  target: string,
  headers: Record<string, string> = {},
): Promise<string | null> {
  const answer = await requestTarget(app, target, headers);
  const location = answer.headers.get('location');
  if (!location)
    throw new Error(`GET ${target} answered ${answer.status} without a redirect to the provider.`);
  const browser = app.browser();
  browser.jar.store(app.origin, answer.headers.getSetCookie());
  return (await browser.deliver(await op.signIn(location))).headers.get('location');
}
