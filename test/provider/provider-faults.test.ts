import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LoginRefused } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { cut, drip, flood, hang, json, type RawAnswer, redirect, send } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { notStarted, tryStart } from '../support/start-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const JSON_TYPE = { 'content-type': 'application/json' };
/** A few kilobytes that unpack to fifty megabytes. */
const BOMB = gzipSync(Buffer.alloc(50_000_000, ' '));
const unavailable = refused('provider_unavailable', 503);
const untrusted = refused('provider_invalid_response');
const declined = refused('provider_refused');
type Case = [title: string, token: (answer: Claims) => Claims | RawAnswer];

describe('a provider that is away', () => {
  let real: OpenIdProvider;
  afterEach(() => real.close());

  it('while the application starts keeps nobody out when it is back (F-36)', async () => {
    real = await startOpenIdProvider();
    await real.down();
    const app = await start({ op: real });
    expect(await tryStart(app)).toEqual(notStarted('provider_unavailable', 503));
    expect((await app.browser().get('/')).status).toBe(200);
    await real.up();
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('at the callback costs a login and no more (F-38)', async () => {
    real = await startOpenIdProvider();
    const app = await start({ op: real });
    const browser = app.browser();
    const begun = await browser.get('/me');
    const callback = await real.signIn(begun.headers.get('location')!);
    await real.down();
    const answer = await browser.deliver(callback);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('<a href="/login?returnTo=%2Fme">Sign in again</a>');
    await real.up();
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('for those who log in leaves those alone who are logged in (F-37)', async () => {
    real = await startOpenIdProvider();
    const app = await start({ op: real });
    const browser = app.browser();
    await app.logIn(browser);
    await real.down();
    expect((await browser.get('/me')).status).toBe(200);
  });
});

describe('a token endpoint', () => {
  const failing: [...Case, outcome: object][] = [
    ['hangs', hang, unavailable],
    ['drips', drip, unavailable],
    ['breaks off', cut, unavailable],
    ['fails', () => json(500, { error: 'server_error' }), unavailable],
    ['fails in HTML', () => send(502, '<h1>Bad gateway</h1>', { 'content-type': 'text/html' }), unavailable],
    ['is too busy', () => json(429, { error: 'slow_down' }), unavailable],
    ['is away for a moment', () => json(503, { error: 'temporarily_unavailable' }), unavailable],
    ['refuses the code', () => json(400, { error: 'invalid_grant' }), declined],
    ['refuses the client', () => json(401, { error: 'invalid_client' }), declined],
    [
      'refuses the client with a challenge',
      () => json(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic realm="x"' }),
      declined,
    ],
    ['refuses in words of its own', () => json(400, { error: 'made "up"\r\n' }), declined],
    ['refuses in HTML', () => send(400, '<h1>No</h1>', { 'content-type': 'text/html' }), untrusted],
    ['refuses with a success', () => json(200, { error: 'invalid_grant' }), untrusted],
    ['answers elsewhere', () => redirect('http://127.0.0.1:9/token', 302), untrusted],
    ['answers elsewhere, by the same method', () => redirect(`${op.issuer}jwks`, 307), untrusted],
    ['answers elsewhere, for ever', () => redirect(`${op.issuer}token`, 308), untrusted],
    ['answers nothing', () => send(204, ''), untrusted],
    ['answers an empty page', () => send(200, '', JSON_TYPE), untrusted],
    ['answers a list', () => json(200, []), untrusted],
    ['answers a text', () => json(200, 'token'), untrusted],
    ['answers broken JSON', () => send(200, '{"access_token":', JSON_TYPE), untrusted],
    ['answers more than a megabyte', () => flood(2 * 1024 * 1024), untrusted],
    ['answers without end', () => flood(), untrusted],
    [
      'answers what grows when it is unpacked',
      () => send(200, BOMB, { ...JSON_TYPE, 'content-encoding': 'gzip' }),
      untrusted,
    ],
    ['gives neither access token nor ID token', () => ({ token_type: 'Bearer' }), untrusted],
    ['gives an access token that is a number', (answer) => ({ ...answer, access_token: 42 }), untrusted],
    ['gives no type of token', ({ token_type: _, ...answer }) => answer, untrusted],
    ['gives a type of token nobody asked for', (answer) => ({ ...answer, token_type: 'mac' }), untrusted],
    ['gives an ID token that is an object', (answer) => ({ ...answer, id_token: {} }), untrusted],
    ['gives a refresh token that is a list', (answer) => ({ ...answer, refresh_token: [] }), untrusted],
  ];

  it.each(
    failing,
  )('that %s ends the login in time, and gets the code once (F-38, F-49, F-50, R-45, R-49)', async (_, token, outcome) => {
    const app = await start({ op, oidc: { timeoutMs: outcome === unavailable ? 1000 : 5000 } });
    op.script({ token });
    const began = performance.now();
    expect(await tryLogin(app)).toEqual(outcome);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(op.requests('token')).toHaveLength(1);
    expect(op.requests('jwks')).toEqual([]);
  });

  const odd: Case[] = [
    ['writes bearer in small letters', (answer) => ({ ...answer, token_type: 'bearer' })],
    ['writes BEARER in capitals', (answer) => ({ ...answer, token_type: 'BEARER' })],
    ['does not say when its token ends', ({ expires_in: _, ...answer }) => answer],
    ['says it in words', (answer) => ({ ...answer, expires_in: '3600' })],
    ['says that it has ended', (answer) => ({ ...answer, expires_in: 0 })],
    ['gives no refresh token', ({ refresh_token: _, ...answer }) => answer],
    ['gives no access token beside its ID token', ({ access_token: _, ...answer }) => answer],
    ['says more than anybody knows', (answer) => ({ ...answer, nested: { deep: [1] }, admin: true })],
    [
      'says its charset',
      (answer) => send(200, JSON.stringify(answer), { 'content-type': 'application/json; charset=UTF-8' }),
    ],
    [
      'packs its answer',
      (answer) => send(200, gzipSync(JSON.stringify(answer)), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    ],
  ];

  it.each(odd)('that %s is understood', async (_, token) => {
    const app = await start({ op });
    op.script({ token });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('tells people when to come again, as it says itself (F-38)', async () => {
    const app = await start({ op });
    const retryAfter = async (value: string) => {
      op.script({ token: () => json(503, { error: 'server_error' }, { 'retry-after': value }) });
      return (await app.logIn(app.browser())).headers.get('retry-after');
    };
    expect([await retryAfter('30'), await retryAfter('999999'), await retryAfter('soon')]).toEqual([
      ...['30', '3600', '5'],
    ]);
  });

  it('that fails is told to the operator without what it was asked or answered (F-38)', async () => {
    const app = await start({ op });
    op.script({
      token: () =>
        json(400, { error: 'invalid_grant', error_description: 'a secret detail', access_token: 'leaked' }),
    });
    const answer = await app.logIn(app.browser());
    const told = JSON.stringify([
      app.errors[0]!.error,
      String(app.errors[0]!.error.stack),
      await answer.text(),
    ]);
    expect(told).toContain('invalid_grant');
    const { code, code_verifier: verifier } = Object.fromEntries(op.requests('token')[0]!.params);
    for (const secret of [code!, verifier!, op.clientSecret, 'a secret detail', 'leaked'])
      expect(told).not.toContain(secret);
  });
});

describe('the application', () => {
  const refusing: [string, Partial<Parameters<typeof start>[0]>][] = [
    [
      'mapUser',
      {
        mapUser: () => {
          throw new LoginRefused('unknown to us');
        },
      },
    ],
    ['onLogin', { onLogin: () => Promise.reject(new LoginRefused('blocked')) }],
  ];

  it.each(refusing)('may refuse a login by %s, and its tokens are revoked (R-06)', async (_, options) => {
    const app: TestApp = await start({ op, ...options });
    expect(await tryLogin(app)).toEqual({ ...refused('login_refused', 403), hasSessionCookie: false });
    expect(op.requests('revocation').map(({ params }) => params.get('token_type_hint'))).toContain(
      'refresh_token',
    );
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toEqual([]);
  });
});
