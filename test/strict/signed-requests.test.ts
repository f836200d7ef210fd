import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import {
  beginLogin,
  deliverToEnd,
  lookAt,
  readAnswer,
  tryLogin,
  withAnswer,
} from '../support/login-outcome.ts';
import { takeRsaKey } from '../support/rsa-keys.ts';
import { notStarted, tryStart } from '../support/start-outcome.ts';
import { clientKeys, publicJwk, setUpStrictProvider } from '../support/strict-bed.ts';
import { ask } from '../support/token-routes.ts';

const signing = takeRsaKey();
const bed = setUpStrictProvider(() => ({
  jwks: { keys: [{ ...signing.export({ format: 'jwk' }), kid: 'op' }] } as never,
}));
const demanding = setUpStrictProvider(() => ({
  features: { requestObjects: { enabled: true, requireSignedRequestObject: true } },
}));
const ours = createLocalJWKSet({ keys: [publicJwk(clientKeys.publicKey) as never] });

describe('signed requests', () => {
  it('hold all that a login asks for, and the address holds nothing else', async () => {
    const app = await bed.start({ oidc: { signedAuthorizationRequests: true } });
    const url = await beginLogin(app.browser());
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request']);
    const { payload, protectedHeader } = await jwtVerify(url.searchParams.get('request')!, ours, {
      audience: bed.op.issuer,
      issuer: 'app',
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'oauth-authz-req+jwt' });
    expect(payload).toMatchObject({ response_type: 'code', client_id: 'app', scope: 'openid profile email' });
    expect(payload.exp! - payload.nbf!).toBeLessThanOrEqual(60);
    expect(payload).toMatchObject({
      state: expect.any(String),
      nonce: expect.any(String),
      jti: expect.any(String),
    });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it.each([false, true])('are made where the provider demands them, pushed: %s', async (pushed) => {
    const app = await demanding.start({ oidc: { pushedAuthorizationRequests: pushed } });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('are pushed as one: nothing stands beside them (R-60)', async () => {
    const bodies: URLSearchParams[] = [];
    const app = await bed.start({
      oidc: { signedAuthorizationRequests: true, pushedAuthorizationRequests: true },
      fetch: (url, init) => {
        if (String(url).endsWith('/request')) bodies.push(new URLSearchParams(String(init?.body)));
        return fetch(url, init);
      },
    });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    expect([...bodies[0]!.keys()].sort()).toEqual([
      ...['client_assertion', 'client_assertion_type', 'client_id', 'request'],
    ]);
  });

  it('need a key: without one no login begins (F-123)', async () => {
    const client = { client_secret: 'a secret', token_endpoint_auth_method: 'client_secret_basic' };
    const app = await demanding.start({
      client: { ...client, jwks: undefined } as never,
      oidc: { clientKey: undefined, clientSecret: 'a secret' } as never,
    });
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(/require_signed_request_object.*clientKey/);
    const options = { issuer: 'https://id.example.com', clientId: 'app', signedAuthorizationRequests: true };
    expect(() => providers.oidc(options)).toThrow('clientKey is needed for signedAuthorizationRequests');
  });
});

describe('signed answers', () => {
  it.each([
    'jwt',
    'query.jwt',
    'form_post.jwt',
  ] as const)('log people in by %s, and out (C-73)', async (responseMode) => {
    const clock = createTestClock();
    const app = await bed.start({ now: clock.now, oidc: { responseMode } });
    const browser = app.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    expect([...readAnswer(callback).keys()]).toEqual(['response']);
    await browser.deliver(callback);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(310_000);
    expect((await ask(browser)).status).toBe(200);
    await browser.post('/logout');
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it('tell of a login that was cancelled, and find the login they belong to', async () => {
    const app = await bed.start({ oidc: { responseMode: 'query.jwt' } });
    expect(await tryLogin(app, { cancel: true })).toMatchObject({ error: 'login_denied', user: undefined });
  });

  const answerWith = async (change: (jwt: string) => string | undefined | Promise<string | undefined>) => {
    // In a JWT the issuer is demanded whatever is said of an answer without one.
    const quirks = { responseIssuer: 'optional' } as const;
    const app = await bed.start({ oidc: { responseMode: 'query.jwt', quirks } });
    const browser = app.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    const honest = answer.get('response')!;
    const given = await change(honest);
    if (given === undefined) {
      answer.delete('response');
      for (const [name, value] of Object.entries(decodeJwt(honest))) answer.set(name, String(value));
    } else answer.set('response', given);
    const tokenRequests = bed.op.requests().token;
    const result = await deliverToEnd(browser, withAnswer(callback, answer));
    expect(bed.op.requests().token).toBe(tokenRequests);
    return { ...(await lookAt(app, browser, result)), message: app.errors.at(-1)!.error.message };
  };
  const sign = (claims: object, key = signing) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'op' }).sign(key);

  it.each<[string, (jwt: string) => string | undefined | Promise<string | undefined>, RegExp]>([
    ['of another issuer', (jwt) => sign({ ...decodeJwt(jwt), iss: 'https://evil.example' }), /iss/],
    ['of no issuer', (jwt) => sign({ ...decodeJwt(jwt), iss: undefined }), /iss/],
    ['for somebody else', (jwt) => sign({ ...decodeJwt(jwt), aud: 'other' }), /aud/],
    ['for nobody', (jwt) => sign({ ...decodeJwt(jwt), aud: undefined }), /aud/],
    ['without an end', (jwt) => sign({ ...decodeJwt(jwt), exp: undefined }), /exp/],
    ['that is over', (jwt) => sign({ ...decodeJwt(jwt), exp: Math.floor(Date.now() / 1000) - 120 }), /exp/],
    [
      'by another key',
      (jwt) => sign(decodeJwt(jwt), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      /signature/,
    ],
    [
      'without a signature',
      (jwt) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${jwt.split('.')[1]}.x`,
      /alg: .* The option for it is responseSigningAlgorithm/,
    ],
    ['that is in the clear', () => undefined, /the callback, response: expected a signed JWT, got nothing/],
  ])('are refused %s, and no code is sent (C-73)', async (_, change, message) => {
    const outcome = await answerWith(change);
    expect(outcome).toMatchObject({ error: 'provider_invalid_response', user: undefined });
    expect(outcome.message).toMatch(message);
  });

  it('are of an algorithm that is published (F-123)', () => {
    const options = { issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'x'.repeat(32) };
    expect(() =>
      providers.oidc({ ...options, responseMode: 'jwt', idTokenSigningAlgorithm: 'HS256' }),
    ).toThrow('responseSigningAlgorithm is needed');
    expect(() => providers.oidc({ ...options, responseSigningAlgorithm: 'ES256' })).toThrow(
      'responseSigningAlgorithm is for a responseMode with a JWT',
    );
  });
});
