import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { Page } from 'playwright-core';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';
import { createTestClock } from '../support/clock.ts';

const bed = setUpChromiumBed();

const ADA = { sub: 'ada', name: 'Ada Lovelace' };

describe.each([
  'query',
  'form_post',
] as const)('in Chromium, a login answered by %s from another site', (mode) => {
  const oidc = { responseMode: mode };

  it('leads back to where it began when the person took five minutes at the provider (F-60, R-48, R-103)', async () => {
    const clock = createTestClock();
    const app = await bed.start({ oidc, now: clock.now });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/me?tab=2`);
    expect(new URL(page.url()).origin).toBe(bed.op.issuer);
    clock.advance(300_000);
    await signInAs(page, 'Ada Lovelace', '/me?tab=2');
    expect(await readJson(page)).toMatchObject(ADA);
  });

  it('brings the cookie of the pending login, and that of the session only by GET (F-60, R-48, R-103)', async () => {
    const callbacks: string[][] = [];
    const app = await bed.start({ oidc, before: (server) => recordCallbackCookies(server, callbacks) });
    const context = await bed.newContext();
    const page = await context.newPage();
    await page.goto(`${app.origin}/save?cart=1`);
    await page.goto(`${app.origin}/me`);
    const pending = (await context.cookies(app.origin)).find(({ name }) => name.includes('login'))!;
    await signInAs(page, 'Ada Lovelace', '/me');

    expect(callbacks).toEqual([mode === 'query' ? ['session', pending.name] : [pending.name]]);
    expect(pending).toMatchObject(
      mode === 'query'
        ? { sameSite: 'Lax', httpOnly: true }
        : { sameSite: 'None', secure: true, httpOnly: true },
    );
    const left = await context.cookies(app.origin);
    expect(left.map(({ name }) => name)).toEqual(['session']);
    expect(left[0]).toMatchObject({ sameSite: 'Lax', httpOnly: true, path: '/', expires: -1 });
  });

  it.each([
    ['first', 0, 1],
    ['second', 1, 0],
  ])('ends well in two tabs opened one after the other, the %s one first (F-51)', async (_order, former, latter) => {
    const app = await bed.start({ oidc });
    const context = await bed.newContext();
    const tabs = [await context.newPage(), await context.newPage()] as const;
    // In the very same moment they may choose one name for their cookies: then one of them begins anew.
    for (const [index, tab] of tabs.entries()) await tab.goto(`${app.origin}/me?tab=${index}`);
    await signInAs(tabs[former]!, 'Ada Lovelace', `/me?tab=${former}`);
    await signInAs(tabs[latter]!, 'Ada Lovelace', `/me?tab=${latter}`);
    for (const tab of tabs) {
      await tab.reload();
      expect(await readJson(tab)).toMatchObject(ADA);
    }
    expect(app.errors).toEqual([]);
  });

  it('shows no error to somebody logged in who comes to its callback once more (F-52, F-54)', async () => {
    const app = await bed.start({ oidc });
    const page = await bed.newPage();
    const callback = page.waitForRequest((request) =>
      request.url().startsWith(`${app.origin}/oauth/callback`),
    );
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    const request = await callback;
    if (mode === 'query') await page.goto(request.url());
    else await postFrom(page, bed.op.issuer, request.url(), request.postData()!);
    expect(page.url()).toBe(`${app.origin}/`);
    expect(await readJson(page)).toMatchObject({ user: ADA });
    expect(app.logins).toHaveLength(1);
  });

  it('is over for the back button: it shows pages, and no error of ours (F-52)', async () => {
    const app = await bed.start({ oidc });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/`);
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    await page.goto(`${app.origin}/save`);
    await page.goBack();
    expect(await readJson(page)).toMatchObject(ADA);
    await page.goBack();
    expect(new URL(page.url()).origin).toBe(bed.op.issuer);
    await page.goBack();
    expect(await readJson(page)).toMatchObject({ user: ADA });
    expect(app.errors).toEqual([]);
  });

  it('keeps what the application wants to keep of the session before it (F-58, F-60)', async () => {
    const app = await bed.start({ oidc, session: { carryOver: ['cart'] } });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/save?cart=1&other=2`);
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    await page.goto(`${app.origin}/save`);
    expect(await readJson(page)).toEqual({ cart: '1' });
  });

  it('ends the login of somebody else in the same browser (F-59, F-60)', async () => {
    const app = await bed.start({ oidc });
    const context = await bed.newContext();
    const page = await context.newPage();
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    const old = await context.cookies(app.origin);
    // Another person at the provider.
    await context.clearCookies({ domain: '127.0.0.1' });
    await page.goto(`${app.origin}/login?returnTo=/me`);
    await signInAs(page, 'Grace Hopper', '/me');
    expect(await readJson(page)).toMatchObject({ sub: 'grace' });
    expect(app.logouts).toMatchObject([{ reason: 'replaced', sub: 'ada' }]);

    await context.clearCookies({ domain: 'localhost' });
    await context.addCookies(old);
    await page.goto(`${app.origin}/`);
    expect(await readJson(page)).toEqual({ user: null });
  });
});

/** Keeps the names of the cookies that each callback brings. */
function recordCallbackCookies(server: Express, callbacks: string[][]): void {
  server.use('/oauth/callback', (req, _res, next) => {
    callbacks.push((req.headers.cookie ?? '').split('; ').map((cookie) => cookie.split('=')[0]!));
    next();
  });
}

/** Sends a form from a page of another site, as the provider's page did. */
async function postFrom(page: Page, site: string, url: string, form: string): Promise<void> {
  await page.goto(`${site}/jwks`);
  await page.evaluate(
    ([action, data]) => {
      const element = document.createElement('form');
      Object.assign(element, { action, method: 'post' });
      for (const [name, value] of new URLSearchParams(data)) {
        element.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
      }
      document.body.append(element);
      element.submit();
    },
    [url, form],
  );
  await page.waitForURL((location) => location.origin === new URL(url).origin);
}
