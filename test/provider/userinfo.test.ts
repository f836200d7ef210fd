import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { flood, hang, json, type RawAnswer, send } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey, type ScriptedKey, signToken } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (oidc: TestAppOptions['oidc'] = {}) =>
  startApp({ op, oidc: { timeoutMs: 2000, ...oidc }, now: clock.now, handlers: addTokenRoutes });

const honest = { sub: 'ada', name: 'ada of the userinfo', phone_number: '1' };
const JSON_TYPE = { 'content-type': 'application/json' };
const JWT_TYPE = { 'content-type': 'application/jwt' };

const wrongAnswers: [string, Claims | RawAnswer, string?][] = [
  ['another person', { sub: 'grace' }],
  ['no person', { name: 'ada' }],
  ['a number for a person', { sub: 7 }],
  ['a list', json(200, [honest])],
  ['a text', json(200, 'ada')],
  ['nothing', send(200, '', JSON_TYPE)],
  ['half of it', send(200, '{"sub":"ada"', JSON_TYPE)],
  ['HTML', send(200, JSON.stringify(honest), { 'content-type': 'text/html' })],
  ['no content type', send(200, JSON.stringify(honest))],
  ['a refusal', send(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' })],
  ['a redirect', send(302, '', { location: '/elsewhere' })],
  ['more than any person has', flood(50 * 1024 * 1024)],
  ['an error of the server', json(500, {}), 'provider_unavailable'],
  ['silence', hang(), 'provider_unavailable'],
];

describe('req.auth.fetchUserInfo()', () => {
  it('asks with the token in the header, and gives what describes the person', async () => {
    op.script({ userinfo: () => ({ ...honest, iss: 'x', aud: 'y', constructor: 'z' }) });
    const browser = await logIn();
    const { token } = await ask(browser);
    expect(await ask(browser, '/userinfo')).toEqual({ status: 200, claims: honest });
    const [request] = op.requests('userinfo');
    expect(request!.headers.authorization).toBe(`Bearer ${token}`);
    expect(request!.url).not.toContain(token);
  });

  it('asks with a fresh token', async () => {
    const browser = await logIn();
    const { token } = await ask(browser);
    clock.advance(3_600_000);
    expect((await ask(browser, '/userinfo')).status).toBe(200);
    expect(op.requests('userinfo')[0]!.headers.authorization).not.toBe(`Bearer ${token}`);
  });

  it('is asked again, once, with a fresh token, where it does not take the one we have', async () => {
    const browser = await logIn();
    const refusal = send(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' });
    op.script({ userinfo: () => (op.requests('userinfo').length === 1 ? (refusal as never) : honest) });
    expect(await ask(browser, '/userinfo')).toEqual({ status: 200, claims: honest });
    const [first, second, ...others] = op.requests('userinfo').map(({ headers }) => headers.authorization);
    expect(second).not.toBe(first);
    expect(others).toEqual([]);
    expect(op.requests('token')).toHaveLength(2);
  });

  it.each(wrongAnswers)('refuses %s (R-20, R-21)', async (_, answer, error = 'provider_invalid_response') => {
    const browser = await logIn();
    op.script({ userinfo: () => answer });
    const status = error === 'provider_unavailable' ? 503 : 502;
    expect(await ask(browser, '/userinfo')).toMatchObject({ status, error, name: 'ProviderError' });
  });

  it('says that the provider has no such endpoint', async () => {
    const browser = await logIn({
      issuer: op.issuer,
      metadata: {
        authorization_endpoint: `${op.issuer}authorize`,
        token_endpoint: `${op.issuer}token`,
        jwks_uri: `${op.issuer}jwks`,
        authorization_response_iss_parameter_supported: true,
      },
    });
    expect(await ask(browser, '/userinfo')).toMatchObject({ status: 501, error: 'provider_unsupported' });
    expect(op.requests('userinfo')).toEqual([]);
  });
});

describe('the userinfo at login', () => {
  it('adds its claims to those of the ID token, which win (R-20)', async () => {
    op.script({ userinfo: () => honest });
    const browser = await logIn({ userinfoAtLogin: true });
    expect(await (await browser.get('/me')).json()).toEqual({
      sub: 'ada',
      name: 'ada of the script',
      email: 'ada@example.com',
      phone_number: '1',
    });
  });

  it('fails the login where there is no token to ask with', async () => {
    op.script({ token: ({ access_token: _, ...answer }) => answer });
    const outcome = await tryLogin(await start({ userinfoAtLogin: true }));
    expect(outcome).toEqual(refused('provider_invalid_response', 502));
  });

  it('is not asked for otherwise', async () => {
    await logIn();
    expect(op.requests('userinfo')).toEqual([]);
  });

  it.each(
    wrongAnswers,
  )('fails the login when it is %s (R-20, R-21)', async (_, answer, error = 'provider_invalid_response') => {
    op.script({ userinfo: () => answer });
    const outcome = await tryLogin(await start({ userinfoAtLogin: true }));
    expect(outcome).toEqual(refused(error, error === 'provider_unavailable' ? 503 : 502));
  });

  it.each<[string, () => Claims | RawAnswer, RegExp]>([
    [
      'another person',
      () => ({ sub: 'grace' }),
      /the userinfo answer, sub: expected that of the login, got another\./,
    ],
    ['no person', () => ({ name: 'ada' }), /userinfo, sub: expected a text, got nothing\./],
    ['a number for a person', () => ({ sub: 7 }), /userinfo, sub: expected a text, got a number\./],
    ['a list', () => json(200, [honest]), /userinfo: expected a JSON object, got JSON of another kind\./],
    [
      'half of it',
      () => send(200, '{"sub":"ada"', JSON_TYPE),
      /userinfo: expected a JSON object, got status 200, content type "application\/json"\./,
    ],
    [
      'HTML',
      () => send(200, '<p>', { 'content-type': 'text/html' }),
      /userinfo: expected JSON, or a signed JWT, got status 200, content type "text\/html"\./,
    ],
    [
      'a JWT by another algorithm',
      () => signedUserinfo({}, createScriptedKey('ES256', op.key.kid)),
      /the userinfo answer, alg: expected RS256, got "ES256"\./,
    ],
    // It is the token that was refused, and not the client.
    [
      'a refusal without a word',
      () => send(401, ''),
      /userinfo: expected status 200 with JSON, got status 401, no content type\.$/,
    ],
    [
      'a page that says no',
      () => send(403, '<h1>Forbidden</h1>', { 'content-type': 'text/html' }),
      /got status 403, content type "text\/html"\.$/,
    ],
  ])('is named for what it is when it is %s', async (_, userinfo, message) => {
    op.script({ userinfo });
    const app = await start({ userinfoAtLogin: true });
    await tryLogin(app);
    expect(app.errors.map(({ error }) => error.message)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    (url: string) => url,
    (url: string) => url.replace('localhost', 'LOCALHOST'),
    (url: string) => url.replace('/a/', '/a/b/../'),
  ])('is verified when it is a JWT, however its address is written: %s (R-20)', async (write) => {
    op.script({
      discovery: (document) => ({
        ...document,
        userinfo_endpoint: write(String(document.userinfo_endpoint)),
        userinfo_signing_alg_values_supported: ['RS256'],
      }),
      userinfo: () => signedUserinfo({ phone_number: '2' }),
    });
    const browser = await logIn({ userinfoAtLogin: true });
    expect(await (await browser.get('/me')).json()).toMatchObject({ sub: 'ada', phone_number: '2' });
    op.script({ userinfo: () => signedUserinfo({}, createScriptedKey('RS256', op.key.kid)) });
    expect(await tryLogin(await start({ userinfoAtLogin: true }))).toEqual(
      refused('provider_invalid_response'),
    );
  });

  it.each([
    ['by another key', () => signedUserinfo({}, createScriptedKey('RS256', op.key.kid))],
    ['by another algorithm', () => signedUserinfo({}, createScriptedKey('ES256', op.key.kid))],
    ['by the client secret', () => signedUserinfo({}, op.clientSecret)],
    ['for another client', () => signedUserinfo({ aud: 'another' })],
    ['by another issuer', () => signedUserinfo({ iss: 'https://another.example' })],
    ['about another person', () => signedUserinfo({ sub: 'grace' })],
    ['and has ended', () => signedUserinfo({ exp: 1_000_000_000 })],
    ['and is none', () => send(200, 'a.b', JWT_TYPE)],
    ['and encrypted', () => send(200, 'a.b.c.d.e', JWT_TYPE)],
  ])('fails the login when it is a JWT %s (R-20, C-31)', async (_, userinfo) => {
    op.script({ userinfo });
    expect(await tryLogin(await start({ userinfoAtLogin: true }))).toEqual(
      refused('provider_invalid_response'),
    );
  });
});

async function logIn(oidc?: TestAppOptions['oidc']) {
  const app = await start(oidc);
  const browser = app.browser();
  await app.logIn(browser);
  return browser;
}

function signedUserinfo(change: Claims = {}, key: ScriptedKey | string = op.key): RawAnswer {
  const header = typeof key === 'string' ? { alg: 'HS256' } : { alg: key.alg, kid: key.kid };
  const jwt = signToken(header, { ...honest, iss: op.issuer, aud: op.clientId, ...change }, key);
  return send(200, jwt, JWT_TYPE);
}
