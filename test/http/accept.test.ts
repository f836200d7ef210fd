import { describe, expect, it } from '@jest/globals';
import type { RequestHeaders } from '../support/browser-client.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

/** A client that sends none of what browsers add, and says by `Accept` alone what it reads. */
const accepting = (accept: string | undefined): RequestHeaders => ({
  'sec-fetch-mode': undefined,
  'sec-fetch-dest': undefined,
  'sec-fetch-site': undefined,
  accept,
});

const PAGE = [
  'text/html',
  'TEXT/HTML',
  'text/html;charset=utf-8',
  'Text/Html ; q=0.9',
  'application/xhtml+xml',
  'application/xhtml+xml, application/json',
  'application/json;q=0.1, text/html',
  'application/json;q=0.5, application/xhtml+xml;q=0.6',
  'application/json;q=0, text/html;q=0.1',
  'image/avif, text/html, */*;q=0.8',
  'text/html, application/json',
];
const JSON_ONLY = [
  'application/json',
  'Application/JSON',
  'text/html;q=0, application/json',
  'text/html; Q=0.000 , application/json',
  'application/xhtml+xml;q=0, text/html;q=0.2, application/json;q=0.3',
  'application/json, text/html;q=0.9',
  'application/json, text/plain, */*',
  'application/problem+json',
  'application/vnd.api+json, text/html;q=0.1',
];
/** Neither is asked for by name: what is answered is a page, and nobody is sent to log in. */
const NEITHER = [
  undefined,
  '',
  '*/*',
  'text/*',
  'text/plain',
  'text/html;q=0',
  'text/html;q=0, */*',
  'application/json;q=0',
  'x-text/html-like',
  'application/text/html',
  'application/jsonp',
  'text/html-sandboxed',
  ';;,,q=1',
  'text',
  'text/html/json',
];

describe('a client that says no more of itself than the header Accept', () => {
  it.each([
    ...PAGE.map((accept) => [accept, 302]),
    ...[...JSON_ONLY, ...NEITHER].map((accept) => [accept, 401]),
  ] as [
    string,
    number,
  ][])('and accepts %j gets %i from a guarded page (N-30, R-97)', async (accept, status) => {
    const app = await start({ op });
    const browser = app.browser();
    const answer = await browser.get('/me', accepting(accept));
    expect(answer.status).toBe(status);
    expect(answer.headers.has('location')).toBe(status === 302);
    expect(browser.jar.all()).toHaveLength(status === 302 ? 1 : 0);
    if (status === 401) expect(await answer.json()).toEqual({ error: 'login_required', loginUrl: '/login' });
  });

  it.each([
    ...JSON_ONLY.map((accept) => [accept, 'application/json; charset=utf-8']),
    ...[...PAGE, ...NEITHER].map((accept) => [accept, 'text/html; charset=utf-8']),
  ] as [string, string][])('and accepts %j is told of an error by %s (N-30)', async (accept, type) => {
    const app = await start({ op });
    const answer = await app.browser().get('/oauth/callback?state=x', accepting(accept));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, type]);
  });

  it.each([
    ['text/html;q=0, application/json', 200],
    ['application/json;q=0.1, text/html', 303],
    ['*/*', 303],
  ])('and accepts %j is answered its logout by %i (N-30)', async (accept, status) => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.post('/logout', {}, accepting(accept))).status).toBe(status);
  });
});

describe('a browser that says what it is about', () => {
  it.each([
    ['opens a page, whatever it accepts,', 302, { accept: 'application/json' }],
    ['fetches, whatever it accepts,', 401, { accept: 'text/html', 'sec-fetch-mode': 'cors' }],
  ])('and %s gets %i from a guarded page (N-30)', async (_, status, headers) => {
    const app = await start({ op });
    expect((await app.browser().get('/me', headers)).status).toBe(status);
  });
});
