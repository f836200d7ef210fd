import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { Page } from 'playwright-core';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';

const bed = setUpChromiumBed();

const MENU = '<a href="/logout">leave</a><a href="/out">leave for another page</a>';

/** Registers both pages that a logout may come back to, as the README says. */
const start = (options: Partial<TestAppOptions> = {}) =>
  bed.start({
    op: {
      signIn: bed.op.signIn,
      registerApp: (baseUrl) =>
        bed.op.registerApp(baseUrl, { post_logout_redirect_uris: [`${baseUrl}/`, `${baseUrl}/signed-out`] }),
    },
    handlers: (server: Express) => {
      server.get('/menu', (_req, res) => void res.send(MENU));
      server.get('/out', (req) => req.auth.logout({ returnTo: '/bye?a=b' }));
      server.get('/bye', (_req, res) => void res.send('<h1>Good bye</h1>'));
    },
    ...options,
  });

async function logIn(app: TestApp): Promise<Page> {
  const page = await bed.newPage();
  await page.goto(`${app.origin}/me`);
  await signInAs(page, 'Ada Lovelace', '/me');
  await page.goto(`${app.origin}/menu`);
  return page;
}

const isKnownAtProvider = async (page: Page) =>
  (await page.context().cookies(bed.op.issuer)).some(({ name }) => name === 'op_session');

describe('in Chromium, a logout over the provider', () => {
  it('comes back to the page that was asked for (C-55, R-72)', async () => {
    const page = await logIn(await start());
    await page.getByText('leave for another page').click();
    await page.getByRole('heading', { name: 'Good bye' }).waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/bye?a=b');
    expect(await isKnownAtProvider(page)).toBe(false);
  });

  it('stays on the signed-out page until a person signs in, who is asked who they are (R-72, R-117)', async () => {
    const app = await start({ routes: { afterLogout: '/signed-out' } });
    const page = await logIn(app);
    await page.getByText('leave', { exact: true }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.reload();
    expect(app.logins).toHaveLength(1);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signInAs(page, 'Grace Hopper', '/');
    expect(await readJson(page)).toMatchObject({ user: { sub: 'grace' } });
  });

  it('clears what the application kept in the browser, where told to, and loses no way back (R-134, R-72)', async () => {
    const app = await start({ clearSiteData: true });
    const page = await logIn(app);
    await page.evaluate("localStorage.setItem('draft', 'hers')");
    await page.getByText('leave for another page').click();
    await page.getByRole('heading', { name: 'Good bye' }).waitFor();
    expect(await page.evaluate("localStorage.getItem('draft')")).toBeNull();
    expect(await isKnownAtProvider(page)).toBe(false);
  });

  it('leaves what the application kept, where not told to', async () => {
    const app = await start();
    const page = await logIn(app);
    await page.evaluate("localStorage.setItem('draft', 'hers')");
    await page.getByText('leave', { exact: true }).click();
    await page.waitForURL((url) => url.origin === app.origin && url.pathname === '/');
    expect(await page.evaluate("localStorage.getItem('draft')")).toBe('hers');
  });
});
