import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import helmet from 'helmet';
import type { Page } from 'playwright-core';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';
import { until } from '../support/until.ts';

const bed = setUpChromiumBed();

/** Each page of ours that a link can lead to. */
const PAGES = ['/logout', '/oauth/callback?code=x&state=y', '/signed-out'];

/** Headers with which an application lets anybody do anything. */
const lenientHelmet = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ['*', "'unsafe-inline'"], frameAncestors: ['*'] },
  },
  xFrameOptions: false,
  crossOriginResourcePolicy: { policy: 'cross-origin' },
});

/** Opens a page with these frames, and says which of them Chromium refused to show. */
async function listRefusedFrames(page: Page, address: string, urls: readonly string[]): Promise<boolean[]> {
  await page.goto(address);
  await page.evaluate((sources) => {
    const load = (src: string) =>
      new Promise((resolve) => {
        document.body.append(Object.assign(document.createElement('iframe'), { src, onload: resolve }));
      });
    return Promise.all(sources.map(load)).then(() => undefined);
  }, urls);
  const addresses = () =>
    page
      .mainFrame()
      .childFrames()
      .map((frame) => frame.url());
  await until(() => addresses().filter((url) => /^(http|chrome-error):/.test(url)).length === urls.length);
  return addresses().map((url) => url.startsWith('chrome-error:'));
}

describe('in Chromium, a page of ours', () => {
  it('is shown in no frame, whatever headers the application sends with its own (F-117, R-119)', async () => {
    const app = await bed.start({
      before: (server: Express) => server.use(lenientHelmet),
      handlers: (server) => server.get('/frameable', (_req, res) => void res.send('to be framed')),
    });
    const page = await bed.newPage();
    const urls = ['/frameable', ...PAGES].map((path) => app.origin + path);
    for (const address of [await bed.serve(''), await bed.serve('', 'localhost')]) {
      expect(await listRefusedFrames(page, address, urls)).toEqual([false, true, true, true]);
    }
  });

  it('of a front-channel logout is shown in a frame of the provider and in no other (F-117, R-88)', async () => {
    const app = await bed.start({ before: (server: Express) => server.use(helmet()) });
    const page = await bed.newPage();
    const url = `${app.origin}/oauth/frontchannel-logout?${new URLSearchParams({ iss: bed.op.issuer, sid: 'x' })}`;
    expect(await listRefusedFrames(page, `${bed.op.issuer}/jwks`, [url])).toEqual([false]);
    expect(await listRefusedFrames(page, await bed.serve(''), [url])).toEqual([true]);
  });

  it.each(PAGES)('has its style, and runs and loads nothing else: %s (R-119)', async (path) => {
    const app = await bed.start({ before: (server: Express) => server.use(lenientHelmet) });
    const page = await bed.newPage();
    await page.goto(await bed.serve(`<a href="${app.origin}${path}">go</a>`));
    await page.getByText('go').click();
    await page.getByRole('heading').waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('main')!).borderRadius)).toBe(
      '12px',
    );

    const refused = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.effectiveDirective),
      );
      document.body.append(
        Object.assign(document.createElement('script'), { textContent: 'document.title = "changed"' }),
        Object.assign(document.createElement('img'), { src: '/x.png' }),
        Object.assign(document.createElement('base'), { href: 'https://evil.example/' }),
        Object.assign(document.createElement('style'), { textContent: 'main { display: none }' }),
      );
      await fetch('/').catch(() => undefined);
      document.body.setAttribute('onclick', 'document.title = "changed"');
      document.body.click();
      await new Promise((resolve) => setTimeout(resolve));
      return violations.sort();
    });
    expect(refused).toEqual([
      'base-uri',
      'connect-src',
      'img-src',
      'script-src-attr',
      'script-src-elem',
      'style-src-elem',
    ]);
    expect(await page.title()).not.toBe('changed');
  });

  it('sends a logout by itself when its token is too long for a URL (R-77, F-113)', async () => {
    const app = await bed.start({ before: (server: Express) => server.use(helmet()) });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/login`);
    await signInAs(page, 'Large Claims', '/');
    const sent = page.waitForRequest((request) => request.url().startsWith(`${bed.op.issuer}/session/end`));
    await page.evaluate(() => location.assign('/logout'));
    const request = await sent;
    expect(request.method()).toBe('POST');
    expect(request.postData()!.length).toBeGreaterThan(4096);
    expect(app.logouts).toMatchObject([{ reason: 'logout', sub: 'large' }]);
  });
});

describe('in Chromium, a login in a window of its own', () => {
  it('tells the page that opened it, and closes (F-117)', async () => {
    const app = await bed.start({
      before: (server: Express) => server.use(helmet()),
      handlers: (server) => server.get('/page', (_req, res) => void res.send('<title>page</title>')),
    });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/page`);
    const opened = page.waitForEvent('popup');
    const told = page.evaluate(
      () =>
        new Promise((resolve) => {
          new BroadcastChannel('connect-auth').onmessage = ({ data }) => resolve(data);
          window.open('/login?display=popup&returnTo=/me', 'login', 'popup');
        }),
    );
    const popup = await opened;
    const closed = popup.waitForEvent('close');
    await popup.getByRole('button', { name: 'Ada Lovelace' }).click();
    expect(await told).toEqual({ type: 'login', returnTo: '/me' });
    await closed;
    await page.goto(`${app.origin}/`);
    expect(await readJson(page)).toMatchObject({ user: { sub: 'ada' } });
  });
});
