import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { keepForm, loginOnError, providers, StepUpRequiredError } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { setUpBed } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { withFreePort } from '../support/free-port.ts';
import { json } from '../support/scripted-answers.ts';

const bed = setUpBed();
let api: ApiServer;
let passed = 0;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());
beforeEach(() => {
  passed = 0;
});

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const NAMED = 'error="insufficient_user_authentication"';

/** The API refuses every token with this header, however the person has logged in. */
const challengeWith = (header: string) => {
  api.answer = () => json(401, {}, { 'www-authenticate': header });
};

/** An application whose pages call the API, and somebody who is logged in there. */
async function open(options: Partial<TestAppOptions> = {}) {
  const app = await bed.start({
    apiOrigins: [api.origin],
    routes: { keptForm: '/kept-form' },
    now: () => Date.now() + passed,
    handlers: (server) => {
      server.get('/pay', async (req, res) => {
        res.json((await req.auth.fetch(api.origin)).status);
      });
      server.get('/by-hand', async (req) => {
        await req.auth.fetch(api.origin).catch((error: unknown) => {
          if (!(error instanceof StepUpRequiredError)) throw error;
          return req.auth.login(error.login);
        });
      });
      server.get('/popup', async (req) => {
        await req.auth.fetch(api.origin).catch((error: unknown) => {
          if (!(error instanceof StepUpRequiredError)) throw error;
          return req.auth.login({ ...error.login, display: 'popup' });
        });
      });
      server.post('/order', keepForm, async (req, res) => {
        res.json((await req.auth.fetch(api.origin)).status);
      });
      server.use(loginOnError);
    },
    ...options,
  });
  const browser = app.browser();
  await app.logIn(browser, options.providers ? { path: '/login?provider=first' } : {});
  return { app, browser };
}

/** The same with a second provider, which nobody is logged in by. */
const openWithTwo = () =>
  withFreePort(async (port) => {
    const registered = await bed.op.registerApp(`http://localhost:${port}`, {
      redirect_uris: [`http://localhost:${port}/oauth/callback/first`],
    });
    const second = { issuer: 'https://second.example.com', clientId: 'app', clientSecret: 'never used' };
    const first = providers.oidc(registered);
    return open({ port, preset: () => first, providers: { first, second: providers.oidc(second) } });
  });

/** A page is sent to the login that is asked for, and the browser comes back. Returns what was asked. */
async function stepUp(browser: BrowserClient, page: string): Promise<URLSearchParams> {
  const redirect = await browser.get(page);
  expect([page, redirect.status]).toEqual([page, 302]);
  const address = redirect.headers.get('location')!;
  await browser.deliver(await bed.op.signIn(address));
  return new URL(address).searchParams;
}

describe('an API that no login contents (RFC 9470)', () => {
  const CONTENTLESS = [
    ['classes', `Bearer ${NAMED}, acr_values="2"`],
    ['an age', `Bearer ${NAMED}, max_age="300"`],
    ['a proof made now', `Bearer ${NAMED}, max_age="0"`],
    ['no more than that', `Bearer ${NAMED}`],
  ] as const;

  it.each(
    CONTENTLESS,
  )('is told once that it wants %s, where a page begins that login by itself', async (_, header) => {
    for (const page of ['/pay', '/by-hand', '/popup']) {
      const { browser, app } = await open();
      challengeWith(header);
      await stepUp(browser, page);
      const again = await browser.get(page);
      expect([page, again.status]).toEqual([page, 403]);
      expect(await (await browser.get('/pay', SCRIPT)).json()).toMatchObject({ error: 'login_insufficient' });
      expect(app.errors.map(({ error }) => error)).toContainEqual(
        expect.objectContaining({ code: 'login_insufficient' }),
      );
    }
  });

  it('goes round in neither of two tabs that both asked for a proof made now', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}`);
    const tabs = [await browser.get('/pay?tab=1'), await browser.get('/pay?tab=2')];
    for (const tab of tabs) await browser.deliver(await bed.op.signIn(tab.headers.get('location')!));
    expect((await browser.get('/pay?tab=1')).status).toBe(403);
    expect((await browser.get('/pay?tab=2')).status).toBe(403);
  });

  it('goes round in neither of two APIs that want what the other does not', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}`);
    await stepUp(browser, '/pay');
    challengeWith(`Bearer ${NAMED}, acr_values="2"`);
    await stepUp(browser, '/pay');
    expect((await browser.get('/pay')).status).toBe(403);
    challengeWith(`Bearer ${NAMED}`);
    expect((await browser.get('/pay')).status).toBe(403);
  });

  it('may want a proof made now again some minutes on', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}`);
    await stepUp(browser, '/pay');
    passed += 120_000;
    await stepUp(browser, '/pay');
    expect((await browser.get('/pay')).status).toBe(403);
  });

  it('is told at once where every login asks for a proof made now', async () => {
    const { browser } = await open({ oidc: { authorizationParams: { prompt: 'login' } } });
    challengeWith(`Bearer ${NAMED}`);
    expect((await browser.get('/pay')).status).toBe(403);
    passed += 120_000;
    await stepUp(browser, '/pay');
    expect((await browser.get('/pay')).status).toBe(403);
  });

  it('has its wish go to the provider of the login, where there are several', async () => {
    const { browser } = await openWithTwo();
    challengeWith(`Bearer ${NAMED}`);
    expect((await stepUp(browser, '/by-hand')).get('prompt')).toBe('login');
    expect((await browser.get('/by-hand')).status).toBe(403);
  });

  it('is not taken for one that a login of an age was asked for', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}, max_age=300`);
    await stepUp(browser, '/pay');
    challengeWith(`Bearer ${NAMED}`);
    expect((await stepUp(browser, '/pay')).get('prompt')).toBe('login');
  });

  it('keeps a form until a login was asked for that proves it now', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}`);
    const page = await browser.post('/order', { item: '7' });
    expect(page.status).toBe(401);
    const path = /href="([^"]*kept-form[^"]*)"/.exec(await page.text())![1]!.replaceAll('&amp;', '&');
    expect((await stepUp(browser, path)).get('prompt')).toBe('login');
    const ready = await browser.get(path);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toContain('action="/order"');
  });
});
