import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { requireAuth } from 'express-connect-auth';
import type { Page } from 'playwright-core';
import type { TestApp } from '../support/app.ts';
import { setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';

const bed = setUpChromiumBed({ backForwardCache: true });

const NOTICE =
  '<script>addEventListener("pageshow", (event) => { document.title = "kept: " + event.persisted })</script>';
const MENU = `${NOTICE}<a href="/plain">plain</a> <form method="post" action="/logout"><button>Sign out</button></form>`;

/** Pages that Chromium may keep in full for the back button: one of nobody's, and two that show who is logged in. */
function addPages(server: Express): void {
  server.get('/plain', (_req, res) => void res.send(`${NOTICE}<a href="/menu">menu</a>`));
  server.get('/guarded', requireAuth, (req, res) => void res.send(`the diary of ${req.user!.sub} ${MENU}`));
  server.get(
    '/greeting',
    (req, res) => void res.send(`the greeting of ${req.user?.sub ?? 'nobody'} ${MENU}`),
  );
}

async function logIn(path: string): Promise<{ app: TestApp; page: Page }> {
  const app = await bed.start({ handlers: addPages });
  const page = await bed.newPage();
  await page.goto(`${app.origin}/login?returnTo=${path}`);
  await signInAs(page, 'Ada Lovelace', path);
  expect(await page.textContent('body')).toContain('of ada');
  return { app, page };
}

/** Goes back, and returns the address and text of what is shown then. */
async function goBack(page: Page): Promise<string> {
  // A page that was kept does not load again.
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForFunction(() => /of ada|of nobody|to continue/.test(document.body?.textContent ?? ''));
  return `${page.url()} ${await page.textContent('body')}`;
}

async function pressSignOut(page: Page): Promise<void> {
  await page.getByText('Sign out').click();
  await page.waitForURL(({ hostname, pathname }) => hostname.endsWith('localhost') && pathname === '/');
}

describe('the back button of Chromium', () => {
  it('brings back a page of nobody as it was left, so that these tests would see one', async () => {
    const { app, page } = await logIn('/guarded');
    await page.goto(`${app.origin}/plain`);
    await page.goto(`${app.origin}/greeting`);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction("document.title === 'kept: true'");
  });

  it.each([
    '/guarded',
    '/greeting',
  ])('shows nothing of the person on %s after a logout (F-77, R-134)', async (path) => {
    const { page } = await logIn(path);
    await pressSignOut(page);
    expect(await goBack(page)).toContain(path === '/guarded' ? bed.op.issuer : 'the greeting of nobody');
  });

  it.each([
    '/guarded',
    '/greeting',
  ])('shows nothing of the person on %s after a logout in another tab (F-77, R-134)', async (path) => {
    const { app, page } = await logIn(path);
    await page.getByText('plain').click();
    await page.waitForURL(`${app.origin}/plain`);
    const other = await page.context().newPage();
    await other.goto(`${app.origin}/greeting`);
    await pressSignOut(other);
    expect(await goBack(page)).not.toContain('of ada');
  });

  it('shows nothing of the person after a logout on https (F-77, R-134)', async () => {
    const front = await bed.startTlsFront();
    const baseUrl = front.originOf('app.example.localhost');
    const app = await bed.start({ baseUrl, handlers: addPages });
    front.forward('app.example.localhost', app.origin);
    const page = await bed.newPage();
    await page.goto(`${baseUrl}/guarded`);
    await signInAs(page, 'Ada Lovelace', '/guarded');
    await pressSignOut(page);
    expect(await goBack(page)).toContain(bed.op.issuer);
  });

  it('shows nothing of the person after a logout by script (F-77, R-134)', async () => {
    const { app, page } = await logIn('/greeting');
    await page.getByText('plain').click();
    await page.waitForURL(`${app.origin}/plain`);
    const answer = await page.evaluate(async () => (await fetch('/logout', { method: 'POST' })).json());
    expect(answer).toEqual({ redirectTo: expect.stringContaining(`${bed.op.issuer}/session/end?`) });
    expect(await goBack(page)).toContain('the greeting of nobody');
  });
});
