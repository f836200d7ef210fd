import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, providers } from 'express-connect-auth';
import { CompactEncrypt, compactDecrypt, decodeJwt, SignJWT } from 'jose';
import { whoIs } from '../support/bed.ts';
import { beginLogin, deliverToEnd, lookAt, readAnswer, withAnswer } from '../support/login-outcome.ts';
import { takeRsaKey } from '../support/rsa-keys.ts';
import { clientKeys, pemOf, publicJwk, setUpStrictProvider } from '../support/strict-bed.ts';

const signing = takeRsaKey();
const bed = setUpStrictProvider(() => ({
  jwks: { keys: [{ ...signing.export({ format: 'jwk' }), kid: 'op' }] } as never,
  features: { encryption: { enabled: true } },
}));
const rsa = takeRsaKey();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const RSA = { alg: 'RSA-OAEP-256', enc: 'A256GCM' } as const;
const EC = { alg: 'ECDH-ES', enc: 'A128CBC-HS256' } as const;

const start = (
  encryption: typeof RSA | typeof EC,
  key: KeyObject,
  responseMode: OidcOptions['responseMode'],
) =>
  bed.start({
    client: {
      authorization_encrypted_response_alg: encryption.alg,
      authorization_encrypted_response_enc: encryption.enc,
      jwks: { keys: [publicJwk(clientKeys.publicKey), publicJwk(createPublicKey(key), { use: 'enc' })] },
    } as never,
    oidc: {
      ...{ responseMode, responseEncryption: encryption, decryptionKeys: pemOf(key) },
      // In a JWT the issuer is demanded whatever is said of an answer without one.
      quirks: { responseIssuer: 'optional' },
    },
  });

/** Encrypts as a provider does. */
const encrypt = (text: string, header: object = EC, key = ec) =>
  new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(header as never)
    .encrypt(createPublicKey(key));

const open = async (response: string) =>
  new TextDecoder().decode((await compactDecrypt(response, ec)).plaintext);

describe('encrypted answers to logins', () => {
  it.each([
    ['jwt', RSA, rsa],
    ['query.jwt', EC, ec],
    ['form_post.jwt', EC, ec],
  ] as const)('log people in by %s, and tell of a login that was cancelled (C-73)', async (mode, encryption, key) => {
    const app = await start(encryption, key, mode);
    const browser = app.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    expect(readAnswer(callback).get('response')!.split('.')).toHaveLength(5);
    await browser.deliver(callback);
    expect(await whoIs(browser)).toBe('ada');
    expect(app.errors.map(({ error }) => error)).toEqual([]);
    await app.logIn(app.browser(), { cancel: true });
    expect(app.errors.map(({ error }) => error.code)).toEqual(['login_denied']);
  });

  /** Delivers another answer than the provider's, and the provider's after it. */
  const answerWith = async (change: (jwt: string) => string | undefined | Promise<string | undefined>) => {
    const app = await start(EC, ec, 'query.jwt');
    const browser = app.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    const inner = await open(answer.get('response')!);
    const given = await change(inner);
    const forged = new URLSearchParams(given === undefined ? {} : { response: given });
    if (given === undefined)
      for (const [name, value] of Object.entries(decodeJwt(inner))) forged.set(name, String(value));
    const tokenRequests = bed.op.requests().token;
    const outcome = await lookAt(app, browser, await deliverToEnd(browser, withAnswer(callback, forged)));
    expect(bed.op.requests().token).toBe(tokenRequests);
    const { message } = app.errors.at(-1)!.error;
    await browser.deliver(callback);
    return { outcome, message, userAfterwards: await whoIs(browser) };
  };
  const sign = (claims: object, key: KeyObject) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'op' }).sign(key);
  type Change = Parameters<typeof answerWith>[0];
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const refused = { status: 502, error: 'provider_invalid_response', user: undefined };

  it.each<[string, Change, RegExp]>([
    [
      'are by another algorithm',
      (jwt) => encrypt(jwt, RSA, rsa),
      /alg: expected ECDH-ES, got "RSA-OAEP-256"/,
    ],
    ['have another content', (jwt) => encrypt(jwt, { ...EC, enc: 'A256GCM' }), /enc: expected A128CBC-HS256/],
    ['are for another key', (jwt) => encrypt(jwt, EC, stranger), /got one that no key of ours opens/],
    [
      'are compressed',
      async (jwt) => {
        const [, ...rest] = (await encrypt(jwt)).split('.');
        const header = Buffer.from(JSON.stringify({ ...EC, zip: 'DEF' })).toString('base64url');
        return [header, ...rest].join('.');
      },
      /zip: expected no compression/,
    ],
    [
      'have nothing signed within',
      (jwt) => encrypt(JSON.stringify(decodeJwt(jwt))),
      /the answer to the login: expected a signed JWT within the encrypted one.*responseEncryption/,
    ],
    ['are no JWT', () => 'a.b.c.d.e', /expected an encrypted JWT, got something else/],
  ])('that %s belong to no login, which can still be finished (C-73)', async (_, change, message) => {
    const found = await answerWith(change);
    expect(found.outcome).toMatchObject(refused);
    expect(found.message).toMatch(message);
    expect(found.userAfterwards).toBe('ada');
  });

  it.each<[string, Change, RegExp]>([
    ['are only signed', (jwt) => jwt, /expected an encrypted JWT, got a signed one.*responseEncryption/],
    ['are in the clear', () => undefined, /response: expected a signed JWT, got nothing/],
    [
      'say within that nobody signed them',
      (jwt) => encrypt(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${jwt.split('.')[1]}.x`),
      /alg/,
    ],
    [
      'are signed within by another key',
      async (jwt) => encrypt(await sign(decodeJwt(jwt), takeRsaKey())),
      /signature/,
    ],
    [
      'are within of another issuer',
      async (jwt) => encrypt(await sign({ ...decodeJwt(jwt), iss: 'https://evil.example' }, signing)),
      /iss/,
    ],
  ])('that %s are refused, and no code is sent (C-73)', async (_, change, message) => {
    const found = await answerWith(change);
    expect(found.outcome).toMatchObject(refused);
    expect(found.message).toMatch(message);
  });

  it('need a key, and a responseMode that has a JWT (F-123)', () => {
    const options = { issuer: 'https://id.example.com', clientId: 'app', responseEncryption: RSA };
    expect(() => providers.oidc({ ...options, responseMode: 'jwt' })).toThrow(
      'responseEncryption with alg "RSA-OAEP-256" needs a key for it in decryptionKeys',
    );
    expect(() => providers.oidc({ ...options, decryptionKeys: pemOf(rsa) })).toThrow(
      'responseEncryption is for a responseMode with a JWT',
    );
  });
});
