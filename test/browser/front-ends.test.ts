import { beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { keepForm, requireAuth } from 'express-connect-auth';
import type { Page } from 'playwright-core';
import type { AuthClient, AuthClientOptions } from '../../src/client/auth-client.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';
import { bundleClient } from '../support/client-bundle.ts';
import { createTestClock } from '../support/clock.ts';
import { until } from '../support/until.ts';

/** What a page of these tests has. */
interface ClientWindow {
  client: AuthClient;
  states: string[];
}
declare const window: ClientWindow;

const bed = setUpChromiumBed();
let bundle: string;
beforeAll(async () => {
  bundle = await bundleClient();
});

/** An application whose page `/page` has the client, as `client`, and the states it was told of. */
async function start(
  client: Partial<AuthClientOptions> = {},
  options: Partial<TestAppOptions> = {},
): Promise<TestApp> {
  const script = `import { createAuthClient } from '/client.js';
window.states = [];
window.client = createAuthClient(${JSON.stringify({ sessionUrl: '/auth/session', ...client })});
window.client.watch((state) => window.states.push(state));
document.title = 'ready';`;
  return bed.start({
    op: {
      signIn: bed.op.signIn,
      registerApp: (baseUrl) =>
        bed.op.registerApp(baseUrl, { post_logout_redirect_uris: [`${baseUrl}/page`] }),
    },
    routes: { session: '/auth/session', home: '/page', afterLogout: '/page' },
    handlers: (server) => {
      server.get('/client.js', (_req, res) => void res.type('js').send(bundle));
      server.get('/page', (_req, res) => void res.send(`<script type="module">${script}</script>`));
      server.get(
        '/form',
        (_req, res) => void res.send('<form method="post" action="/logout"><button>out</button></form>'),
      );
    },
    ...options,
  });
}

async function open(page: Page, app: TestApp, path = '/page'): Promise<Page> {
  await page.goto(app.origin + path);
  await isReady(page);
  return page;
}
const isReady = (page: Page) => page.waitForFunction("document.title === 'ready'");
const fetchMe = (page: Page) =>
  page.evaluate(async () => {
    const answer = await window.client.fetch('/api/me', { method: 'PUT', body: 'as it was' });
    return { status: answer.status, ...(await answer.json()) };
  });
const statesOf = (page: Page) => page.evaluate(() => window.states ?? []);
const hasState = (page: Page, state: string) =>
  until(async () => (await statesOf(page).catch(() => [])).at(-1) === state);

describe('the client module in Chromium', () => {
  it('leads a fetch without a login there, and back to the same place of the page', async () => {
    const app = await start();
    const page = await open(await bed.newPage(), app, '/page?a=1#part');
    fetchMe(page).catch(() => undefined);
    await signInAs(page, 'Ada Lovelace', '/page?a=1');
    await isReady(page);
    expect(new URL(page.url()).hash).toBe('#part');
    expect(await fetchMe(page)).toMatchObject({ status: 200, sub: 'ada' });
  });

  it('sends nobody there again who has turned back, until they ask for it', async () => {
    const app = await start();
    const page = await open(await bed.newPage(), app);
    fetchMe(page).catch(() => undefined);
    await page.waitForURL(`${bed.op.issuer}/**`);
    await open(page, app);
    expect(await fetchMe(page)).toMatchObject({ status: 401, error: 'login_required' });
    await page.evaluate(() => void window.client.login());
    await signInAs(page, 'Ada Lovelace', '/page');
    await hasState(page, 'active');
  });

  it('asks in a window of its own, and sends the same once more', async () => {
    const app = await start({ login: 'popup' });
    const page = await open(await bed.newPage(), app);
    const opened = page.waitForEvent('popup');
    const answer = fetchMe(page);
    await (await opened).getByRole('button', { name: 'Ada Lovelace' }).click();
    expect(await answer).toMatchObject({ status: 200, sub: 'ada' });
    await hasState(page, 'active');
  });

  it('waits no longer for a window that the person has closed, and opens another', async () => {
    const app = await start({ login: 'popup' });
    const page = await open(await bed.newPage(), app);
    const opened = page.waitForEvent('popup');
    const answer = fetchMe(page);
    const login = await opened;
    await login.getByRole('button', { name: 'Ada Lovelace' }).waitFor();
    await login.close();
    // The person is back at the page, which is what it waits for.
    await page.bringToFront();
    await page.mouse.click(1, 1);
    expect(await answer).toMatchObject({ status: 401, error: 'login_required' });
    const again = page.waitForEvent('popup');
    const second = page.evaluate(() => window.client.loginInPopup());
    await (await again).getByRole('button', { name: 'Ada Lovelace' }).click();
    expect(await second).toBe(true);
  });

  it('tells all tabs of a logout, by the client or by a form', async () => {
    const app = await start();
    const context = await bed.newContext();
    const [first, second] = [await context.newPage(), await context.newPage()];
    const leaveByForm = async () => {
      await first.goto(`${app.origin}/form`);
      await first.getByRole('button').click();
    };
    for (const leave of [() => first.evaluate(() => void window.client.logout()), leaveByForm]) {
      await first.goto(`${app.origin}/me`);
      await signInAs(first, 'Ada Lovelace', '/me');
      for (const page of [first, second]) await hasState(await open(page, app), 'active');
      await leave();
      await hasState(second, 'ended');
      // The provider has led back to the page after the logout.
      await hasState(first, 'ended');
      await until(async () => (await statesOf(first).catch(() => [])).length === 1);
    }
  });

  it('gives notice before the end, and takes it back when the person stays', async () => {
    const clock = createTestClock();
    const session = { idleTimeoutSeconds: 3600 };
    const app = await start({ noticeSeconds: 120, pollSeconds: 1 }, { now: clock.now, session });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    await hasState(await open(page, app), 'active');
    clock.advance(3_500_000);
    await hasState(page, 'ending');
    await page.evaluate(() => window.client.session({ slide: true }));
    await hasState(page, 'active');
    clock.advance(3_601_000);
    await hasState(page, 'ended');
    expect(await statesOf(page)).toEqual(['active', 'ending', 'active', 'ended']);
  });
});

describe('a form kept over a login, in Chromium', () => {
  it('comes back as it was, and may lead to another site when it is sent', async () => {
    const orders: unknown[] = [];
    const shop = await bed.serve('<h1>Thank you</h1>');
    const app = await start(
      {},
      {
        routes: { keptForm: '/kept-form' },
        handlers: (server) => {
          const field = '<textarea name="text"></textarea><input name="more" value="é &amp; \'">';
          server.get(
            '/order',
            (_req, res) =>
              void res.send(`<form method="post" action="/orders?a=1">${field}<button>order</button></form>`),
          );
          server.post(
            '/orders',
            keepForm,
            requireAuth,
            express.urlencoded({ extended: false }),
            (req, res) => {
              orders.push({ by: req.user?.sub, ...req.body });
              res.redirect(303, shop);
            },
          );
        },
      },
    );
    const page = await bed.newPage();
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    await page.goto(`${app.origin}/order`);
    await page.getByRole('textbox').first().fill('first <line>\nsecond');
    await page.context().clearCookies({ name: 'session' });
    await page.getByRole('button').click();
    await page.getByRole('heading', { name: 'Please sign in again' }).waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Send it now?' }).waitFor();
    expect(orders).toEqual([]);
    await page.getByRole('button', { name: 'Send it' }).click();
    await page.getByRole('heading', { name: 'Thank you' }).waitFor();
    expect(orders).toEqual([{ by: 'ada', text: 'first <line>\r\nsecond', more: "é & '" }]);
  });
});

describe('a front end on another origin, in Chromium', () => {
  it('sends and reads with the cookie where it is listed, and reads nothing where it is not', async () => {
    const [listed, other] = [await bed.serve('', 'localhost'), await bed.serve('', 'localhost')];
    const app = await start({}, { corsOrigins: [new URL(listed).origin] });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    const ask = (url: string) =>
      page.evaluate(async (target) => {
        const headers = { 'content-type': 'application/json', 'x-trace': '1' };
        const answer = await fetch(target, { method: 'PUT', body: '{}', headers, credentials: 'include' });
        return (await answer.json()).sub;
      }, url);
    await page.goto(listed);
    expect(await ask(`${app.origin}/api/me`)).toBe('ada');
    await page.goto(other);
    await expect(ask(`${app.origin}/api/me`)).rejects.toThrow('Failed to fetch');
  });
});
