import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, requireAuth } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import type { Claims } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const seconds = () => Math.floor(clock.now() / 1000);

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    op,
    now: clock.now,
    handlers: (server) => {
      server.get('/fresh', requireAuth({ maxAgeSeconds: 60 }), (_req, res) => void res.json('fresh'));
      server.get('/now', requireAuth({ maxAgeSeconds: 1 }), (_req, res) => void res.json('now'));
      server.get('/strong', requireAuth({ acrValues: 'gold' }), (_req, res) => void res.json('strong'));
      server.get(
        '/both',
        requireAuth({ maxAgeSeconds: 60, acrValues: ['gold'] }),
        (_req, res) => void res.json('both'),
      );
      server.get(
        '/contradiction',
        requireAuth({ acrValues: 'gold' }),
        requireAuth({ acrValues: 'silver' }),
        (_req, res) => void res.json('never'),
      );
      server.get(
        '/in-a-row',
        requireAuth({ maxAgeSeconds: 60 }),
        requireAuth({ acrValues: 'gold' }),
        (_req, res) => void res.json('in a row'),
      );
    },
    ...options,
  });

/** Follows a browser to where it comes to rest, and counts how often it was sent to the provider. */
async function walk(app: TestApp, browser: BrowserClient, path: string) {
  let answer = await browser.get(path);
  let trips = 0;
  for (let hop = 0; hop < 40; hop += 1) {
    const location = answer.headers.get('location');
    if (!location) break;
    if (location.startsWith('/')) {
      answer = await browser.get(location);
    } else {
      trips += 1;
      answer = await browser.deliver(await op.signIn(location));
    }
  }
  return { status: answer.status, trips, error: app.errors.at(-1)?.error.code, page: await answer.text() };
}

const claims = (changed: (honest: Claims) => Claims): Script => ({
  claims: (honest) => ({ ...honest, ...changed(honest) }),
});
/** The access token says who logged in; there is no ID token. */
const byAccessToken: Partial<OidcOptions> = {
  quirks: { identity: 'access_token', tokenType: 'optional' },
};
const asAccessToken = (script: Script): Script => ({
  ...script,
  token: ({ id_token, ...answer }) => ({ ...answer, access_token: id_token }),
});

type Case = [title: string, path: string, script: () => Script, oidc: Partial<OidcOptions>];
const cases: Case[] = [
  ['does not know max_age', '/fresh', () => claims(() => ({ auth_time: undefined })), {}],
  ['keeps the time of a login long ago', '/fresh', () => claims(() => ({ auth_time: 1_700_000_000 })), {}],
  ['writes the time as text', '/fresh', () => claims(() => ({ auth_time: String(seconds()) })), {}],
  ['writes null for the time', '/fresh', () => claims(() => ({ auth_time: null })), {}],
  [
    'has a clock two minutes behind',
    '/fresh',
    () => claims(() => ({ iat: seconds() - 120, exp: seconds() + 300, auth_time: seconds() - 120 })),
    {},
  ],
  ['gives a lower class', '/strong', () => claims(() => ({ acr: 'bronze' })), {}],
  ['gives no class', '/strong', () => ({}), {}],
  ['gives a list of classes', '/strong', () => claims(() => ({ acr: ['gold'] })), {}],
  ['gives a number for a class', '/strong', () => claims(() => ({ acr: 2 })), { quirks: { acr: 'minimum' } }],
  ['does not know either', '/both', () => claims(() => ({ auth_time: undefined })), {}],
  ['knows one of both', '/both', () => claims(() => ({ acr: 'gold', auth_time: seconds() - 7200 })), {}],
  ['ignores acr in its access tokens', '/strong', () => asAccessToken({}), byAccessToken],
  [
    'has a lower acr in its access tokens',
    '/strong',
    () => asAccessToken(claims(() => ({ acr: 'bronze' }))),
    byAccessToken,
  ],
  [
    'has an old auth_time in its access tokens',
    '/fresh',
    () => asAccessToken(claims(() => ({ auth_time: seconds() - 91 }))),
    byAccessToken,
  ],
  [
    'has no auth_time in its access tokens',
    '/fresh',
    () => asAccessToken(claims(() => ({ auth_time: undefined }))),
    byAccessToken,
  ],
];

describe('a guard that a provider cannot satisfy (N-02, N-03)', () => {
  it.each(cases)('ends in a page when the provider %s (%s)', async (_title, path, script, oidc) => {
    const app = await start({ oidc });
    op.script(script());
    const { page, ...outcome } = await walk(app, app.browser(), path);
    expect(outcome).toEqual({ status: 403, trips: 1, error: 'login_insufficient' });
    expect(page).toContain('More is needed here');
  });

  it.each(
    cases,
  )('leaves the login there is when the provider %s (%s)', async (_title, path, script, oidc) => {
    const app = await start({ oidc });
    const browser = app.browser();
    op.script(oidc === byAccessToken ? asAccessToken({}) : {});
    expect(await walk(app, browser, '/me')).toMatchObject({ status: 200, trips: 1 });
    clock.advance(100_000);
    op.script(script());
    expect(await walk(app, browser, path)).toMatchObject({ status: 403, trips: 1 });
    expect((await browser.get('/me')).status).toBe(200);
  });
});

describe('a time that is in milliseconds', () => {
  it.each<[string, (script: Script) => Script, Partial<OidcOptions>]>([
    ['an ID token', (script) => script, {}],
    ['an access token', asAccessToken, byAccessToken],
  ])('satisfies no age for ever, in %s (N-02)', async (_, bring, oidc) => {
    const app = await start({ oidc });
    op.script(bring(claims(() => ({ auth_time: clock.now() }))));
    const outcome = await walk(app, app.browser(), '/fresh');
    expect(outcome).toMatchObject({ status: 502, trips: 1, error: 'provider_invalid_response' });
  });
});

describe('a login that satisfied its demand at its end, and a moment later does not', () => {
  it.each([
    ['is as old as it may be', '/fresh', 89],
    ['may be a second old', '/now', 30],
  ])('is not asked for again at once, when it %s (N-03)', async (_, path, age) => {
    const app = await start({ onLogin: () => clock.advance(2000) });
    op.script(claims(() => ({ auth_time: seconds() - age })));
    const outcome = await walk(app, app.browser(), path);
    expect(outcome).toMatchObject({ status: 403, trips: 1, error: 'login_insufficient' });
    expect(app.errors.map(({ during }) => during)).toEqual(['guard']);
    expect(outcome.page).toContain('More is needed here');
    // The same account would prove no more; another may.
    expect(outcome.page).not.toContain('Sign in again');
    const other = new URLSearchParams({ returnTo: path, provider: 'default', prompt: 'select_account' });
    expect(outcome.page).toContain(`href="/login?${`${other}`.replaceAll('&', '&amp;')}"`);
  });

  it('for less than is asked now is no reason not to ask (N-03)', async () => {
    const app = await start();
    const browser = app.browser();
    op.script({
      claims: (honest, request) => ({ ...honest, auth_time: seconds() - Number(request.get('max_age')) }),
    });
    expect(await walk(app, browser, '/fresh')).toMatchObject({ status: 200, trips: 1 });
    expect(await walk(app, browser, '/now')).toMatchObject({ status: 200, trips: 1 });
  });

  it('is asked for again when the person comes back later (N-03)', async () => {
    const app = await start({ onLogin: () => clock.advance(2000) });
    const browser = app.browser();
    op.script(claims(() => ({ auth_time: seconds() - 89 })));
    expect(await walk(app, browser, '/fresh')).toMatchObject({ status: 403, trips: 1 });
    clock.advance(10_000);
    op.script();
    expect(await walk(app, browser, '/fresh')).toMatchObject({ status: 200, trips: 1 });
  });

  it('is judged with the same tolerance by login and guard (N-03)', async () => {
    const app = await start({ oidc: { clockToleranceSeconds: 30 } });
    const browser = app.browser();
    op.script(claims(() => ({ auth_time: seconds() - 85 })));
    expect(await walk(app, browser, '/fresh')).toMatchObject({ status: 200, trips: 1 });
    clock.advance(4000);
    expect(await walk(app, browser, '/fresh')).toMatchObject({ status: 200, trips: 0 });
    const strict = await start({ oidc: { clockToleranceSeconds: 0 } });
    expect(await walk(strict, strict.browser(), '/fresh')).toMatchObject({ status: 403, trips: 1 });
  });
});

describe('guards in a row', () => {
  it('end in a page when one excludes what the other wants (N-03)', async () => {
    const app = await start();
    op.script({ claims: (honest, request) => ({ ...honest, acr: request.get('acr_values') }) });
    const outcome = await walk(app, app.browser(), '/contradiction');
    expect(outcome).toMatchObject({ status: 403, trips: 2, error: 'login_insufficient' });
  });

  it('each get what they want (N-03)', async () => {
    const app = await start();
    op.script({ claims: (honest, request) => ({ ...honest, acr: request.get('acr_values') ?? undefined }) });
    expect(await walk(app, app.browser(), '/in-a-row')).toMatchObject({ status: 200, trips: 2 });
  });

  it('end in a page however many exclude each other (N-03)', async () => {
    // Each refuses one class, and asks for the next, which the next one refuses.
    const classes = Array.from({ length: 12 }, (_, index) => `class-${index}`);
    const guards = classes.map((_, index) => {
      const [, ...others] = [...classes.slice(index), ...classes.slice(0, index)];
      return requireAuth({ acrValues: others });
    });
    const app = await start({
      handlers: (server) => void server.get('/many', ...guards, (_req, res) => void res.json('never')),
    });
    op.script({
      claims: (honest, request) => ({ ...honest, acr: request.get('acr_values')?.split(' ')[0] }),
    });
    const outcome = await walk(app, app.browser(), '/many');
    expect(outcome).toMatchObject({ status: 403, error: 'login_insufficient' });
    expect(outcome.trips).toBeLessThanOrEqual(9);
  });

  it('that ask for the same again and again are no round (N-03)', async () => {
    const app = await start({
      handlers: (server) => {
        server.get('/ask', (req, _res, next) => void req.auth.login({ acrValues: ['gold'] }).catch(next));
        for (const acrValues of ['gold', 'silver'])
          server.get(`/${acrValues}`, requireAuth({ acrValues }), (_req, res) => void res.json(acrValues));
      },
    });
    const browser = app.browser();
    op.script({ claims: (honest, request) => ({ ...honest, acr: request.get('acr_values') ?? undefined }) });
    for (let round = 0; round < 10; round += 1) {
      await app.logIn(browser, { path: '/ask' });
      expect((await browser.get('/gold')).status).toBe(200);
    }
    expect(await walk(app, browser, '/silver')).toMatchObject({ status: 200, trips: 1 });
  });

  it('answer a script as ever, which is sent nowhere', async () => {
    const app = await start({ onLogin: () => clock.advance(2000) });
    const browser = app.browser();
    op.script(claims(() => ({ auth_time: seconds() - 89 })));
    await walk(app, browser, '/fresh');
    const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
    expect((await browser.get('/fresh', script)).status).toBe(401);
  });
});

describe('an age that the options demand at each login', () => {
  it.each(['abc', '-1', '1.5', ''])('must be a whole number, not "%s" (N-03)', async (max_age) => {
    await expect(start({ oidc: { authorizationParams: { max_age } } })).rejects.toThrow(/max_age/);
  });
});

describe('classes with a number, as the options demand them at each login', () => {
  const numbered = (acr_values: string): Partial<OidcOptions> => ({
    authorizationParams: { acr_values },
    quirks: { acr: 'minimum' },
  });

  it.each([
    '2 ',
    ' 2',
    '3  2',
    '2\t',
    'gold 2',
  ])('are not met by a lower one when written %j (N-02)', async (asked) => {
    const app = await start({ oidc: numbered(asked) });
    op.script(claims(() => ({ acr: '1' })));
    const outcome = await walk(app, app.browser(), '/me');
    expect(outcome).toMatchObject({ status: 403, trips: 1, error: 'login_insufficient' });
    op.script(claims(() => ({ acr: '2' })));
    expect(await walk(app, app.browser(), '/me')).toMatchObject({ status: 200, trips: 1 });
  });

  it.each([
    '0x1',
    '1e0',
    '+1',
    '-',
  ])('are met by no number when they are %j, which is none (N-02)', async (asked) => {
    const app = await start({ oidc: numbered(asked) });
    op.script(claims(() => ({ acr: '9' })));
    expect(await walk(app, app.browser(), '/me')).toMatchObject({ status: 403, trips: 1 });
  });
});

describe('rules that no provider could be asked by (N-02)', () => {
  it.each<[object, string]>([
    [{ acrValues: 'gold silver' }, 'acrValues must be one class, without white space; several are an array'],
    [{ acrValues: ['gold', ' '] }, 'acrValues[1] must be one class'],
    [{ acrValues: ['gold\n'] }, 'acrValues[0] must be one class'],
    [{ maxAgeSeconds: 1.5 }, 'maxAgeSeconds must be a whole number'],
  ])('are refused at start: %j', (rules, message) => {
    expect(() => requireAuth(rules)).toThrow(message);
  });
});

describe('processes whose clocks differ', () => {
  it.each([
    ['ahead', 100_000, '/fresh'],
    ['further ahead', 250_000, '/fresh'],
    ['ahead', 100_000, '/in-turn'],
    ['behind', -100_000, '/in-turn'],
  ])('send nobody round when the one that guards is %s by %i ms of the one that finishes logins: %s (N-03)', async (_, skew, path) => {
    let ahead = 0;
    const app = await start({
      now: { now: () => clock.now() + ahead, monotonic: clock.now, store: clock.now },
      before: (server) =>
        void server.use((req, _res, next) => {
          ahead = req.path === '/oauth/callback' ? 0 : skew;
          next();
        }),
      handlers: (server) => {
        const [gold, silver] = ['gold', 'silver'].map((acrValues) => requireAuth({ acrValues }));
        server.get('/fresh', requireAuth({ maxAgeSeconds: 60 }), (_req, res) => void res.json('fresh'));
        server.get('/in-turn', gold!, silver!, (_req, res) => void res.json('never'));
      },
    });
    op.script({ claims: (honest, request) => ({ ...honest, acr: request.get('acr_values') ?? undefined }) });
    const outcome = await walk(app, app.browser(), path);
    expect(outcome).toMatchObject({ status: 403, error: 'login_insufficient' });
    expect(outcome.trips).toBeLessThanOrEqual(2);
  });
});
