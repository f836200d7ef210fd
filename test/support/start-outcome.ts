import type { TestApp } from './app.ts';

/** What came of starting a login. */
export interface StartOutcome {
  status: number;
  /** Code of the error that was reported last. */
  error: string | undefined;
  /** Whether the browser was sent anywhere, and whether it was given a cookie. */
  redirected: boolean;
  hasCookie: boolean;
}

/** Opens a page that leads to the provider, in a new browser. */
export async function tryStart(app: TestApp, path = '/login'): Promise<StartOutcome> {
  const browser = app.browser();
  const answer = await browser.get(path);
  return {
    status: answer.status,
    error: app.errors.at(-1)?.error.code,
    redirected: answer.headers.has('location'),
    hasCookie: browser.jar.all().length > 0,
  };
}

export const started: StartOutcome = { status: 302, error: undefined, redirected: true, hasCookie: true };

/** The browser was sent nowhere and left with nothing. */
export function notStarted(error: string, status: number): StartOutcome {
  return { status, error, redirected: false, hasCookie: false };
}
