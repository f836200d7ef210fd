import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, providers, requireAuth } from 'express-connect-auth';
import { CompactEncrypt } from 'jose';
import type { TestAppOptions } from '../support/app.ts';
import { AUDIENCE } from '../support/bearer-tokens.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { createLogoutToken, postLogoutToken } from '../support/logout-token.ts';
import { takeRsaKey } from '../support/rsa-keys.ts';
import { json, type RawAnswer, send } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey, signToken } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const rsa = takeRsaKey();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid });

const RSA = { alg: 'RSA-OAEP-256', enc: 'A256GCM' } as const;
const EC = { alg: 'ECDH-ES', enc: 'A128CBC-HS256' } as const;

/** Encrypts as a provider does. */
const encrypt = (text: string, header: Claims, key: KeyObject | Uint8Array) =>
  new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(header as never)
    .encrypt(key instanceof Uint8Array ? key : createPublicKey(key));

const start = (oidc: Partial<OidcOptions>, options: Partial<TestAppOptions> = {}) =>
  startApp({ op, oidc, now: clock.now, handlers: addTokenRoutes, ...options });

type Change = (jwt: string) => Promise<string> | string;

/** An answer of the token endpoint with another ID token: to encrypt takes a while. */
const withIdToken =
  (change: Change) =>
  (answer: Claims): RawAnswer =>
  async (res) =>
    json(200, { ...answer, id_token: await change(String(answer.id_token)) })(res);

/** The provider encrypts its ID tokens. */
const encryptIdTokens = (header: Claims, key: KeyObject | Uint8Array) => {
  const change = withIdToken((jwt) => encrypt(jwt, header, key));
  op.script({ token: change, refresh: change });
};

const byRsa = { idTokenEncryption: RSA, decryptionKeys: pem(rsa) };

describe('an encrypted ID token', () => {
  it.each<[string, Partial<OidcOptions>, Claims, KeyObject]>([
    ['RSA-OAEP-256 and A256GCM', byRsa, RSA, rsa],
    [
      'ECDH-ES and the default',
      { idTokenEncryption: { alg: 'ECDH-ES' }, decryptionKeys: jwk(ec, 'e') },
      EC,
      ec,
    ],
  ])('by %s is opened at a login and at a refresh, and kept as the signed one', async (_, oidc, header, key) => {
    const app = await start(oidc);
    const browser = app.browser();
    encryptIdTokens({ ...header, cty: 'JWT' }, key);
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(200);
    const { searchParams } = new URL((await browser.post('/logout')).headers.get('location')!);
    expect(searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    expect(app.errors).toEqual([]);
  });

  it('by a key that is being replaced is opened by the old one and by the next one', async () => {
    const keys = [
      jwk(ec, 'next'),
      jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'old'),
      pem(rsa),
    ];
    const app = await start({ idTokenEncryption: EC, decryptionKeys: keys });
    for (const kid of ['next', 'a name of the provider', undefined]) {
      encryptIdTokens({ ...EC, kid }, ec);
      expect(await tryLogin(app)).toEqual(loggedIn);
    }
  });

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  it.each<[string, Change, RegExp]>([
    [
      'that is only signed',
      (jwt) => jwt,
      /expected an encrypted JWT, got a signed one\. .*idTokenEncryption/,
    ],
    ['for another key', (jwt) => encrypt(jwt, EC, stranger), /got one that no key of ours opens/],
    [
      'that was changed',
      async (jwt) => `${(await encrypt(jwt, EC, ec)).slice(0, -4)}AAAA`,
      /no key of ours opens/,
    ],
    ['by another algorithm', (jwt) => encrypt(jwt, RSA, rsa), /alg: expected ECDH-ES, got "RSA-OAEP-256"/],
    [
      'with another content',
      (jwt) => encrypt(jwt, { ...EC, enc: 'A256GCM' }, ec),
      /enc: expected A128CBC-HS256/,
    ],
    [
      'that is compressed',
      async (jwt) => {
        const [, ...rest] = (await encrypt(jwt, EC, ec)).split('.');
        const header = Buffer.from(JSON.stringify({ ...EC, zip: 'DEF' })).toString('base64url');
        return [header, ...rest].join('.');
      },
      /zip: expected no compression/,
    ],
    ['of another kind', (jwt) => encrypt(jwt, { ...EC, cty: 'text' }, ec), /cty: expected "JWT"/],
    [
      'that nobody has signed',
      (jwt) => encrypt(Buffer.from(jwt.split('.')[1]!, 'base64url').toString(), EC, ec),
      /expected a signed JWT within the encrypted one/,
    ],
    [
      'within another',
      async (jwt) => encrypt(await encrypt(jwt, EC, ec), EC, ec),
      /expected a signed JWT within/,
    ],
    [
      'that is huge',
      (jwt) => encrypt(jwt + 'a'.repeat(200_000), EC, ec),
      /expected at most 131072 characters/,
    ],
    ['whose header is none', () => 'a.b.c.d.e', /expected an encrypted JWT, got something else/],
    [
      'whose inner signature is by another key',
      (jwt) => {
        const claims = Buffer.from(jwt.split('.')[1]!, 'base64url').toString();
        const other = createScriptedKey('RS256', 'somebody else');
        return encrypt(signToken({ alg: 'RS256', kid: op.key.kid }, claims, other), EC, ec);
      },
      /key|signature/i,
    ],
  ])('%s is refused', async (_, change, message) => {
    const app = await start({ idTokenEncryption: EC, decryptionKeys: pem(ec) });
    op.script({ token: withIdToken(change) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors.at(-1)!.error.message).toMatch(message);
  });

  it('that cannot be opened after a refresh is the end of the session', async () => {
    const app = await start(byRsa);
    const browser = app.browser();
    encryptIdTokens(RSA, rsa);
    await app.logIn(browser);
    op.script();
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(401);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['refresh_refused']);
  });

  it('for the client secret itself ("dir") is opened by what follows from it', async () => {
    const header = { alg: 'dir', enc: 'A128CBC-HS256' } as const;
    const app = await start({ idTokenEncryption: header });
    encryptIdTokens(header, createHash('sha256').update(op.clientSecret).digest());
    expect(await tryLogin(app)).toEqual(loggedIn);
    encryptIdTokens(header, randomBytes(32));
    expect(await tryLogin(app)).toMatchObject({ error: 'provider_invalid_response' });
  });
});

describe('an encrypted ID token of a refresh, whose key cannot be had at this moment', () => {
  it('costs nobody the session: its tokens are kept, and the old ones are spent', async () => {
    let isAway = false;
    const clientSecret = () => {
      if (isAway) throw new Error('the vault is away');
      return op.clientSecret;
    };
    const header = { alg: 'dir', enc: 'A128CBC-HS256' } as const;
    const app = await start({ idTokenEncryption: header, clientSecret });
    const key = createHash('sha256').update(op.clientSecret).digest();
    const change = withIdToken((jwt) => encrypt(jwt, header, key));
    const goAway = (answer: Claims) => {
      isAway = true;
      return change(answer);
    };
    op.script({ token: change, refresh: goAway });
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(200);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['provider_credentials']);
    isAway = false;
    op.script({ refresh: change });
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(200);
    expect(await whoIs(browser)).toBe('ada');
  });
});

describe('an encrypted logout token', () => {
  it('ends what it means; one for another key is refused', async () => {
    const app = await start(byRsa);
    const browser = app.browser();
    encryptIdTokens(RSA, rsa);
    await app.logIn(browser);
    clock.advance(2000);
    const token = createLogoutToken(op, { sub: 'ada', now: clock.now });
    expect((await postLogoutToken(app, await encrypt(token, RSA, takeRsaKey()))).status).toBe(400);
    expect(await whoIs(browser)).toBe('ada');
    expect((await postLogoutToken(app, await encrypt(token, RSA, rsa))).status).toBe(200);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is to come again while the secret that is its key cannot be had', async () => {
    let isAway = true;
    const clientSecret = () => {
      if (isAway) throw new Error('the vault is away');
      return op.clientSecret;
    };
    const app = await start({ idTokenEncryption: { alg: 'dir' }, clientSecret });
    const logout = createLogoutToken(op, { sub: 'ada', now: clock.now });
    const token = await encrypt(logout, { alg: 'dir', enc: 'A128CBC-HS256' }, randomBytes(32));
    expect((await postLogoutToken(app, token)).status).toBe(503);
    isAway = false;
    expect((await postLogoutToken(app, token)).status).toBe(400);
  });
});

describe('a protected userinfo answer', () => {
  const said = () => ({ iss: op.issuer, aud: op.clientId, sub: 'ada', phone_number: '1' });
  const sign = (claims: Claims = {}, header: Claims = {}) =>
    signToken({ alg: 'RS256', kid: op.key.kid, ...header }, { ...said(), ...claims }, op.key);
  const jwt = (text: string) => send(200, text, { 'content-type': 'application/jwt' });

  it('is opened and verified', async () => {
    const app = await start({ userinfoEncryption: EC, decryptionKeys: pem(ec), userinfoAtLogin: true });
    const answer = jwt(await encrypt(sign(), EC, ec));
    op.script({ userinfo: () => answer });
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(app.logins[0]!.claims).toMatchObject({ phone_number: '1' });
  });

  it.each<[string, Partial<OidcOptions>, () => RawAnswer | Promise<RawAnswer>]>([
    ['JSON, where it must be signed', { userinfoSigningAlgorithm: 'RS256' }, () => json(200, said())],
    ['another algorithm', { userinfoSigningAlgorithm: 'ES256' }, () => jwt(sign())],
    ['an ID token', {}, () => jwt(sign({ nonce: 'x' }, { typ: 'JWT' }))],
    ['a logout token', {}, () => jwt(sign({ events: {} }))],
    ['an access token', {}, () => jwt(sign({}, { typ: 'application/at+JWT' }))],
    ['JSON, where it must be encrypted', { userinfoEncryption: EC }, () => json(200, said())],
    ['a signed JWT, where it must be encrypted', { userinfoEncryption: EC }, () => jwt(sign())],
    [
      'an encrypted text that nobody signed',
      { userinfoEncryption: EC },
      async () => jwt(await encrypt(JSON.stringify(said()), EC, ec)),
    ],
  ])('is refused that is %s', async (_, oidc, make) => {
    const keys = oidc.userinfoEncryption ? { decryptionKeys: pem(ec) } : {};
    const app = await start({ ...oidc, ...keys, userinfoAtLogin: true });
    const answer = await make();
    op.script({ userinfo: () => answer });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });
});

describe('a signed introspection answer', () => {
  const seconds = () => Math.floor(clock.now() / 1000);
  const active = () => ({ active: true, iss: op.issuer, aud: AUDIENCE, sub: 'ada', exp: seconds() + 300 });
  const sign = (claims: Claims = {}, header: Claims = {}) =>
    signToken(
      { alg: 'RS256', kid: op.key.kid, typ: 'token-introspection+jwt', ...header },
      { iss: op.issuer, aud: op.clientId, iat: seconds(), token_introspection: active(), ...claims },
      op.key,
    );

  const introspect = async (answer: RawAnswer, oidc: Partial<OidcOptions> = {}) => {
    // The revocation endpoint of the scripted provider plays it.
    const asked = { introspectionSigningAlgorithm: 'RS256', revocation: 'none', ...oidc } as const;
    op.script({
      discovery: (document) => ({ ...document, introspection_endpoint: document.revocation_endpoint }),
      revocation: () => answer,
    });
    const app = await start(asked, {
      handlers: (web) => {
        const bearer = { audience: AUDIENCE, introspection: 'opaque' } as const;
        web.get('/orders', requireAuth({ bearer }), (req, res) => void res.json(req.user));
      },
    });
    return app.browser().get('/orders', { accept: '*/*', authorization: 'Bearer opaque' });
  };
  const jwt = (text: string) => send(200, text, { 'content-type': 'application/token-introspection+jwt' });

  it('is asked for, verified, and opened where it is encrypted', async () => {
    expect((await introspect(jwt(sign()))).status).toBe(200);
    expect(op.requests('revocation')[0]!.headers.accept).toBe('application/token-introspection+jwt');
    const encrypted = { introspectionEncryption: RSA, decryptionKeys: pem(rsa) };
    expect((await introspect(jwt(await encrypt(sign(), RSA, rsa)), encrypted)).status).toBe(200);
    expect((await introspect(jwt(sign()), encrypted)).status).toBe(502);
  });

  it.each<[string, () => RawAnswer]>([
    ['JSON', () => json(200, active())],
    ['an ID token', () => jwt(sign({}, { typ: 'JWT' }))],
    ['for another client', () => jwt(sign({ aud: 'another' }))],
    ['of another issuer', () => jwt(sign({ iss: 'https://id.example.com' }))],
    ['without what was asked', () => jwt(sign({ token_introspection: undefined }))],
    ['without a time', () => jwt(sign({ iat: undefined }))],
    ['changed', () => jwt(`${sign().slice(0, -8)}AAAAAAAA`)],
  ])('is refused that is %s', async (_, make) => {
    expect((await introspect(make())).status).toBe(502);
  });
});

describe('the options of protected answers', () => {
  const base = { issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'a secret' };
  it.each<[string, object, RegExp]>([
    [
      'no key',
      { idTokenEncryption: RSA },
      /idTokenEncryption with alg "RSA-OAEP-256" needs a key for it in decryptionKeys/,
    ],
    ['a key of another kind', { idTokenEncryption: RSA, decryptionKeys: pem(ec) }, /needs a key for it/],
    ['keys for nothing', { decryptionKeys: pem(rsa) }, /decryptionKeys open nothing/],
    [
      'a public key',
      { idTokenEncryption: RSA, decryptionKeys: createPublicKey(rsa).export({ format: 'jwk' }) },
      /must be a private key/,
    ],
    [
      'no text of a key',
      { idTokenEncryption: RSA, decryptionKeys: 'secret text' },
      /must be a private key(?!.*secret text)/,
    ],
    ['one key twice', { idTokenEncryption: RSA, decryptionKeys: [pem(rsa), pem(rsa)] }, /hold each key once/],
    ['no keys', { idTokenEncryption: RSA, decryptionKeys: [] }, /at least one key/],
    ['an algorithm of nobody', { idTokenEncryption: { alg: 'RSA1_5' } }, /idTokenEncryption\.alg must be/],
    ['no algorithm', { idTokenEncryption: {} }, /idTokenEncryption\.alg/],
    [
      '"dir" without a secret',
      { clientSecret: undefined, idTokenEncryption: { alg: 'dir' } },
      /"dir" needs a clientSecret/,
    ],
    [
      'an introspection that is encrypted alone',
      { introspectionEncryption: RSA, decryptionKeys: pem(rsa) },
      /needs introspectionSigningAlgorithm/,
    ],
  ])('refuse %s', (_, options, message) => {
    const { clientSecret, ...rest } = { ...base, ...options } as typeof base;
    const given = clientSecret === undefined ? rest : { clientSecret, ...rest };
    expect(() => providers.oidc(given)).toThrow(message);
  });

  it('have the public halves at the route where the provider finds the keys of this client', async () => {
    const app = await start(byRsa, { routes: { jwks: '/jwks' } });
    const { keys } = await (await app.browser().get('/jwks')).json();
    expect(keys).toEqual([
      { ...createPublicKey(rsa).export({ format: 'jwk' }), kid: expect.any(String), use: 'enc' },
    ]);
  });

  it('publish the public halves of all keys, and nothing else of them', () => {
    const { encryptionKeys } = providers.oidc({
      ...base,
      idTokenEncryption: RSA,
      decryptionKeys: [pem(rsa), jwk(ec, 'ours')],
    });
    expect(encryptionKeys!.map(({ kid, use, kty }) => ({ kid, use, kty }))).toEqual([
      { kid: expect.stringMatching(/^[\w-]{43}$/), use: 'enc', kty: 'RSA' },
      { kid: 'ours', use: 'enc', kty: 'EC' },
    ]);
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(encryptionKeys![0]).not.toHaveProperty(name);
  });
});
