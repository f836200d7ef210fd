import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApp, type TestApp } from '../support/app.ts';
import { exploration } from '../support/exploration.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const RUNS = exploration(300);
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Text of what a request line or a header may hold, with what means something to somebody in it. */
const piece = (...words: string[]) =>
  fc.oneof(
    fc.constantFrom(...words),
    fc.constantFrom(
      '%',
      '%00',
      '%0d%0a',
      '%zz',
      '%E0%A4%A',
      '%25',
      '..',
      '//',
      '\\',
      '"',
      "'",
      '<',
      '[',
      ']',
      '{',
      '*',
    ),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'null',
      'undefined',
      'NaN',
      '-1',
      '1e309',
      'true',
      '',
    ),
    fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 40,
    }),
    fc.string({ unit: 'grapheme', maxLength: 10 }).map(encodeURIComponent),
  );
const text = (...words: string[]) =>
  fc.array(piece(...words), { maxLength: 12 }).map((pieces) => pieces.join(''));
const answerText = text(
  ...['code=', 'state=', 'iss=', 'error=', 'id_token=', 'response=', 'access_token='],
  '&',
  '=',
  '&state=STATE',
  '&iss=ISS',
  '&code=x',
);

describe('whatever is sent', () => {
  let app: TestApp;
  let latin1: fc.Arbitrary<string>;
  beforeAll(async () => {
    app = await startApp({ op });
    latin1 = fc.string({
      unit: fc
        .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
        .map((code) => String.fromCharCode(code)),
      maxLength: 60,
    });
  });
  afterAll(() => app.close());

  /** A fault of ours would be a 500, or an error that is none of those an attacker or a provider can cause. */
  const expectNoFault = (answer: Response, mayRedirectTo: readonly string[] = []) => {
    expect(answer.status === 502 || answer.status < 500).toBe(true);
    const location = answer.headers.get('location');
    if (location !== null)
      expect([app.origin, ...mayRedirectTo]).toContain(new URL(location, app.origin).origin);
    expect(
      app.errors.map(({ error }) => error.code).filter((code) => !/^(login|provider|cross)_/.test(code)),
    ).toEqual([]);
    expect(app.logins).toEqual([]);
    app.errors.length = 0;
  };

  it('in the query of a callback, it causes no fault and no login (F-125, F-105)', async () => {
    await fc.assert(
      fc.asyncProperty(answerText, fc.boolean(), async (query, begun) => {
        const browser = app.browser();
        const state = begun ? (await beginLogin(browser)).searchParams.get('state')! : 'x';
        const known = query.replaceAll('STATE', state).replaceAll('ISS', encodeURIComponent(op.issuer));
        expectNoFault(await browser.get(`/oauth/callback?${known.replaceAll('#', '')}`));
      }),
      RUNS,
    );
  });

  it('in the form of a callback, it causes no fault and no login (F-125, F-104)', async () => {
    const body = fc.oneof(answerText, fc.string({ unit: 'binary', maxLength: 200 }));
    const type = fc.oneof(
      { weight: 4, arbitrary: fc.constant(FORM['content-type']) },
      text('application/json', ';charset=', FORM['content-type']),
    );
    await fc.assert(
      fc.asyncProperty(body, type, async (form, contentType) => {
        const headers = { 'content-type': contentType, 'sec-fetch-site': 'cross-site' };
        expectNoFault(await app.browser().request('POST', '/oauth/callback', { body: form, headers }));
      }),
      RUNS,
    );
  });

  it('in the Cookie header, it causes no fault and is nobody (F-125, F-101)', async () => {
    const browser = app.browser();
    await beginLogin(browser);
    const names = browser.jar.all().map(({ name, value }) => `${name}=${value}`);
    const cookie = fc.oneof(
      text('session=', 's%3A', '.', '; ', '=', 'session-login-', 'session-logout=', ...names),
      latin1.map((value) => `session=${value}`),
      latin1,
    );
    await fc.assert(
      fc.asyncProperty(
        cookie,
        fc.constantFrom('/', '/login', '/save?a=1', '/signed-out?state=x', '/oauth/callback?state=x'),
        async (value, path) => {
          const answer = await app.browser().get(path, { cookie: value });
          expectNoFault(answer, [op.origin]);
          if (path === '/') expect(await answer.json()).toEqual({ user: null });
        },
      ),
      RUNS,
    );
  });

  it('as a return address or as a guarded page, it leads nowhere but to our provider (F-125)', async () => {
    const address = text(
      '/',
      '//',
      'https://evil.example',
      '?',
      '@',
      ':',
      'javascript:',
      '/.//',
      '%2f',
      'returnTo=',
      '&',
    );
    await fc.assert(
      fc.asyncProperty(address, fc.boolean(), async (value, guarded) => {
        const path = guarded ? `/me?x=${value}` : `/login?returnTo=${value}`;
        const answer = await app.browser().get(path.replaceAll('#', ''));
        expectNoFault(answer, [op.origin]);
        expect(answer.status).toBe(302);
        expect(answer.headers.get('location')).not.toContain('evil');
      }),
      RUNS,
    );
  });

  it('in headers that say where a request comes from, it causes no fault (F-125, R-135)', async () => {
    const value = text('same-origin', 'cross-site', 'http://localhost', 'null', 'navigate', ',').filter(
      (header) => header.trim() === header,
    );
    const headers = fc.record(
      {
        'sec-fetch-site': value,
        'sec-fetch-mode': value,
        'sec-fetch-dest': value,
        origin: value,
        referer: value,
        accept: value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        headers,
        fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE'),
        fc.constantFrom('/login', '/logout', '/api/me', '/oauth/callback'),
        async (given, method, path) => {
          expectNoFault(await app.browser().request(method, path, { headers: given }), [op.origin]);
        },
      ),
      RUNS,
    );
  });
});
