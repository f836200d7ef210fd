import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, providers } from 'express-connect-auth';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { beginLogin, readAnswer, refused, withAnswer } from '../support/login-outcome.ts';
import { notStarted, tryStart } from '../support/start-outcome.ts';
import { clientKeys, pemOf, setUpStrictProvider } from '../support/strict-bed.ts';
import { ask } from '../support/token-routes.ts';

const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const jwks = { keys: [signing.export({ format: 'jwk' })] } as never;
const bed = setUpStrictProvider(() => ({
  jwks,
  features: {
    fapi: { enabled: true, profile: '2.0' },
    // With a nonce a proof is fresh whatever clock made it.
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
  } as never,
}));
const client = {
  dpop_bound_access_tokens: true,
  id_token_signed_response_alg: 'ES256',
  authorization_signed_response_alg: 'ES256',
} as object;
const rsaPem = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;

const strict = (options: Partial<OidcOptions> = {}): Partial<OidcOptions> => ({
  profile: 'fapi2',
  idTokenSigningAlgorithm: 'ES256',
  ...options,
});

describe('a provider under a profile of FAPI 2.0', () => {
  it.each<[NonNullable<OidcOptions['profile']>, string[]]>([
    ['fapi2', ['code', 'iss', 'state']],
    ['fapi2-message-signing', ['response']],
  ])('logs people in by %s, refreshes and logs out (C-69, R-66)', async (profile, answered) => {
    const clock = createTestClock();
    const app = await bed.start({ now: clock.now, client, oidc: strict({ profile }) });
    const browser = app.browser();
    const url = await beginLogin(browser);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const callback = await bed.op.signIn(url.href);
    expect([...readAnswer(callback).keys()].sort()).toEqual(answered);
    await browser.deliver(callback);
    expect(await whoIs(browser)).toBe('ada');
    clock.advance(310_000);
    const { token } = await ask(browser);
    // Of no use without the key of the session.
    const bearer = await fetch(`${bed.op.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(bearer.status).toBe(401);
    expect((await ask(browser, '/userinfo')).claims).toMatchObject({ sub: 'ada' });
    await browser.post('/logout');
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it('wants the issuer in each answer, whatever is announced (C-71)', async () => {
    const app = await bed.start({
      ...{ client, oidc: strict() },
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (!String(url).includes('openid-configuration')) return answer;
        const { authorization_response_iss_parameter_supported: _, ...document } = await answer.json();
        return Response.json(document);
      },
    });
    const browser = app.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    answer.delete('iss');
    const result = await browser.deliver(withAnswer(callback, answer));
    expect({ status: result.status, error: app.errors.at(-1)?.error.code }).toMatchObject({
      status: 502,
      error: refused('provider_invalid_response').error,
    });
  });

  it('begins no login where the provider announces otherwise (R-36)', async () => {
    const app = await bed.start({
      client,
      oidc: strict({ idTokenSigningAlgorithm: 'PS256' }),
      fetch: withoutPs,
    });
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(
      /id_token_signing_alg_values_supported.*No login begins under the profile "fapi2"/,
    );
  });
});

/** The provider, which announces ES256 alone. */
const withoutPs: typeof fetch = async (url, init) => {
  const answer = await fetch(url, init);
  if (!String(url).includes('openid-configuration')) return answer;
  return Response.json({ ...(await answer.json()), id_token_signing_alg_values_supported: ['ES256'] });
};

describe('the options under a profile', () => {
  const make = (options: object) =>
    providers.oidc({
      ...{ issuer: 'https://id.example.com', clientId: 'app', clientKey: pemOf(clientKeys.privateKey) },
      ...{ profile: 'fapi2', certificateBoundAccessTokens: true, ...options },
    } as OidcOptions);

  it('are what it demands, where nothing is said (R-66)', () => {
    expect(make({})).toMatchObject({
      ...{ pushedAuthorizationRequests: true, clientAuthentication: 'private_key_jwt', dpop: false },
      ...{ identity: { algorithm: 'PS256' }, quirks: { pkce: 'S256', responseIssuer: 'announced' } },
    });
    expect(make({ certificateBoundAccessTokens: undefined })).toMatchObject({ dpop: true });
    expect(make({ profile: 'fapi2-message-signing' })).toMatchObject({
      ...{ signedAuthorizationRequests: true, responseMode: 'query.jwt' },
    });
    // An RSA key signs by PS256 there, and by RS256 elsewhere.
    expect(() => make({ clientKey: rsaPem })).not.toThrow();
  });

  const FORBIDDEN: readonly [string, object, string][] = [
    [
      'metadata',
      { metadata: { authorization_endpoint: 'https://a.example', token_endpoint: 'https://a.example' } },
      '5.3.3.1',
    ],
    ['plain http', { dangerouslyAllowHttp: ['http://a.example'] }, '5.2.1'],
    ['a secret', { clientSecret: 'x'.repeat(32) }, '5.3.3.1'],
    ['a weaker proof', { clientAuthentication: 'client_secret_jwt' }, '5.3.3.1'],
    ['no key', { clientKey: undefined }, '5.3.3.1'],
    ['assertions for an endpoint', { clientAssertionAudience: 'token_endpoint' }, '5.3.3.1'],
    ['plain requests', { pushedAuthorizationRequests: false }, '5.3.3.2'],
    ['bearer tokens', { certificateBoundAccessTokens: false, dpop: false }, '5.3.3.1'],
    ['no PKCE', { quirks: { pkce: 'none' } }, '5.3.3.2'],
    ['answers without an issuer', { quirks: { responseIssuer: 'optional' } }, '5.3.3.2'],
    ['the implicit flow', { quirks: { dangerouslyUseImplicitFlow: true } }, '5.3.3.2'],
    ['parameters in the URL', { quirks: { tokenParams: 'query' } }, '5.3.3.2'],
    ['RS256', { idTokenSigningAlgorithm: 'RS256' }, '5.4.1'],
    ['RS256 for userinfo', { userinfoSigningAlgorithm: 'RS256' }, '5.4.1'],
    ['RS256 for introspection', { introspectionSigningAlgorithm: 'RS256' }, '5.4.1'],
    ['RS256 of its own', { clientKey: rsaPem, clientKeyAlgorithm: 'RS256' }, '5.4.1'],
    ['weak keys', { quirks: { minimumKeyBits: 1024 } }, '5.4.1'],
    ['clocks far apart', { clockToleranceSeconds: 300 }, '5.3.2.1'],
    ['answers in the clear', { profile: 'fapi2-message-signing', responseMode: 'query' }, '5.4.2'],
    ['unsigned requests', { profile: 'fapi2-message-signing', signedAuthorizationRequests: false }, '5.3.2'],
  ];

  it.each(FORBIDDEN)('are refused with %s, naming the clause (R-66, F-123)', (_, options, clause) => {
    const profile = (options as { profile?: string }).profile ?? 'fapi2';
    expect(() => make(options)).toThrow(`profile "${profile}" wants that`);
    expect(() => make(options)).toThrow(`, ${clause}).`);
  });

  it('name everything that is forbidden at once', () => {
    const both = { clientSecret: 'x'.repeat(32), quirks: { pkce: 'none' } };
    expect(() => make(both)).toThrow(/there is no clientSecret[^\n]*\n[^\n]*quirks\.pkce/);
  });

  it('take no key that signs by something else (R-66)', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    expect(() => make({ clientKey: pemOf(key) })).toThrow('for PS256, ES256, EdDSA');
    const jwk = { ...clientKeys.privateKey.export({ format: 'jwk' }), alg: 'ES384' };
    expect(() => make({ clientKey: jwk })).toThrow('for ES256');
  });
});
