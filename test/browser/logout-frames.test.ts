import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import type { Page } from 'playwright-core';
import type { TestApp } from '../support/app.ts';
import { readJson, setUpChromiumBed } from '../support/chromium-bed.ts';
import { sidOf } from '../support/logout-token.ts';
import {
  findPageAfterLogout,
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider.ts';

const bed = setUpChromiumBed();
let op: ScriptedProvider;
beforeAll(async () => {
  op = await startScriptedProvider({ host: '127.0.0.1' });
});
afterEach(() => op.script());
afterAll(() => op.close());

/** Cookies ignore ports: on one host each application needs a name of its own. */
const startWithHelmet = (cookieName = 'session') =>
  bed.start({ op, before: (server: Express) => server.use(helmet()), session: { cookieName } });

async function logIn(page: Page, app: TestApp): Promise<void> {
  await page.goto(`${app.origin}/me`);
  expect(await readJson(page)).toMatchObject({ sub: 'ada' });
}

async function whoIs(page: Page, app: TestApp): Promise<unknown> {
  await page.goto(`${app.origin}/`);
  return ((await readJson(page)) as { user: { sub: string } | null }).user?.sub ?? null;
}

/** Or Chromium asks the provider for one. */
const NO_ICON = '<link rel="icon" href="data:,">';

/** The provider's page at its logout: a frame for each application, and a link that leads back. */
function showFrames(apps: readonly TestApp[], policies: HelmetOptions) {
  return (params: URLSearchParams) => (res: ServerResponse) => {
    const frames = apps.map(({ origin }) => {
      const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
      return `<iframe src="${origin}/oauth/frontchannel-logout?${query.toString().replaceAll('&', '&amp;')}"></iframe>`;
    });
    const link = params.has('post_logout_redirect_uri')
      ? `<a href="${findPageAfterLogout(params)}">Continue</a>`
      : '';
    const frameSrc = apps.map(({ origin }) => origin);
    const directives = { frameSrc, upgradeInsecureRequests: null };
    helmet({ ...policies, contentSecurityPolicy: { directives } })({} as IncomingMessage, res, () => {
      res.writeHead(200, { 'content-type': 'text/html' }).end(NO_ICON + frames.join('') + link);
    });
  };
}

async function expectFramesShown(page: Page, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const frame = page.frameLocator('iframe').nth(index);
    await frame.getByRole('heading', { name: 'Signed out' }).waitFor();
  }
}

describe.each<[string, HelmetOptions]>([
  ['helmet’s policies', {}],
  ['helmet’s policies and isolation', { crossOriginEmbedderPolicy: true }],
])('in Chromium, a logout with frames at a provider with %s', (_, policies) => {
  it('begun by an application ends the others, each in its frame, and leads back (C-66, R-88)', async () => {
    const apps = [await startWithHelmet('mine'), await startWithHelmet('other')] as const;
    op.script({ endSession: showFrames(apps, policies) });
    const page = await bed.newPage();
    for (const app of apps) await logIn(page, app);
    const [mine, other] = apps;
    await page.goto(mine.origin);
    await page.evaluate(() => location.assign('/logout'));
    await expectFramesShown(page, 2);
    expect(new URL(page.url()).origin).toBe(op.origin);
    await page.getByText('Continue').click();
    await page.waitForURL((url) => url.origin === mine.origin && url.pathname === '/');
    expect(await readJson(page)).toEqual({ user: null });
    expect(await whoIs(page, other)).toBeNull();
    expect(mine.logouts.map(({ reason }) => reason)).toEqual(['logout']);
    expect(other.logouts.map(({ reason }) => reason)).toEqual(['front_channel']);
  });

  it('begun at the provider ends the session of the application (C-67, R-88)', async () => {
    const app = await startWithHelmet();
    op.script({ endSession: showFrames([app], policies) });
    const page = await bed.newPage();
    await logIn(page, app);
    await page.goto(`${op.issuer}end_session`);
    await expectFramesShown(page, 1);
    expect(await whoIs(page, app)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['front_channel']);
  });
});

describe('in Chromium, the frame of a logout', () => {
  it('is shown on no page of a stranger (R-88, F-117)', async () => {
    const app = await startWithHelmet();
    const page = await bed.newPage();
    const query = new URLSearchParams({ iss: op.issuer, sid: 'unknown' });
    const src = `${app.origin}/oauth/frontchannel-logout?${query}`;
    const refusal = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.goto(await bed.serve(`<iframe src="${src.replaceAll('&', '&amp;')}"></iframe>`));
    await refusal;
    expect(await page.frameLocator('iframe').getByRole('heading', { name: 'Signed out' }).count()).toBe(0);
  });
});
