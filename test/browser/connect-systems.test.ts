import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createDidEmulator } from '../emulators/did.ts';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import type { TestApp } from '../support/app.ts';
import { openChromium } from '../support/chromium.ts';
import { readJson } from '../support/chromium-bed.ts';
import { atDid, atFewlines, atTelenor, clients } from '../support/connect-systems.ts';
import { setUpSystem } from '../support/system-bed.ts';

// On 127.0.0.1, which is another site than the application's localhost, as in real life.
const fewlines = setUpSystem((options) => createFewlinesEmulator({ ...options, interactive: true }));
const telenor = setUpSystem((options) => createTelenorEmulator({ ...options, interactive: true }));
const did = setUpSystem((options) => createDidEmulator({ ...options, interactive: true }));

let browser: Browser;
let context: BrowserContext;
beforeAll(async () => {
  browser = await openChromium();
});
afterEach(() => context.close());
afterAll(() => browser?.close());

async function newPage(): Promise<Page> {
  context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  return context.newPage();
}

/** A page of an application that uses helmet, with a script of its own, and what it hears in its title. */
function addPage(script: string, options: HelmetOptions = {}) {
  return (app: Express) => {
    app.use(helmet(options));
    app.get('/page', (_req, res) => {
      res.type('html').send('<!doctype html><button>Sign in</button><script src="/page.js"></script>');
    });
    app.get('/page.js', (_req, res) => {
      res.type('js').send(script);
    });
  };
}

async function openPopup(page: Page, app: TestApp): Promise<Page> {
  await page.goto(`${app.origin}/page`);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button').click()]);
  return popup;
}

const decide = (page: Page, button: RegExp) => page.getByRole('button', { name: button }).click();

describe('a login at DID.app in Chromium', () => {
  it('comes back by a form from another site, whose POST carries that login and no session (Q12, F-60)', async () => {
    const cookies: string[][] = [];
    const before = (app: Express) => {
      app.post('/oauth/callback', (req, _res, next) => {
        const names = (req.headers.cookie ?? '').split('; ').map((cookie) => cookie.replace(/=.*/, ''));
        cookies.push(names);
        next();
      });
    };
    const app = await did.start(atDid(did.emulator), { before, session: { carryOver: ['basket'] } });
    const page = await newPage();
    await page.goto(`${app.origin}/save?basket=apple`);
    await page.goto(`${app.origin}/me?tab=2`);
    await decide(page, /Sign in as/);
    await page.waitForURL(`${app.origin}/me?tab=2`);
    expect(await readJson(page)).toMatchObject({ email: did.emulator.settings.user.email });
    expect(cookies).toEqual([[expect.stringMatching(/^session-login-/)]]);
    expect(app.errors).toEqual([]);
  });
});

describe('a form that somebody else puts up', () => {
  it("logs nobody in with the attacker's code, whether or not a login waits (login CSRF)", async () => {
    const app = await did.start(atDid(did.emulator));
    const redirectUri = `${app.origin}/oauth/callback`;
    const { codeCalls } = did.emulator.counters;
    const attack = () => {
      const code = did.emulator.mintCode({ clientId: clients.did.clientId, redirectUri });
      return did.emulator.hostForm(redirectUri, { code, state: 'a-state-of-the-attacker' });
    };
    const page = await newPage();
    for (const start of ['/', '/me']) {
      await page.goto(app.origin + start);
      await page.goto(attack());
      await page.getByRole('heading', { name: 'This sign-in is no longer waiting' }).waitFor();
      await page.goto(app.origin);
      expect(await readJson(page)).toEqual({ user: null });
    }
    expect(did.emulator.counters.codeCalls).toBe(codeCalls);
  });
});

describe('a login in a window of its own', () => {
  const script = `
new BroadcastChannel('connect-auth').onmessage = ({ data }) => { document.title = JSON.stringify(data); };
document.querySelector('button').onclick = () => {
  window.open('/login?display=popup&returnTo=/me', 'sign-in', 'width=480,height=640');
};`;
  const systems = [
    ['Telenor', () => [telenor, atTelenor(telenor.emulator)] as const],
    ['DID.app', () => [did, atDid(did.emulator)] as const],
  ] as const;
  const hear = async (page: Page) => {
    await page.waitForFunction(() => document.title !== '');
    return JSON.parse(await page.title());
  };

  it.each(
    systems,
  )('at %s tells the page that opened it, and closes, in spite of helmet', async (_name, system) => {
    const [bed, preset] = system();
    const app = await bed.start(preset, { before: addPage(script) });
    const page = await newPage();
    const popup = await openPopup(page, app);
    const closed = popup.waitForEvent('close');
    await decide(popup, /Sign in as/);
    expect(await hear(page)).toEqual({ type: 'login', returnTo: '/me' });
    await closed;
    await page.goto(`${app.origin}/me`);
    expect(await readJson(page)).toMatchObject({ email: bed.emulator.settings.user.email });
    expect(app.errors).toEqual([]);
  });

  it.each(systems)('at %s tells the page that it was cancelled, and closes', async (_name, system) => {
    const [bed, preset] = system();
    const app = await bed.start(preset, { before: addPage(script) });
    const page = await newPage();
    const popup = await openPopup(page, app);
    const closed = popup.waitForEvent('close');
    await decide(popup, /Cancel/);
    expect(await hear(page)).toEqual({ type: 'login_failed', error: 'login_denied' });
    await closed;
  });
});

describe("a login in the popup of Fewlines' package", () => {
  /** As the README has it. */
  const script = `
document.querySelector('button').onclick = async () => {
  const popup = window.open('', 'sign-in', 'width=480,height=640');
  const login = await (await fetch('/login?display=provider_popup&returnTo=/me')).json();
  addEventListener('message', async ({ origin, source, data }) => {
    if (origin !== login.providerOrigin || source !== popup) return;
    popup.postMessage('destroy', login.providerOrigin);
    const answer = await fetch(login.callbackUrl, { method: 'POST', body: new URLSearchParams(data) });
    if (answer.ok) location.href = (await answer.json()).returnTo;
  });
  popup.location = login.authorizationUrl;
};`;
  const opener = { crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' } } as const;

  it('is handed over by the page that opened it (Q18, Q19)', async () => {
    const app = await fewlines.start(atFewlines(fewlines.emulator), { before: addPage(script, opener) });
    const page = await newPage();
    const popup = await openPopup(page, app);
    const closed = popup.waitForEvent('close');
    await popup.waitForURL(`${fewlines.emulator.origin}/**`);
    // Anybody's window may send messages; this one is no provider's.
    await page.evaluate(() => window.postMessage({ code: 'a-code', state: 'a-state' }, '*'));
    await decide(popup, /Sign in as/);
    await page.waitForURL(`${app.origin}/me`);
    await closed;
    expect(await readJson(page)).toEqual({ sub: fewlines.emulator.settings.user.sub });
    expect(app.errors).toEqual([]);
  });

  it('needs the opener policy same-origin-allow-popups: without it the popup does not know its page', async () => {
    const app = await fewlines.start(atFewlines(fewlines.emulator), { before: addPage(script) });
    const page = await newPage();
    const popup = await openPopup(page, app);
    await popup.waitForURL(`${fewlines.emulator.origin}/**`);
    expect(await popup.evaluate(() => window.opener)).toBeNull();
  });
});
