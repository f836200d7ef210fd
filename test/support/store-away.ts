import { expect } from '@jest/globals';
import type { TestApp } from './app.ts';
import type { BrowserClient } from './browser-client.ts';

/**
 * Asserts what an application does while its store is away, with a browser that was logged in: 503 where a session is
 * needed, everything else as always, no cookie touched, nobody waiting longer than the bound.
 */
export async function expectStoreAway(app: TestApp, browser: BrowserClient, boundMs: number): Promise<void> {
  const before = browser.jar.all();
  const start = performance.now();
  const [guarded, api, user, data, open, anonymous] = await Promise.all([
    browser.get('/me'),
    browser.get('/api/me', { accept: 'application/json', 'sec-fetch-mode': 'cors' }),
    browser.get('/'),
    browser.get('/save?a=1'),
    browser.get('/public'),
    app.browser().get('/public'),
  ]);
  expect(performance.now() - start).toBeLessThan(boundMs);
  for (const answer of [guarded, api, user, data]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
  expect(await api.json()).toEqual({ error: 'store_unavailable', reference: expect.any(String) });
  for (const answer of [open, anonymous]) expect([answer.status, await answer.text()]).toEqual([200, 'open']);
  expect(browser.jar.all()).toEqual(before);

  const health = await app.auth.health();
  expect(health.ok).toBe(false);
}

export { publicRoute } from './public-route.ts';
