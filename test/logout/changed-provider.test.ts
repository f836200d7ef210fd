import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const other = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

/** One application, before and after its provider was exchanged for another under the same name. */
const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, redis: redis.url, application: 'shop', ...options });

async function logInBefore(): Promise<{ browser: BrowserClient }> {
  const before = await start();
  const browser = before.browser();
  await before.logIn(browser);
  return { browser };
}

/** What the new provider got to see of the logout: the browser's way there, and our own requests. */
function seenBy(location: string | null) {
  const hint = URL.canParse(location ?? '') ? new URL(location!).searchParams.get('id_token_hint') : null;
  return { hint, revoked: other.requests('revocation').length };
}

describe('a session of a provider that is configured otherwise by now', () => {
  it.each([
    ['logout', async (browser: BrowserClient) => browser.post('/logout')],
    [
      'logout that names the provider',
      async (browser: BrowserClient) => browser.post('/logout?provider=default'),
    ],
  ])('gives none of its tokens to the provider that has its name: %s (N-01)', async (_, end) => {
    const { browser } = await logInBefore();
    const after = await start({ op: other });
    const answer = await end(after.browser(browser.jar));
    expect(answer.status).toBe(303);
    expect(seenBy(answer.headers.get('location'))).toEqual({ hint: null, revoked: 0 });
  });

  it('is replaced by a login of somebody else, and its tokens go nowhere else (N-01)', async () => {
    const { browser } = await logInBefore();
    const after = await start({ op: other });
    await after.logIn(after.browser(browser.jar), { as: 'grace' });
    expect(seenBy(null)).toEqual({ hint: null, revoked: 0 });
  });

  it('is destroyed by the application, and its tokens go nowhere else (N-01)', async () => {
    const { browser } = await logInBefore();
    const after = await start({
      op: other,
      handlers: (app) => app.post('/destroy', (req, res) => void req.session.destroy(() => res.json({}))),
    });
    expect((await after.browser(browser.jar).post('/destroy')).status).toBe(200);
    expect(seenBy(null)).toEqual({ hint: null, revoked: 0 });
  });
});
