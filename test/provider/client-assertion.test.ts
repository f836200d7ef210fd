import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { setUpBed, whoIs } from '../support/bed.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
const startApp = useApps();
const scripted = await useScriptedProvider();

const pemOf = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ type: type as 'pkcs8', format: 'pem' }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('a client with a key of its own', () => {
  it.each([
    ['RSA', 'RS256', rsa, 'pkcs8'],
    ['RSA in the older form', 'RS256', rsa, 'pkcs1'],
    ['EC', 'ES256', ec, 'pkcs8'],
  ] as const)('logs people in, refreshes and revokes by signed assertions, the key being %s (R-54)', async (_, alg, pair, form) => {
    const jwks = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'ours', use: 'sig', alg }] };
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg };
    const app = await bed.start({
      ...{ now: bed.clock.now, handlers: addTokenRoutes },
      op: {
        signIn: bed.op.signIn,
        registerApp: (base) =>
          bed.op.registerApp(base, {
            client_id: `with ${alg}`,
            client_secret: undefined,
            jwks,
            ...metadata,
          } as object),
      },
      oidc: { clientKey: pemOf(pair.privateKey, form), clientKeyId: 'ours', clientSecret: undefined },
    });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    bed.clock.advance(300_000);
    expect((await ask(browser)).status).toBe(200);
    await browser.post('/logout');
    expect(app.errors.map(({ error }) => error)).toEqual([]);
    expect(bed.op.requests().revocation).toBeGreaterThan(1);
    bed.op.resetRequests();
  });

  it('proves itself to the issuer and to nobody else, once and for a minute, and sends no secret (R-54)', async () => {
    const app = await startApp({
      op: scripted,
      oidc: { clientKey: pemOf(rsa.privateKey), clientKeyId: 'ours', clientSecret: undefined } as never,
    });
    for (let login = 0; login < 2; login += 1) await app.logIn(app.browser());
    const requests = scripted.requests('token');
    const assertions = requests.map(({ params }) => params.get('client_assertion')!);
    expect(requests).toHaveLength(2);
    for (const { headers, params } of requests) {
      expect(headers.authorization).toBeUndefined();
      expect(params.has('client_secret')).toBe(false);
      expect(params.get('client_assertion_type')).toBe(
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      );
    }
    for (const assertion of assertions) {
      expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'RS256', kid: 'ours' });
      const { aud, iss, sub, iat, exp, jti } = decodeJwt(assertion);
      expect({ aud, iss, sub }).toEqual({
        aud: scripted.issuer,
        iss: scripted.clientId,
        sub: scripted.clientId,
      });
      expect(exp! - iat!).toBeLessThanOrEqual(60);
      expect(jti!.length).toBeGreaterThanOrEqual(22);
    }
    expect(new Set(assertions.map((assertion) => decodeJwt(assertion).jti)).size).toBe(2);
    // This provider takes Basic alone.
    scripted.violations.length = 0;
  });
});

describe('a client with a key', () => {
  it('has no secret beside it, which would never be sent (F-123)', () => {
    const issuer = 'https://id.example.com';
    const both = { issuer, clientKey: pemOf(ec.privateKey), clientSecret: 'x'.repeat(32), clientId: 'app' };
    expect(() => providers.oidc(both)).toThrow('with clientKey no clientSecret is sent');
    // Another use of a secret.
    expect(providers.oidc({ ...both, idTokenSigningAlgorithm: 'HS256' })).toMatchObject({
      clientAuthentication: 'private_key_jwt',
    });
  });
});

describe('a key and the audience of its assertions', () => {
  const assertionOf = async (oidc: object) => {
    const app = await startApp({ op: scripted, oidc: { clientSecret: undefined, ...oidc } as never });
    await app.logIn(app.browser());
    const assertion = scripted.requests('token').at(-1)?.params.get('client_assertion');
    // This provider takes Basic alone.
    scripted.violations.length = 0;
    return { assertion, error: app.errors.at(-1)?.error };
  };

  it.each([
    ['the issuer', {}, () => scripted.issuer],
    ['the issuer, in so many words', { clientAssertionAudience: 'issuer' }, () => scripted.issuer],
    ['the token endpoint', { clientAssertionAudience: 'token_endpoint' }, () => `${scripted.issuer}token`],
  ])('speak to %s, where that is configured (R-54)', async (_, oidc, audience) => {
    const { assertion } = await assertionOf({ clientKey: pemOf(ec.privateKey), ...oidc });
    expect(decodeJwt(assertion!).aud).toBe(audience());
  });

  it('come from a function, at each call: a new key counts at once, of whichever kind (R-54)', async () => {
    const keys = [pemOf(rsa.privateKey), pemOf(ec.privateKey, 'sec1')];
    const clientKey = async () => keys.shift()!;
    const app = await startApp({ op: scripted, oidc: { clientKey, clientSecret: undefined } as never });
    for (let login = 0; login < 2; login += 1) await app.logIn(app.browser());
    scripted.violations.length = 0;
    const assertions = scripted.requests('token').map(({ params }) => params.get('client_assertion')!);
    expect(assertions.map((assertion) => decodeProtectedHeader(assertion).alg)).toEqual(['RS256', 'ES256']);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['throws', () => Promise.reject(new Error('sealed')), /clientKey\(\) of the application threw/],
    ['gives nothing', () => null, /clientKey\(\) of the application gave no text/],
    ['gives what is no key', () => 'secret words', /clientKey\(\): expected a private key in PEM/],
  ])('that a function gives which %s are a fault of the application (R-54, F-122)', async (_, clientKey, message) => {
    const { assertion, error } = await assertionOf({ clientKey });
    expect(assertion).toBeUndefined();
    expect(error).toMatchObject({ status: 500, code: 'provider_credentials' });
    expect(error!.message).toMatch(message);
    expect(error!.message).not.toContain('secret words');
  });
});

describe('the options of such a client', () => {
  const make = (options: object) =>
    providers.oidc({ issuer: 'https://id.example.com', clientId: 'app', ...options });
  let weak: KeyObject;
  beforeAll(() => {
    weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  });

  it('are shown without the key (F-122)', () => {
    const clientKey = pemOf(ec.privateKey);
    const definition = make({ clientKey });
    expect(definition.clientAuthentication).toBe('private_key_jwt');
    const shown = inspect(definition, { depth: 9, showHidden: true }) + JSON.stringify(definition);
    expect(shown).not.toContain(clientKey.split('\n')[1]);
  });

  it.each<[string, () => object, RegExp]>([
    ['the method without a key', () => ({ clientAuthentication: 'private_key_jwt' }), /clientKey is needed/],
    ['a key id without a key', () => ({ clientKeyId: 'ours' }), /clientKey is needed/],
    [
      'a key with another method',
      () => ({
        clientKey: pemOf(ec.privateKey),
        clientSecret: 'x',
        clientAuthentication: 'client_secret_post',
      }),
      /only/,
    ],
    ['something that is no key', () => ({ clientKey: 'secret words' }), /private key in PEM/],
    [
      'a public key',
      () => ({ clientKey: rsa.publicKey.export({ type: 'spki', format: 'pem' }) }),
      /private key in PEM/,
    ],
    ['a weak key', () => ({ clientKey: pemOf(weak) }), /2048/],
    [
      'a key of another kind',
      () => ({ clientKey: pemOf(generateKeyPairSync('x25519').privateKey) }),
      /RSA|P-256/,
    ],
  ])('are refused with %s (F-123)', (_, options, message) => {
    expect(() => make(options())).toThrow(message);
    expect(() => make(options())).not.toThrow(/secret words/);
  });
});
