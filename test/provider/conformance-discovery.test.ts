import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { beginLogin, loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { cut, drip, flood, hang, json, redirect, send } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { notStarted, started, tryStart } from '../support/start-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const secondKey = createScriptedKey('RS256', 'the next key');
const thirdKey = createScriptedKey('RS256', 'the key after it');
const publishes = (key: typeof secondKey): Script => ({ key, jwks: () => ({ keys: [key.jwk] }) });
const announces = (changed: Claims): Script => ({ discovery: (document) => ({ ...document, ...changed }) });
const unavailable = notStarted('provider_unavailable', 503);
const untrusted = notStarted('provider_invalid_response', 502);

describe('discovery', () => {
  it('asks below the issuer, whose path stays and whose last slash does not come twice (C-43, R-31, C-01)', async () => {
    const app = await start({ op });
    expect(op.requests()).toEqual([]);
    expect(await tryStart(app)).toEqual(started);
    expect(op.requests().map(({ url }) => url)).toEqual(['/test/a/app/.well-known/openid-configuration']);
    expect(op.issuer).toMatch(/\/test\/a\/app\/$/);
  });

  it('reads every endpoint from the document, and keeps what is in their queries (C-44, R-36, R-03)', async () => {
    const app = await start({ op });
    const random = `k${Math.random().toString(36).slice(2)}`;
    op.script(announces({ jwks_uri: `${op.issuer}${random}?a=b` }));
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(op.requests('jwks').map(({ url }) => url)).toEqual([`/test/a/app/${random}?a=b`]);
    const url = await beginLogin(app.browser());
    expect(url.searchParams.getAll('tenant')).toEqual(['a b']);
  });

  it.each<[string, (url: string) => string]>([
    ['capitals in its host', (url) => url.replace('localhost', 'LOCALHOST')],
    ['dots in its path', (url) => url.replace('/a/', '/a/./b/../')],
    ['capitals in its scheme', (url) => url.replace('http:', 'HTTP:')],
  ])('knows an endpoint again that is written with %s (R-36)', async (_, write) => {
    const app = await start({ op, oidc: { userinfoAtLogin: true } });
    const names = ['token_endpoint', 'userinfo_endpoint', 'revocation_endpoint', 'jwks_uri'];
    op.script({
      discovery: (document) => ({
        ...document,
        ...Object.fromEntries(names.map((name) => [name, write(String(document[name]))])),
      }),
      // What is no answer of a standard token endpoint, and is put right where it is known to be one.
      token: (answer) => ({ ...answer, refresh_token: null, expires_in: 'soon' }),
    });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it.each<[string, Script]>([
    ['with something behind it (C-45, C-72)', announces({ issuer: `${op.issuer}INVALID` })],
    ['without its slash (F-48)', announces({ issuer: op.issuer.slice(0, -1) })],
    ['with a slash more (F-48)', announces({ issuer: `${op.issuer}/` })],
    ['in another case (F-48)', announces({ issuer: op.issuer.replace('app', 'App') })],
    [
      'with the host in another case (F-48)',
      announces({ issuer: op.issuer.replace('localhost', 'LOCALHOST') }),
    ],
    ['with a fragment (F-48)', announces({ issuer: `${op.issuer}#` })],
    ['with an escape that means the same (F-48)', announces({ issuer: op.issuer.replace('app', '%61pp') })],
    ['in a list', announces({ issuer: [op.issuer] })],
    ['not at all', announces({ issuer: undefined })],
  ])('starts no login when the document names the issuer %s (R-32)', async (_, script) => {
    const app = await start({ op });
    op.script(script);
    expect(await tryStart(app)).toEqual(untrusted);
    expect(op.requests('authorization')).toEqual([]);
  });

  it.each([
    ['another host', () => op.issuer.replace('localhost', '127.0.0.1')],
    ['another path', () => `${op.issuer}v2`],
    ['no slash at its end', () => op.issuer.slice(0, -1)],
  ])('tells the operator both issuers where that of the document has %s (R-32)', async (_, announced) => {
    const app = await start({ op });
    op.script(announces({ issuer: announced() }));
    expect(await tryStart(app)).toEqual(untrusted);
    const { message } = app.errors[0]!.error;
    expect(message).toContain(`expected ${op.issuer}, got "${announced()}"`);
  });

  it('tells the operator in one line, whatever the document says (F-107)', async () => {
    const app = await start({ op });
    op.script(announces({ issuer: `${op.issuer.replace('test', 'te\nst')}\u001b` }));
    expect(await tryStart(app)).toEqual(untrusted);
    expect(app.errors[0]?.error.message).toMatch(/^[ -~]+$/);
  });

  it.each([
    ['authorization_endpoint', undefined],
    ['token_endpoint', undefined],
    ['jwks_uri', undefined],
    ['authorization_endpoint', 42],
    ['token_endpoint', '/token'],
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['end_session_endpoint', 'javascript:alert(1)'],
    ['authorization_endpoint', 'http://id.example.com/authorize'],
    ['token_endpoint', 'http://id.example.com/token'],
    ['jwks_uri', 'http://id.example.com/jwks'],
    ['end_session_endpoint', 'http://id.example.com/end'],
    ['end_session_endpoint', 'data:text/html,x'],
    ['introspection_endpoint', 'introspect'],
    ['introspection_endpoint', 7],
    ['introspection_endpoint', {}],
    ['token_endpoint', 'https://user:hunter2@id.example.com/token'],
  ])('starts no login when %s is %p, and says so (R-33, R-34, F-48)', async (endpoint, value) => {
    const app = await start({ op });
    op.script(announces({ [endpoint]: value }));
    expect(await tryStart(app)).toEqual(untrusted);
    expect(app.errors[0]?.error.message).toContain(endpoint);
    expect(app.errors[0]?.error.message).not.toContain('hunter2');
  });

  it.each([
    'introspection_endpoint',
    'end_session_endpoint',
    'userinfo_endpoint',
    'revocation_endpoint',
  ])('logs people in where %s is null, which says that there is none', async (endpoint) => {
    const app = await start({ op });
    op.script(announces({ [endpoint]: null }));
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it.each<[string, Script['discovery']]>([
    ['is an HTML page', () => send(200, '<h1>Welcome</h1>', { 'content-type': 'text/html' })],
    ['is a list', () => json(200, [])],
    ['is null', () => json(200, null)],
    ['is empty', () => send(200, '', { 'content-type': 'application/json' })],
    ['is not found', () => json(404, {})],
    ['is created', (document) => json(201, document)],
    ['lies elsewhere', () => redirect('http://127.0.0.1:9/other', 301)],
    ['lies elsewhere on another port of the host', () => redirect('http://localhost:9/other', 302)],
    ['is larger than a megabyte', () => flood(2 * 1024 * 1024)],
    ['never ends', () => flood()],
  ])('starts no login when the document %s (R-33, F-48)', async (_, discovery) => {
    const app = await start({ op });
    op.script({ discovery: discovery! });
    expect(await tryStart(app)).toEqual(untrusted);
    expect(op.requests()).toHaveLength(1);
  });

  it.each<[string, Script['discovery']]>([
    ['hangs', hang],
    ['drips', drip],
    ['breaks off', cut],
    ['is down with 500', () => json(500, { error: 'server_error' })],
    ['is down with 503 and HTML', () => send(503, '<h1>Sorry</h1>', { 'content-type': 'text/html' })],
    ['is too busy', () => json(429, {}, { 'retry-after': '7' })],
  ])('answers 503 within its bound when the provider %s, and recovers (F-37, R-35, F-36)', async (_, discovery) => {
    const app = await start({ op, oidc: { timeoutMs: 1000 } });
    op.script({ discovery: discovery! });
    const began = performance.now();
    expect(await tryStart(app)).toEqual(unavailable);
    expect(performance.now() - began).toBeLessThan(5000);
    op.script();
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('is asked once by logins that start together, and not again within the hour (R-35, F-37)', async () => {
    const clock = createTestClock();
    const app = await start({ op, now: clock.now });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => tryStart(app)));
    expect(outcomes).toEqual(Array(8).fill(started));
    clock.advance(3_599_000);
    await tryStart(app);
    expect(op.requests('discovery')).toHaveLength(1);
    clock.advance(2_000);
    await tryStart(app);
    expect(op.requests('discovery')).toHaveLength(2);
  });

  it('keeps an old document that cannot be renewed, and asks again after a minute (R-35)', async () => {
    const clock = createTestClock();
    const app = await start({ op, now: clock.now });
    await tryStart(app);
    op.script({ discovery: () => json(500, {}) });
    clock.advance(3_601_000);
    expect(await tryStart(app)).toEqual(started);
    expect(await tryStart(app)).toEqual(started);
    expect(op.requests('discovery')).toHaveLength(2);
    op.script(announces({ authorization_endpoint: `${op.issuer}moved` }));
    clock.advance(61_000);
    expect((await beginLogin(app.browser())).pathname).toBe('/test/a/app/moved');
  });

  it('takes no endpoint on http from metadata given by hand for an https issuer (R-34)', () => {
    const create = (token_endpoint: string) =>
      providers.oidc({
        issuer: 'https://id.example.com',
        clientId: 'app',
        metadata: { authorization_endpoint: 'https://id.example.com/authorize', token_endpoint },
      });
    expect(() => create('http://localhost:3000/token')).toThrow(/metadata.token_endpoint/);
    expect(() => create('http://id.example.com/token')).toThrow(/metadata.token_endpoint/);
    expect(create('https://id.example.com/token').issuer).toBe('https://id.example.com');
  });
});

describe('the keys of a provider', () => {
  it('are fetched late enough for one minted just before signing (C-46)', async () => {
    const app = await start({ op });
    const browser = app.browser();
    const url = await beginLogin(browser);
    op.script(publishes(secondKey));
    const answer = await browser.deliver(await op.signIn(url.href));
    expect(answer.status).toBe(303);
  });

  it('are fetched again when they rotate between two logins (C-47, F-40)', async () => {
    const app = await start({ op });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.script(publishes(secondKey));
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(op.requests('jwks')).toHaveLength(2);
  });

  it('are fetched again however often they rotate, a second apart (C-47)', async () => {
    const clock = createTestClock();
    const app = await start({ op, now: clock.now });
    for (const key of [op.key, secondKey, thirdKey, op.key]) {
      op.script(publishes(key));
      expect(await tryLogin(app)).toEqual(loggedIn);
      clock.advance(1000);
    }
    expect(op.requests('jwks')).toHaveLength(4);
  });

  it.each<[string, Script['jwks'], string, number]>([
    ['hang', hang, 'provider_unavailable', 503],
    ['break off', cut, 'provider_unavailable', 503],
    ['answer 500', () => json(500, {}), 'provider_unavailable', 503],
    [
      'are a page',
      () => send(200, '<h1>Hello</h1>', { 'content-type': 'text/html' }),
      'provider_invalid_response',
      502,
    ],
    ['are a list', () => json(200, []), 'provider_invalid_response', 502],
    ['are none', () => json(200, { keys: [] }), 'provider_invalid_response', 502],
    ['are no objects', () => json(200, { keys: ['a', 1, null] }), 'provider_invalid_response', 502],
    ['lie elsewhere', () => redirect('http://127.0.0.1:9/keys'), 'provider_invalid_response', 502],
    ['are larger than a megabyte', () => flood(2 * 1024 * 1024), 'provider_invalid_response', 502],
  ])('end a login when they %s, and the next one finds them (R-35, F-48)', async (_, jwks, error, status) => {
    const clock = createTestClock();
    const app = await start({ op, oidc: { timeoutMs: 1000 }, now: clock.now });
    op.script({ jwks: jwks! });
    expect(await tryLogin(app)).toEqual(refused(error, status));
    op.script();
    clock.advance(1000);
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });
});
