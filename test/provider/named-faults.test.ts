import { readFileSync } from 'node:fs';
import { describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from 'express-connect-auth';
import { json, type RawAnswer, redirect, send } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { tryStart } from '../support/start-outcome.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const token = (change: (answer: Claims) => Claims | RawAnswer): Script => ({ token: change });
const claims = (changed: Claims): Script => ({ claims: (honest) => ({ ...honest, ...changed }) });
const ec = createScriptedKey('ES256', 'an EC key that signs');

/** What the operator is told of a login. */
async function faultOf(script: Script, oidc: object = {}) {
  const app = await start({ op, oidc });
  op.script(script);
  const answer = await app.logIn(app.browser());
  const { error } = app.errors.at(-1)!;
  return { error: error as ProviderError, page: await answer.text() };
}

const UUID = '0f3b1f38-8e5b-4b1c-9d3a-1a2b3c4d5e6f';
const AT_TOKEN = /^POST http:\/\/localhost:\d+\/test\/a\/app\/token$/;
const AT_ID_TOKEN = /^the ID token$/;

type Case = [
  title: string,
  script: Script,
  fault: { asked: RegExp; member?: string; expected: RegExp; got: RegExp; option?: string },
];

describe('the fault of a provider', () => {
  const cases: Case[] = [
    [
      'no token at all',
      token(() => ({ token_type: 'Bearer' })),
      { ...at('access_token', 'scope'), expected: /a text/, got: /nothing/ },
    ],
    [
      'an access token that is a list',
      token((a) => ({ ...a, access_token: ['x'] })),
      { ...at('access_token'), expected: /a text/, got: /a list/ },
    ],
    [
      'an access token that is empty',
      token((a) => ({ ...a, access_token: '' })),
      { ...at('access_token'), expected: /a text/, got: /an empty text/ },
    ],
    [
      'a scope that is a list',
      token((a) => ({ ...a, scope: ['openid'] })),
      { ...at('scope'), expected: /words/, got: /a list/ },
    ],
    [
      'a refresh token that is a number',
      token((a) => ({ ...a, refresh_token: 7 })),
      { ...at('refresh_token'), expected: /a text/, got: /a number/ },
    ],
    [
      'no type of token',
      token(({ token_type: _, ...a }) => a),
      { ...at('token_type', 'quirks.tokenType'), expected: /"Bearer"/, got: /nothing/ },
    ],
    [
      'a type of token of its own',
      token((a) => ({ ...a, token_type: 'mac' })),
      { ...at('token_type', 'quirks.tokenType'), expected: /"Bearer"/, got: /"mac"/ },
    ],
    [
      'no ID token',
      token(({ id_token: _, ...a }) => a),
      { ...at('id_token', 'scope'), expected: /a JWT/, got: /nothing/ },
    ],
    [
      'an ID token that is an object',
      token((a) => ({ ...a, id_token: {} })),
      { ...at('id_token', 'scope'), expected: /a JWT/, got: /an object/ },
    ],
    [
      'an error with the status of a success',
      token(() => ({ error: 'invalid_grant' })),
      { ...at('error'), expected: /none/, got: /"invalid_grant"/ },
    ],
    [
      'a page',
      token(() => send(200, '<h1>', { 'content-type': 'text/html' })),
      { asked: AT_TOKEN, expected: /a JSON object/, got: /text\/html/ },
    ],
    [
      'a list',
      token(() => json(200, [])),
      { asked: AT_TOKEN, expected: /a JSON object/, got: /another kind/ },
    ],
    [
      'another status',
      token(() => json(201, {})),
      { asked: /token$/, expected: /status 200/, got: /status 201/ },
    ],
    [
      'a redirect',
      token(() => redirect('https://elsewhere.example/t?code=secret', 302)),
      { asked: /token$/, expected: /status 200/, got: /a redirect to "https:\/\/elsewhere.example\/t"/ },
    ],
    [
      'an ID token by another algorithm',
      { key: ec },
      {
        asked: AT_ID_TOKEN,
        member: 'alg',
        expected: /^RS256$/,
        got: /^"ES256"$/,
        option: 'idTokenSigningAlgorithm',
      },
    ],
    [
      'one by a secret',
      { key: op.clientSecret },
      {
        asked: AT_ID_TOKEN,
        member: 'alg',
        expected: /^RS256$/,
        got: /^"HS256"$/,
        option: 'idTokenSigningAlgorithm',
      },
    ],
    [
      'one of another issuer',
      claims({ iss: `${op.issuer}x` }),
      { asked: AT_ID_TOKEN, member: 'iss', expected: /app\/"$/, got: /app\/x"$/, option: 'issuer' },
    ],
    [
      'one of an issuer that is off by a slash',
      claims({ iss: op.issuer.slice(0, -1) }),
      { asked: AT_ID_TOKEN, member: 'iss', expected: /app\/"$/, got: /app"$/, option: 'issuer' },
    ],
    [
      'one of no issuer',
      claims({ iss: undefined }),
      { asked: AT_ID_TOKEN, member: 'iss', expected: /app/, got: /nothing/, option: 'issuer' },
    ],
    [
      'one for another client',
      claims({ aud: 'the-other' }),
      { asked: AT_ID_TOKEN, member: 'aud', expected: /^"app/, got: /"the-other"/, option: 'clientId' },
    ],
    [
      'one for others as well',
      claims({ aud: [op.clientId, 'project-id'], azp: op.clientId }),
      {
        asked: AT_ID_TOKEN,
        member: 'aud',
        expected: /none but "app/,
        got: /"project-id"/,
        option: 'trustedAudiences',
      },
    ],
    [
      'one that has ended',
      claims({ exp: 1_000_000_000 }),
      {
        asked: AT_ID_TOKEN,
        member: 'exp',
        expected: /an end after 20/,
        got: /2001-09-09T01:46:40/,
        option: 'clockToleranceSeconds',
      },
    ],
    [
      'one without a nonce',
      claims({ nonce: undefined }),
      {
        asked: AT_ID_TOKEN,
        member: 'nonce',
        expected: /the one sent/,
        got: /nothing/,
        option: 'quirks.nonce',
      },
    ],
    [
      'one with another nonce',
      claims({ nonce: 'stolen' }),
      { asked: AT_ID_TOKEN, member: 'nonce', expected: /the one sent/, got: /^another$/ },
    ],
    [
      'one that is encrypted',
      { idToken: () => 'a.b.c.d.e' },
      { asked: AT_ID_TOKEN, expected: /a signed JWT/, got: /an encrypted token/ },
    ],
    [
      'one that is none',
      { idToken: () => 'opaque' },
      { asked: AT_ID_TOKEN, expected: /a signed JWT/, got: /no JWT/ },
    ],
    [
      'an auth_time in text',
      claims({ auth_time: '1' }),
      { asked: /identity/, member: 'auth_time', expected: /a number above 0/, got: /"1"/ },
    ],
    [
      'an auth_time of an object',
      claims({ auth_time: {} }),
      { asked: /identity/, member: 'auth_time', expected: /a number above 0/, got: /an object/ },
    ],
    [
      'a signature by a key that is not published',
      { key: createScriptedKey('RS256', 'unknown') },
      { asked: /the login/, member: 'its kid and alg', expected: /a key of jwks_uri/, got: /others/ },
    ],
    [
      'no keys',
      { jwks: () => json(404, {}) },
      { asked: /^GET .*\/jwks$/, expected: /status 200/, got: /status 404/ },
    ],
    [
      'keys that are a page',
      { jwks: () => send(200, 'x', { 'content-type': 'text/html' }) },
      { asked: /jwks$/, expected: /JSON Web Key Set/, got: /text\/html/ },
    ],
  ];

  it.each(
    cases,
  )('with %s is named: what was asked, the member, expected, got, and the option (R-33, F-45, F-49)', async (_, script, expected) => {
    const { error } = await faultOf(script);
    expect(error).toBeInstanceOf(ProviderError);
    const { asked, member, expected: wanted, got, option } = error.fault!;
    expect(asked).toMatch(expected.asked);
    expect({ member, option }).toEqual({ member: expected.member, option: expected.option });
    expect(wanted).toMatch(expected.expected);
    expect(got).toMatch(expected.got);
    for (const part of [asked, member, wanted, got, option]) if (part) expect(error.message).toContain(part);
    expect(error.message).toMatch(/^[ -~]+$/);
    expect(error.message).not.toMatch(/secret|stolen|eyJ/);
  });

  it('is another text for each of them', async () => {
    const messages: string[] = [];
    for (const [, script] of cases.slice(0, 12)) messages.push((await faultOf(script)).error.message);
    expect(new Set(messages).size).toBe(messages.length);
  });

  it('names the address that did not answer, and how (F-37)', async () => {
    const app = await start({ op, fetch: () => Promise.reject(networkFault('ECONNREFUSED')) });
    await tryStart(app);
    const { error } = app.errors[0]!;
    expect(error).toMatchObject({ code: 'provider_unavailable' });
    expect(error.message).toContain(`GET ${op.issuer}.well-known/openid-configuration`);
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('the document on errors', () => {
  it('has each code of a fault of a provider, when it comes and what to do (R-124)', () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const union = /export type ProviderErrorCode =([^;]*);/.exec(read('src/errors.ts'))![1]!;
    const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    const section = read('docs/errors.md').split('## What is wrong with a provider')[1]!;
    const rows = [...section.matchAll(/^\| `(\w+)` \| [^|]{20,} \| [^|]{20,} \|$/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(6);
    expect(rows.sort()).toEqual(codes.sort());
  });
});

describe('what a provider says of its error', () => {
  const description = 'AADSTS7000215: Invalid client secret. Trace ID: 0d3c';
  const refusal = (text: unknown, more: Claims = {}): Script => ({
    token: () => json(400, { error: 'invalid_request', error_description: text, ...more }),
  });

  it('is for the operator alone (F-49, R-124)', async () => {
    const { error, page } = await faultOf(refusal(description));
    expect(error).toMatchObject({ oauthError: 'invalid_request', oauthErrorDescription: description });
    for (const shown of [page, error.message, String(error.stack), JSON.stringify(error)])
      expect(shown).not.toContain('AADSTS');
  });

  it('is for the operator alone as well when the browser brings it (F-49, R-124)', async () => {
    const { error, page } = await faultOf({
      authorization: ({ code: _, ...answer }) => ({
        ...answer,
        error: 'access_denied',
        error_description: 'Only staff may enter.',
      }),
    });
    expect(error).toMatchObject({
      code: 'login_denied',
      oauthError: 'access_denied',
      oauthErrorDescription: 'Only staff may enter.',
    });
    for (const shown of [page, error.message, JSON.stringify(error)]) expect(shown).not.toContain('staff');
  });

  it.each<[string, unknown, string | undefined]>([
    ['lines and colours of a terminal', 'one\r\n\u001b[31mtwo\u0000', 'one [31mtwo'],
    ['what turns the direction of a text', 'a\u202Eb\u2066c\u2028d', 'a b c d'],
    ['more than anybody reads', 'x'.repeat(100_000), 'x'.repeat(300)],
    ['umlauts', 'Ungültiger Schlüssel', 'Ungültiger Schlüssel'],
    ['a token', 'Token eyJhbGciOi.eyJzdWIi.c2ln is bad', 'Token … is bad'],
    ['the number of a trace', `Trace ID: ${UUID}.`, `Trace ID: ${UUID}.`],
    ['a code of such numbers', `Code ${UUID}.${UUID}.${UUID} is bad`, 'Code … is bad'],
    ['a code that begins with one', `Code ${UUID}-9abc is bad`, 'Code … is bad'],
    ['nothing', '', undefined],
    ['an object', { a: 1 }, undefined],
  ])('is cut down to what can be printed when it holds %s (F-49)', async (_, given, kept) => {
    expect((await faultOf(refusal(given))).error.oauthErrorDescription).toBe(kept);
  });

  it('holds nothing of what it was sent (F-38)', async () => {
    const sent: string[] = [];
    const { error } = await faultOf({
      token: () => {
        const { params } = op.requests('token')[0]!;
        sent.push(params.get('code')!, params.get('code_verifier')!);
        return json(400, {
          error: 'invalid_grant',
          error_description: `The code ${sent.join(' with ')} is bad`,
        });
      },
    });
    expect(error.oauthErrorDescription).toBe('The code … with … is bad');
  });

  it('is in the warning where nobody listens (R-124)', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const app = await start({ op, onError: undefined as never });
    op.script(refusal(description));
    await app.logIn(app.browser());
    const said = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(said.join()).toContain(`The provider says: "${description}".`);
  });
});

describe('a login that brings no access token', () => {
  it.each<[string, (answer: Claims) => Claims]>([
    ['none', ({ access_token: _, ...answer }) => answer],
    ['none, and no type of it', ({ access_token: _, token_type: __, ...answer }) => answer],
    ['null', (answer) => ({ ...answer, access_token: null })],
  ])('but %s is a login all the same (F-45)', async (_, change) => {
    const app = await start({ op, handlers: addTokenRoutes });
    op.script({ token: change });
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.get('/me')).status).toBe(200);
    expect(await ask(browser)).toMatchObject({ status: 501, error: 'token_unavailable' });
  });
});

function at(member: string, option?: string) {
  return { asked: AT_TOKEN, member, ...(option ? { option } : {}) };
}

function networkFault(code: string): Error {
  return Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code }) });
}
