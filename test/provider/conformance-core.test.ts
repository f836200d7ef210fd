import { describe, expect, it } from '@jest/globals';
import {
  beginLogin,
  deliverToEnd,
  loggedIn,
  lookAt,
  readAnswer,
  refused,
  tryLogin,
  withAnswer,
} from '../support/login-outcome.ts';
import { breakSignature, createScriptedKey, type ScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

// The modules of the OpenID Foundation's conformance suite for `response_type=code`, each with its one deviation.
// The provider's issuer has a path and ends with a slash, its client id, secret and `sid` hold punctuation, and its
// JWKS holds keys of every kind; it watches each request and fails the file for any that the suite would fail.
const op = await useScriptedProvider();
const start = useApps();
const rsaKey = createScriptedKey('RS256', 'a second RSA key');
const ecKey = createScriptedKey('ES256', 'the EC key that signs');
const withoutKid = ({ kid: _, ...header }: Record<string, unknown>) => header;
const without = (name: string) => (claims: Record<string, unknown>) => {
  const { [name]: _, ...others } = claims;
  return others;
};
const spoilt = (name: string) => (claims: Record<string, unknown>) => ({
  ...claims,
  [name]: `${claims[name]}1`,
});

describe.each(['query', 'form_post'] as const)('a login by %s', (responseMode) => {
  it('logs in with an honest provider, and asks for nothing but code and keys (C-11, C-21, C-02)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(op.requests().map(({ endpoint }) => endpoint)).toEqual([
      'discovery',
      'authorization',
      'token',
      'jwks',
    ]);
  });

  it('sends a nonce, another one each time (C-18)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    await tryLogin(app);
    await tryLogin(app);
    const nonces = op.requests('authorization').map(({ params }) => params.get('nonce'));
    expect(new Set(nonces).size).toBe(2);
  });

  it('proves itself with its id and secret form-encoded in the Basic scheme (C-28, R-30)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    await tryLogin(app);
    // What the provider read out of the header was right, or it would have refused the code.
    expect(op.requests('token')[0]?.headers.authorization).toMatch(/^Basic /);
    expect(op.requests('token')[0]?.params.has('client_secret')).toBe(false);
  });

  const rejected: Record<string, Script> = {
    'names another issuer (C-12, C-70, C-75)': { claims: spoilt('iss') },
    'names no issuer (C-70, C-75)': { claims: without('iss') },
    'names no subject (C-13)': { claims: without('sub') },
    'is for another client (C-14, C-70, C-75)': { claims: spoilt('aud') },
    'is for nobody (C-15, C-70, C-75)': { claims: without('aud') },
    'is for a second client as well (C-70, C-75)': {
      claims: (claims) => ({ ...claims, aud: [claims.aud, 'another client'] }),
    },
    'does not say when it was issued (C-16)': { claims: without('iat') },
    'answers another nonce (C-17, C-70, C-75)': { claims: spoilt('nonce') },
    'answers no nonce (C-70, C-75)': { claims: without('nonce') },
    'has ended more than five minutes ago (C-70, C-75)': {
      claims: (claims) => ({ ...claims, exp: Number(claims.iat) - 301 }),
    },
    'never ends (C-70, C-75)': { claims: without('exp') },
    'is not signed (C-22, C-70, C-75)': {
      header: () => ({ alg: 'none' }),
      idToken: (jwt) => jwt.replace(/[^.]*$/, ''),
    },
    'is signed by a published key of another kind (C-70, C-75)': {
      jwks: ({ keys }) => ({ keys: [...keys, ecKey.jwk] }),
      key: ecKey,
    },
    'has a broken RS256 signature (C-23)': { idToken: breakSignature },
  };

  it.each(Object.entries(rejected))('refuses an ID token that %s', async (_, script) => {
    const app = await start({ op, oidc: { responseMode } });
    op.script(script);
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(op.requests('userinfo')).toEqual([]);
  });

  it.each<['ES256' | 'HS256', string, ScriptedKey | string]>([
    ['ES256', 'C-24', ecKey],
    ['HS256', 'C-25', op.clientSecret],
  ])('takes a good %s signature where it is configured, and refuses a broken one (%s)', async (algorithm, _, key) => {
    const app = await start({ op, oidc: { responseMode, idTokenSigningAlgorithm: algorithm } });
    const honest: Script = { key, jwks: ({ keys }) => ({ keys: [...keys, ecKey.jwk] }) };
    op.script(honest);
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.script({ ...honest, idToken: breakSignature });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('takes a token without kid by the only RSA key (C-19)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    op.script({ header: withoutKid, jwks: () => ({ keys: [without('kid')(op.key.jwk as never)] }) });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('takes a token without kid by whichever of many keys fits (C-20)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    op.script({
      header: withoutKid,
      jwks: ({ keys }) => ({ keys: [rsaKey.jwk, ...keys].map((key) => without('kid')(key as never)) }),
    });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.script({ header: withoutKid, key: createScriptedKey('RS256') });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('looks past keys that it cannot read (C-42, C-09)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    op.script({
      jwks: ({ keys }) => ({
        keys: [
          { kty: 'AKP', alg: 'ML-DSA-65', pub: '%%% not base64 %%%' },
          { kty: 'RSA', kid: 'the key that signs ', n: '', e: '' },
          { kty: 42, kid: null },
          ...keys,
        ],
      }),
    });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('asks for userinfo by a header alone where that is configured, and takes its claims (C-27, C-29, C-08)', async () => {
    const app = await start({ op, oidc: { responseMode, userinfoAtLogin: true } });
    op.script({ userinfo: (answer) => ({ ...answer, phone_number: '+44 20 7946 0815' }) });
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(app.logins[0]?.claims).toMatchObject({ sub: 'ada', phone_number: '+44 20 7946 0815' });
    const [asked] = op.requests('userinfo');
    expect([asked?.url, String(asked?.params)]).toEqual(['/test/a/app/userinfo', '']);
    expect(asked?.headers.authorization).toMatch(/^Bearer [\w-]{22}$/);
    expect(
      op
        .requests()
        .map(({ endpoint }) => endpoint)
        .indexOf('jwks'),
    ).toBe(3);
  });

  it.each([
    ['somebody else', { sub: 'eve' }],
    ['nobody', { sub: undefined }],
  ])('refuses a login whose userinfo speaks of %s (C-26, R-20)', async (_, answer) => {
    const app = await start({ op, oidc: { responseMode, userinfoAtLogin: true } });
    op.script({ userinfo: () => ({ ...answer, email: 'eve@example.com' }) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('shows a page and makes no session when the provider answers with an error (C-34)', async () => {
    const app = await start({ op, oidc: { responseMode } });
    op.script({ authorization: ({ code: _, ...answer }) => ({ ...answer, error: 'login_required' }) });
    const browser = app.browser();
    const answer = await app.logIn(browser);
    expect(await answer.text()).toContain('<h1>You were not signed in</h1>');
    expect(await lookAt(app, browser, answer)).toEqual(refused('login_denied', 403));
    expect(op.requests('token')).toEqual([]);
  });

  it.each([
    ['names another issuer (C-71, C-75)', 'iss', 'https://evil.example/', 'provider_invalid_response', 502],
    [
      'names no issuer though one is promised (C-71, C-75)',
      'iss',
      undefined,
      'provider_invalid_response',
      502,
    ],
    ['has another state (C-71, C-75)', 'state', 'another', 'login_not_found', 400],
    ['has no state (C-71, C-75)', 'state', undefined, 'login_not_found', 400],
  ])('refuses an answer that %s, and calls no other endpoint', async (_, name, value, error, status) => {
    const app = await start({ op, oidc: { responseMode } });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    answer.delete(name);
    if (value !== undefined) answer.set(name, value);
    const result = await deliverToEnd(browser, withAnswer(callback, answer));
    expect(await lookAt(app, browser, result)).toEqual(refused(error, status));
    expect(op.requests('token')).toEqual([]);
  });
});
