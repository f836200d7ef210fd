import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, providers } from 'express-connect-auth';
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { tryLogin } from '../support/login-outcome.ts';
import { takeRsaKey } from '../support/rsa-keys.ts';
import { clientKeys, pemOf, publicJwk, setUpStrictProvider } from '../support/strict-bed.ts';
import { ask } from '../support/token-routes.ts';

const bed = setUpStrictProvider();
const rsa = takeRsaKey();
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const jwkOf = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more }) as never;

/** Watches the assertions that go by. */
const watching = (assertions: string[]): typeof fetch => {
  return (url, init) => {
    const assertion = new URLSearchParams(String(init?.body ?? '')).get('client_assertion');
    if (assertion) assertions.push(assertion);
    return fetch(url, init);
  };
};

/** Logs in, refreshes and logs out with these keys, and gives the headers of all assertions. */
const goThrough = async (oidc: Partial<OidcOptions>, published: readonly object[], client: object = {}) => {
  const assertions: string[] = [];
  const clock = createTestClock();
  const app = await bed.start({
    ...{ oidc, now: clock.now, fetch: watching(assertions) },
    client: { jwks: { keys: published as never }, ...client },
  });
  const browser = app.browser();
  await app.logIn(browser);
  expect(await whoIs(browser)).toBe('ada');
  clock.advance(310_000);
  expect((await ask(browser)).status).toBe(200);
  await browser.post('/logout');
  expect(app.errors.map(({ error }) => error)).toEqual([]);
  expect(assertions.length).toBeGreaterThan(2);
  return assertions.map((assertion) => decodeProtectedHeader(assertion));
};

describe('a key of a client', () => {
  it.each<[string, KeyObject, Partial<OidcOptions>]>([
    ['PS256', rsa, { clientKeyAlgorithm: 'PS256' }],
    ['RS512', rsa, { clientKeyAlgorithm: 'RS512' }],
    ['ES384', ec('P-384'), {}],
    ['ES512', ec('P-521'), {}],
    ['EdDSA', ed25519, {}],
  ])('signs by %s at login, refresh and logout (R-54)', async (alg, key, oidc) => {
    const headers = await goThrough({ clientKey: pemOf(key), ...oidc }, [publicJwk(key, {})].map(toPublic));
    expect(new Set(headers.map((header) => header.alg))).toEqual(new Set([alg]));
  });

  it.each<[string, (key: KeyObject) => OidcOptions['clientKey']]>([
    ['a JWK', (key) => jwkOf(key, { kid: 'mine', alg: 'PS384' })],
    ['a JWK in JSON', (key) => JSON.stringify(jwkOf(key, { kid: 'mine', alg: 'PS384' }))],
    ['a function that gives JSON', (key) => () => JSON.stringify(jwkOf(key, { kid: 'mine', alg: 'PS384' }))],
  ])('may come as %s, which names it and what it signs by (R-54)', async (_, form) => {
    const headers = await goThrough({ clientKey: form(rsa)! }, [toPublic(publicJwk(rsa, { kid: 'mine' }))]);
    expect(new Set(headers.map(({ alg, kid }) => `${alg} ${kid}`))).toEqual(new Set(['PS384 mine']));
  });

  it('may be the secret that both know, which signs and is not sent (R-54)', async () => {
    const clientSecret = 'a secret of at least thirty-two bytes';
    const headers = await goThrough(
      { clientKey: undefined as never, clientSecret, clientAuthentication: 'client_secret_jwt' },
      [],
      { client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_jwt', jwks: undefined },
    );
    expect(new Set(headers.map(({ alg }) => alg))).toEqual(new Set(['HS256']));
  });
});

describe('the route of the keys', () => {
  const [old, next] = [clientKeys.privateKey, ec('P-256')];

  it('publishes all of them, and no private half; the first signs (R-54, F-122)', async () => {
    const assertions: string[] = [];
    const first = await calculateJwkThumbprint(toPublic(publicJwk(old)) as JWK);
    const app = await bed.start({
      ...{ routes: { jwks: '/oauth/jwks' }, fetch: watching(assertions) },
      oidc: { clientKey: [pemOf(old), jwkOf(next, { kid: 'next' })] },
      client: { jwks: { keys: [publicJwk(clientKeys.publicKey, { kid: first })] } } as never,
    });
    const answer = await app.browser().get('/oauth/jwks');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(answer.headers.getSetCookie()).toEqual([]);
    const { keys } = (await answer.json()) as { keys: JWK[] };
    expect(keys.map(({ kid, alg, use }) => ({ kid, alg, use }))).toEqual([
      { kid: first, alg: 'ES256', use: 'sig' },
      { kid: 'next', alg: 'ES256', use: 'sig' },
    ]);
    expect(
      keys.flatMap((key) => Object.keys(key)).filter((name) => ['d', 'p', 'q', 'k'].includes(name)),
    ).toEqual([]);
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    expect(decodeProtectedHeader(assertions[0]!).kid).toBe(first);
  });

  it('is where the provider finds them, over a change of keys and back (R-54)', async () => {
    let order = [next, old];
    const clientKey = () => JSON.stringify({ keys: order.map((key) => jwkOf(key)) });
    const app = await bed.start({
      oidc: { clientKey },
      routes: { jwks: '/oauth/jwks' },
      op: {
        signIn: bed.op.signIn,
        registerApp: (base) =>
          bed.op.registerApp(base, {
            client_id: 'by jwks_uri',
            client_secret: undefined,
            token_endpoint_auth_method: 'private_key_jwt',
            jwks_uri: `${base}/oauth/jwks`,
          } as never),
      },
    });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    order = [old, next];
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('publishes those of other providers where the keys of one cannot be had, and says so', async () => {
    const keyed = (clientKey: unknown) =>
      providers.oidc({ issuer: bed.op.issuer, clientId: 'app', clientKey } as OidcOptions);
    const app = await bed.start({
      routes: { jwks: '/oauth/jwks' },
      providers: { good: keyed(jwkOf(next, { kid: 'next' })), bad: keyed(() => 'secret words') },
    });
    const answer = await app.browser().get('/oauth/jwks');
    expect((await answer.json()).keys).toEqual([expect.objectContaining({ kid: 'next' })]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(app.errors.map(({ error }) => error)).toEqual([
      expect.objectContaining({ code: 'provider_credentials', provider: 'bad' }),
    ]);
  });

  it('is not there unless it is asked for', async () => {
    const app = await bed.start();
    expect((await app.browser().get('/oauth/jwks')).status).toBe(404);
  });

  it('says nothing of what a function gives that is no key (F-122)', async () => {
    const app = await bed.start({
      routes: { jwks: '/oauth/jwks' },
      oidc: { clientKey: () => 'secret words' },
    });
    const answer = await app.browser().get('/oauth/jwks', { accept: 'application/json' });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret words');
    expect(app.errors.at(-1)!.error.code).toBe('provider_credentials');
  });
});

describe('the options of keys', () => {
  const make = (options: object) =>
    providers.oidc({ issuer: 'https://id.example.com', clientId: 'app', ...options });

  it('are shown without them (F-122)', () => {
    const definition = make({ clientKey: [jwkOf(rsa), pemOf(ed25519)] });
    const shown = inspect(definition, { depth: 9, showHidden: true }) + JSON.stringify(definition);
    expect(shown).not.toContain((rsa.export({ format: 'jwk' }) as { d: string }).d.slice(0, 20));
  });

  it.each<[string, () => object, RegExp]>([
    ['no key', () => ({ clientKey: [] }), /private key in PEM.*or a JWK/],
    [
      'a public JWK',
      () => ({ clientKey: { ...(jwkOf(ed25519) as object), d: undefined } }),
      /private key in PEM/,
    ],
    ['broken JSON', () => ({ clientKey: '{"kty":"secret words' }), /private key in PEM/],
    ['another algorithm', () => ({ clientKey: jwkOf(rsa, { alg: 'ES256' }) }), /for RS256, RS384/],
    [
      'an algorithm it cannot',
      () => ({ clientKey: pemOf(ed25519), clientKeyAlgorithm: 'RS256' }),
      /for EdDSA/,
    ],
    ['one name for two', () => ({ clientKey: [pemOf(rsa), pemOf(ed25519)], clientKeyId: 'x' }), /own kid/],
    ['an algorithm without a key', () => ({ clientKeyAlgorithm: 'ES256' }), /clientKey is needed/],
    [
      'a short secret that signs',
      () => ({ clientSecret: 'short', clientAuthentication: 'client_secret_jwt' }),
      /32 bytes/,
    ],
    ['no secret that signs', () => ({ clientAuthentication: 'client_secret_jwt' }), /clientSecret is needed/],
    [
      'a secret beside a certificate',
      () => ({ clientSecret: 'x'.repeat(40), clientAuthentication: 'tls_client_auth' }),
      /no clientSecret is sent/,
    ],
  ])('are refused with %s (F-123)', (_, options, message) => {
    expect(() => make(options())).toThrow(message);
    expect(() => make(options())).not.toThrow(/secret words/);
  });
});

/** A JWK without what is private of it. */
function toPublic(jwk: object): object {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk as Record<string, unknown>;
  return rest;
}
