import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { json } from '../support/scripted-answers.ts';
import { attributesOf } from '../support/set-cookie.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const start = useApps();
const DAY_MS = 86_400_000;
const locationOf = (answer: Response) =>
  new URL(answer.headers.get('location') ?? '', 'http://nowhere.example');

describe.each(['redis', 'memory'] as const)('a logout, with sessions in %s', (kind) => {
  const startHere = (options: object = {}) =>
    start({ op, redis: kind === 'redis' ? redis.url : 'memory', ...options });

  it('ends the session here, then leads to that of the provider with all that it wants to know (R-70, C-55)', async () => {
    const app = await startHere();
    const browser = app.browser();
    let issued = '';
    op.script({ idToken: (jwt) => (issued = jwt) });
    await app.logIn(browser);
    const old = browser.jar.clone();
    const answer = await browser.post('/logout');

    expect(answer.status).toBe(303);
    expect(await whoIs(app.browser(old))).toBeNull();
    const { origin, pathname, searchParams } = locationOf(answer);
    expect(origin + pathname).toBe(`${op.issuer}end_session`);
    expect(Object.fromEntries(searchParams)).toEqual({
      id_token_hint: issued,
      client_id: op.clientId,
      post_logout_redirect_uri: `${app.origin}/`,
    });
    expect(app.logouts).toEqual([
      expect.objectContaining({ reason: 'logout', sub: 'ada', issuer: op.issuer }),
    ]);
    expect(op.requests('endSession')).toEqual([]);
  });

  it('has ended the session although the browser never comes to the provider (R-70)', async () => {
    const app = await startHere();
    const browser = app.browser();
    await app.logIn(browser);
    await browser.post('/logout');
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/me')).status).toBe(302);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toEqual([]);
  });

  it('succeeds quietly when it is asked for twice, by the same cookie (R-75)', async () => {
    const app = await startHere();
    const browser = app.browser();
    await app.logIn(browser);
    const again = app.browser(browser.jar.clone());
    expect((await browser.post('/logout')).status).toBe(303);
    expect((await again.post('/logout')).status).toBe(303);
    expect(again.jar.all()).toEqual([]);
    expect(app.logouts).toHaveLength(1);
    expect(app.errors).toEqual([]);
  });

  it('succeeds quietly when it is asked for several times at once, and is told once (R-75, N-24)', async () => {
    const app = await startHere();
    const browser = app.browser();
    await app.logIn(browser);
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/logout')));
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(app.errors).toEqual([]);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
    // The refresh token and the access token, once.
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    expect(await whoIs(browser)).toBeNull();
  });

  it('succeeds quietly for somebody who is not logged in, and leads home (R-75)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const answer = await browser.post('/logout');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(app.logouts).toEqual([]);
    expect(op.requests()).toEqual([]);
    await browser.get('/save?a=1');
    await browser.post('/logout');
    expect(await (await browser.get('/save')).json()).toEqual({});
  });

  it.each([
    'session=junk',
    'session=s%3Ax.y',
    `session=s%3A${'A'.repeat(43)}.${'A'.repeat(43)}`,
    'session=',
  ])('succeeds quietly for the cookie %p (R-75)', async (cookie) => {
    const app = await startHere();
    const answer = await app.browser().post('/logout', {}, { cookie });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^session=; Max-Age=0;/);
  });

  it('succeeds quietly when the session has expired, and still leads to that of the provider (R-75, R-77)', async () => {
    const clock = createTestClock();
    const app = await startHere({ now: clock.now });
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(8 * DAY_MS);
    const answer = await browser.post('/logout');
    expect(answer.status).toBe(303);
    expect(locationOf(answer).href).toContain(`${op.issuer}end_session?`);
    expect(browser.jar.all()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it('sends an ID token that has expired as a hint all the same (R-77)', async () => {
    const clock = createTestClock();
    const app = await startHere({ now: clock.now });
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(DAY_MS / 2);
    expect(locationOf(await browser.post('/logout')).searchParams.get('id_token_hint')).toMatch(/^eyJ/);
  });

  it('sends a large ID token by a form that nobody else can read, and in no URL (R-77)', async () => {
    const app = await startHere();
    const browser = app.browser();
    op.script({
      claims: (claims) => ({ ...claims, groups: Array.from({ length: 400 }, (_, at) => `group-${at}`) }),
    });
    await app.logIn(browser);
    const answer = await browser.post('/logout');
    const page = await answer.text();
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    expect(page).toContain(`<form method="post" action="${op.issuer}end_session">`);
    expect(/name="id_token_hint" value="(eyJ[\w.-]{4000,})"/.exec(page)).not.toBeNull();
    expect(page).toContain(`name="post_logout_redirect_uri" value="${app.origin}/"`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await whoIs(browser)).toBeNull();
  });

  it('stays here when the provider has no logout (R-71, C-02)', async () => {
    const app = await startHere();
    const browser = app.browser();
    op.script({ discovery: ({ end_session_endpoint: _, revocation_endpoint: __, ...document }) => document });
    await app.logIn(browser);
    const answer = await browser.post('/logout');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(await whoIs(browser)).toBeNull();
    expect(op.requests('revocation')).toEqual([]);
  });

  it('takes the cookie away with the attributes it was set with, and those of logins under way (R-76)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const login = await app.logIn(browser);
    const pending = await browser.get('/login');
    const set = [...login.headers.getSetCookie(), ...pending.headers.getSetCookie()].filter(
      (line) => !/=;/.test(line),
    );
    const cleared = (await browser.post('/logout')).headers.getSetCookie();
    for (const line of set) {
      const gone = cleared.find((other) => other.startsWith(line.split('=')[0]!));
      expect(gone).toContain('=; Max-Age=0');
      expect(attributesOf(gone)).toEqual(attributesOf(line));
    }
    expect(set).toHaveLength(2);
    expect(browser.jar.all()).toEqual([]);
  });

  it('is done whatever the application throws at the news of it (R-70)', async () => {
    const app = await startHere({
      onLogout: () => {
        throw new Error('the database is away');
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([['unexpected', 'logout']]);
    expect(app.errors[0]!.error.message).toBe('onLogout of the application threw.');
  });

  it.each([
    'session-login-a b',
    'session-login-é',
    'session-login-(x)',
    'session-login-',
  ])('is not kept from happening by a cookie named %j, which we never set (F-115)', async (name) => {
    const app = await startHere();
    const browser = app.browser();
    await app.logIn(browser);
    const cookie = `${browser.jar.header(app.origin)}; ${Buffer.from(name).toString('latin1')}=1.s.x`;
    const answer = await browser.post('/logout', {}, { cookie });
    expect([answer.status, app.errors, await whoIs(browser)]).toEqual([303, [], null]);
  });

  it('that a handler begins too late ends the session, revokes its tokens and says what is wrong', async () => {
    const faults: unknown[] = [];
    const app = await startHere({
      clearSiteData: true,
      handlers: (server: Express) =>
        server.get('/stream', async (req, res) => {
          res.write('begun');
          await req.auth.logout().catch((error) => faults.push(error));
          res.end();
        }),
    });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/login');
    op.forgetRequests();
    await (await browser.get('/stream')).text();
    expect(await whoIs(browser)).toBeNull();
    expect(String(faults)).toMatch(
      /ConfigurationError: req\.auth\.logout\(\) must be called, and awaited, before/,
    );
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
  });
});

describe('a logout in two processes at once', () => {
  it('is told by one of them, and both lead to that of the provider (R-75, N-24)', async () => {
    const one = await start({ op, redis: redis.url });
    const two = await start({ op, redis: redis.url, baseUrl: one.origin });
    const browser = one.browser();
    await one.logIn(browser);
    // So that the other knows the provider as well.
    await two.browser().get('/login');
    op.forgetRequests();
    const post = (app: typeof one) =>
      app.browser(browser.jar.clone()).post('/logout', {}, { origin: one.origin });
    const answers = await Promise.all([post(one), post(two), post(one), post(two)]);
    for (const answer of answers) expect(locationOf(answer).pathname).toMatch(/end_session$/);
    expect([...one.logouts, ...two.logouts].map(({ reason }) => reason)).toEqual(['logout']);
    expect([...one.errors, ...two.errors]).toEqual([]);
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
  });
});

describe('a logout whose provider is away', () => {
  it('is done here, and says that it may not be done there (R-70, F-78)', async () => {
    const first = await start({ op, redis: redis.url });
    const browser = first.browser();
    await first.logIn(browser);
    // A process that has not met the provider yet cannot know where its logout is.
    const second = await start({ op, redis: redis.url, baseUrl: first.origin });
    op.script({ discovery: () => json(503, {}), revocation: () => json(503, {}) });
    const answer = await second.browser(browser.jar).post('/logout', {}, { origin: first.origin });
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    expect(await answer.text()).toContain('you may still be signed in there');
    expect(await whoIs(browser)).toBeNull();
    expect(second.errors.map(({ error }) => error.code)).toContain('provider_unavailable');
  });

  it('is done, and leads to the provider, when nothing but its revocation fails (R-70)', async () => {
    const app = await start({ op });
    const browser = app.browser();
    await app.logIn(browser);
    op.script({ revocation: () => json(503, {}) });
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['provider_unavailable', 'logout'],
    ]);
  });
});
