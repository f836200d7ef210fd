import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

describe('a logout that is asked for', () => {
  const cases: [string, string, Record<string, string | undefined>, 'done' | 'asked first'][] = [
    ['a form of our page', 'POST', { 'sec-fetch-site': 'same-origin' }, 'done'],
    ['a form of our page, in an old browser', 'POST', { 'sec-fetch-site': undefined, origin: 'our' }, 'done'],
    [
      'a client without headers',
      'POST',
      { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined },
      'done',
    ],
    [
      'a form of another site',
      'POST',
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      'asked first',
    ],
    [
      'a form of a sibling domain',
      'POST',
      { 'sec-fetch-site': 'same-site', origin: 'http://sub.localhost' },
      'asked first',
    ],
    ['a form without an origin', 'POST', { 'sec-fetch-site': undefined, origin: 'null' }, 'asked first'],
    [
      'a form of another site, in an old browser',
      'POST',
      { 'sec-fetch-site': undefined, origin: 'https://evil.example' },
      'asked first',
    ],
    [
      'a form that tells its referrer alone',
      'POST',
      { 'sec-fetch-site': undefined, referer: 'https://evil.example/our' },
      'asked first',
    ],
    ['a link on our page', 'GET', { 'sec-fetch-site': 'same-origin' }, 'done'],
    ['the address bar, or a link in an e-mail', 'GET', { 'sec-fetch-site': 'none' }, 'asked first'],
    ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site' }, 'asked first'],
    ['a link on a sibling domain', 'GET', { 'sec-fetch-site': 'same-site' }, 'asked first'],
    [
      'an image of another site',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      'asked first',
    ],
    [
      'an image on our page',
      'GET',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      'asked first',
    ],
    [
      'a frame on our page',
      'GET',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'iframe' },
      'asked first',
    ],
    [
      'a fetch of our page',
      'GET',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
      'done',
    ],
    [
      'an image in an old browser',
      'GET',
      { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined },
      'asked first',
    ],
    [
      'a browser that loads ahead',
      'GET',
      { 'sec-fetch-site': 'same-origin', 'sec-purpose': 'prefetch' },
      'asked first',
    ],
    [
      'an old browser that loads ahead',
      'GET',
      { 'sec-fetch-site': 'none', purpose: 'prefetch' },
      'asked first',
    ],
  ];

  it.each(
    cases,
  )('by %s (%s %j) is %s (R-73, R-120, R-135, F-64)', async (_title, method, headers, outcome) => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const cookie = `session=${browser.jar.get('session')!.value}`;
    const given = { ...headers, cookie, ...(headers.origin === 'our' && { origin: app.origin }) };
    const answer = await browser.request(method, '/logout', { headers: given });
    const isDone = (await whoIs(app.browser(browser.jar.clone()))) === null;
    expect(isDone ? 'done' : 'asked first').toBe(outcome);
    expect(app.logouts).toHaveLength(outcome === 'done' ? 1 : 0);
    if (outcome === 'done') return;
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.text()).toContain('<form method="post" action="/logout">');
  });

  it.each(['OPTIONS', 'PUT', 'DELETE', 'PATCH'])('by %s is refused (F-64)', async (method) => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await browser.request(method, '/logout', { headers: { 'sec-fetch-site': 'same-origin' } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('by a script of our page is told where to go on (R-70)', async () => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await browser.post(
      '/logout',
      {},
      { 'sec-fetch-mode': 'cors', accept: 'application/json' },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ redirectTo: expect.stringContaining(`${op.issuer}end_session?`) });
  });
});
