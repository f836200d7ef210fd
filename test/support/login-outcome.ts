import type { LogInOptions, TestApp } from './app.ts';
import type { BrowserClient, Callback } from './browser-client.ts';
import type { OpenIdProvider } from './open-id-provider.ts';

/** What came of a login, as the browser and the operator see it. */
export interface LoginOutcome {
  /** Status of the callback's answer. */
  status: number;
  /** Code of the error that was reported last. */
  error: string | undefined;
  /** `sub` of whoever is logged in afterwards. */
  user: string | undefined;
  hasSessionCookie: boolean;
}

/** Goes through a login to its end, good or bad, and looks at what is left. */
export async function tryLogin(app: TestApp, options: LogInOptions = {}): Promise<LoginOutcome> {
  const browser = app.browser();
  return lookAt(app, browser, await app.logIn(browser, options));
}

/** Looks at what is left after a callback was answered. */
export async function lookAt(app: TestApp, browser: BrowserClient, answer: Response): Promise<LoginOutcome> {
  const home = (await (await browser.get('/')).json()) as { user: { sub: string } | null };
  return {
    status: answer.status,
    error: app.errors.at(-1)?.error.code,
    user: home.user?.sub,
    hasSessionCookie: browser.jar.get('session') !== undefined,
  };
}

/** Nobody is logged in, nothing was set, and the operator has been told why. */
export function refused(error: string, status = 502): LoginOutcome {
  return { status, error, user: undefined, hasSessionCookie: false };
}

/** Ada is logged in, and no error was reported. */
export const loggedIn: LoginOutcome = {
  status: 303,
  error: undefined,
  user: 'ada',
  hasSessionCookie: true,
};

/** Opens a page that leads to the provider, and returns where it leads. */
export async function beginLogin(browser: BrowserClient, path = '/login'): Promise<URL> {
  const answer = await browser.get(path);
  const location = answer.headers.get('location');
  if (!location) throw new Error(`${path} answered ${answer.status} without a redirect to the provider.`);
  return new URL(location);
}

/** Begins a login and signs in, and keeps back what the provider answers. */
export async function holdCallback(
  op: Pick<OpenIdProvider, 'signIn'>,
  browser: BrowserClient,
  { path = '/login', as = 'ada' } = {},
): Promise<Callback> {
  return op.signIn((await beginLogin(browser, path)).href, { as });
}

/**
 * Brings a callback to the application. A form from the provider's site comes without the session's cookie; where it
 * belongs to no login, the application looks again by a GET.
 */
export async function deliverToEnd(browser: BrowserClient, callback: Callback): Promise<Response> {
  return followToCallback(browser, await browser.deliver(callback));
}

export async function followToCallback(browser: BrowserClient, answer: Response): Promise<Response> {
  const location = answer.headers.get('location');
  return location === '/oauth/callback' ? browser.get(location, { 'sec-fetch-site': 'cross-site' }) : answer;
}

/** The parameters of a callback, whether they came by query or by form. */
export function readAnswer(callback: Callback): URLSearchParams {
  return callback.method === 'POST' ? new URLSearchParams(callback.body) : new URL(callback.url).searchParams;
}

/** The same callback with other parameters. Pairs, so that one may come twice. */
export function withAnswer(
  callback: Callback,
  answer: URLSearchParams | readonly (readonly [string, string])[],
): Callback {
  const params = new URLSearchParams(answer as URLSearchParams);
  if (callback.method === 'POST') return { ...callback, body: params };
  const url = new URL(callback.url);
  url.search = params.toString();
  return { method: 'GET', url: url.href };
}
