import { describe, expect, it } from '@jest/globals';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { atFewlines } from '../support/connect-systems.ts';
import { lookAt, refused } from '../support/login-outcome.ts';
import { setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createFewlinesEmulator);

/** What a browser adds when a script of the application's own page calls `fetch`. */
const fetched = {
  accept: '*/*',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
};

interface Start {
  authorizationUrl: string;
  providerOrigin: string;
  callbackUrl: string;
}

async function begin(browser: BrowserClient, query = ''): Promise<Start> {
  return (await browser.get(`/login?display=provider_popup${query}`, fetched)).json();
}

/** Goes through the popup and returns what its last page posts to the one that opened it. */
async function readMessage({ authorizationUrl }: Start): Promise<{ code: string; state: string }> {
  const page = await (await fetch(authorizationUrl)).text();
  return JSON.parse(/postMessage\((\{.*?\}), pageOrigin\)/.exec(page)![1]!);
}

const unwrap = (state: string | null) => JSON.parse(Buffer.from(state!, 'base64').toString('utf8'));

describe("a login in the popup of Fewlines' package (Q18, Q19)", () => {
  it('is begun by the page, runs on the provider and is handed over by the page', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const answer = await browser.get('/login?display=provider_popup&returnTo=/me', fetched);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const start: Start = await answer.json();
    expect(start).toMatchObject({ providerOrigin: bed.emulator.origin, callbackUrl: '/oauth/callback' });
    const asked = new URL(start.authorizationUrl).searchParams;
    expect(asked.get('redirect_uri')).toBe(bed.emulator.popupUri);
    expect(asked.get('state')!.length).toBeLessThanOrEqual(255);
    expect(unwrap(asked.get('state'))).toEqual({
      state: expect.stringMatching(/^[\w-]{43}$/),
      current_url: app.origin,
      v: 1,
    });

    const message = await readMessage(start);
    const end = await browser.post(start.callbackUrl, message, fetched);
    expect(end.status).toBe(200);
    expect(await end.json()).toEqual({ returnTo: '/me' });
    expect(await userOf(browser)).toEqual({ sub: bed.emulator.settings.user.sub });
    expect(bed.emulator.requests.at(-1)?.form.get('redirect_uri')).toBe(bed.emulator.popupUri);
  });

  it('takes the state as the provider got it, too', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const start = await begin(browser);
    const { code } = await readMessage(start);
    const state = new URL(start.authorizationUrl).searchParams.get('state')!;
    await browser.post(start.callbackUrl, { code, state }, fetched);
    expect(await userOf(browser)).toEqual({ sub: bed.emulator.settings.user.sub });
  });

  it('is handed over once', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const start = await begin(browser);
    const message = await readMessage(start);
    const thief = app.browser(browser.jar.clone());
    await browser.post(start.callbackUrl, message, fetched);
    const again = await thief.post(start.callbackUrl, message, fetched);
    expect(again.status).toBe(400);
    expect(await again.json()).toEqual({ error: 'login_not_found', reference: expect.any(String) });
    expect(bed.emulator.counters.codeCalls).toBe(bed.emulator.issued.codes.length);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling subdomain', { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost' }],
    ['a page that says nothing of itself', { 'sec-fetch-site': undefined, origin: undefined }],
  ])('is not begun by %s', async (_who, headers) => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const answer = await browser.get('/login?display=provider_popup', { ...fetched, ...headers });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ error: 'cross_origin_request', reference: expect.any(String) });
    expect(browser.jar.all()).toEqual([]);
  });

  it.each([
    // Its POST carries no cookie of ours; a GET without parameters finds out whether somebody is logged in.
    ['another site', 303, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling subdomain', 400, { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost' }],
    ['a page that says nothing of itself', 400, { 'sec-fetch-site': undefined, origin: undefined }],
  ])('is not handed over by %s', async (_who, status, headers) => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const start = await begin(browser);
    const message = await readMessage(start);
    const { codeCalls } = bed.emulator.counters;
    const answer = await browser.post(start.callbackUrl, message, { ...fetched, ...headers });
    expect(answer.status).toBe(status);
    expect(await userOf(browser)).toBeNull();
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);
  });

  it('is not handed over in the address of a page, nor by another browser', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const start = await begin(browser);
    const message = await readMessage(start);
    const stranger = app.browser();
    const strangers = await stranger.post(start.callbackUrl, message, fetched);
    expect(await lookAt(app, stranger, strangers)).toEqual(refused('login_not_found', 400));
    const byAddress = await browser.get(`${start.callbackUrl}?${new URLSearchParams(message)}`);
    expect(await lookAt(app, browser, byAddress)).toEqual(refused('login_invalid', 400));
  });

  it('tells the page what went wrong, in a code of ours', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const start = await begin(browser);
    const message = await readMessage(start);
    const answer = await browser.post(start.callbackUrl, { ...message, code: 'not-the-code' }, fetched);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toEqual({ error: 'provider_refused', reference: expect.any(String) });
  });

  it('is for a provider that has one', async () => {
    const popupRedirectUri = undefined;
    const preset = atFewlines(bed.emulator);
    const app = await bed.start((baseUrl) => Object.freeze({ ...preset(baseUrl), popupRedirectUri }));
    const answer = await app.browser().get('/login?display=provider_popup', fetched);
    expect(answer.status).toBe(501);
    expect(await answer.json()).toEqual({ error: 'provider_unsupported', reference: expect.any(String) });
  });
});

describe('an ordinary login at Fewlines', () => {
  it('is not finished by the route of the popup', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    const redirect = await browser.get('/login');
    const callback = (await fetch(redirect.headers.get('location')!, { redirect: 'manual' })).headers.get(
      'location',
    )!;
    const answer = await browser.post('/oauth/callback', new URL(callback).searchParams, fetched);
    expect(await lookAt(app, browser, answer)).toEqual(refused('login_invalid', 400));
  });
});
