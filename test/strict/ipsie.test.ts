import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { connectAuth, type OidcOptions, providers } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { createScriptedKey } from '../support/scripted-keys.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now, key: createScriptedKey('ES256', 'ours') });
const startApp = useApps();
const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const good = { issuer: 'https://id.example.com', clientId: 'app', clientKey, profile: 'ipsie-sl1' } as const;

describe("the options of profile 'ipsie-sl1'", () => {
  it.each<[string, object, RegExp]>([
    [
      'a secret',
      { clientSecret: 'a secret', clientKey: undefined },
      /clientKey proves the client.*\n.*no clientSecret/,
    ],
    [
      'no key',
      { clientKey: undefined },
      /clientKey proves the client.*\(IPSIE SL1, Requirements for OpenID Relying Parties/,
    ],
    ['another audience', { trustedAudiences: ['other'] }, /trustedAudiences is left out/],
    ['a rule for audiences', { trustedAudiences: () => true }, /trustedAudiences is left out/],
    ...[
      'idTokenSigningAlgorithm',
      'responseSigningAlgorithm',
      'userinfoSigningAlgorithm',
      'introspectionSigningAlgorithm',
      'clientKeyAlgorithm',
    ].map((name): [string, object, RegExp] => [
      `RS256 as ${name}`,
      { [name]: 'RS256', ...(name.startsWith('response') ? { responseMode: 'jwt' } : {}) },
      new RegExp(`${name}.*"PS256", "ES256" or "EdDSA" \\(IPSIE Common Requirements, Crypto`),
    ]),
    ['metadata', { metadata: {} }, /metadata is discovered/],
    ['no PKCE', { quirks: { pkce: 'none' } }, /quirks\.pkce/],
    ['the implicit flow', { quirks: { dangerouslyUseImplicitFlow: true } }, /dangerouslyUseImplicitFlow/],
    ['plain http', { dangerouslyAllowHttp: ['http://a'] }, /dangerouslyAllowHttp is left out/],
    ['assertions for another', { clientAssertionAudience: 'token_endpoint' }, /clientAssertionAudience/],
    ['a profile of nobody', { profile: 'ipsie-sl9' }, /profile must be/],
  ])('refuse %s, and name the section', (_, options, message) => {
    expect(() => providers.oidc({ ...good, ...options } as OidcOptions)).toThrow(message);
  });

  it('choose an algorithm that may sign, and keep one that is given', () => {
    expect(providers.oidc(good).identity.algorithm).toBe('PS256');
    const idTokenSigningAlgorithm = 'ES256';
    expect(providers.oidc({ ...good, idTokenSigningAlgorithm }).identity.algorithm).toBe('ES256');
  });

  it('have an RSA key sign by PS256', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const pem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(providers.oidc({ ...good, clientKey: pem }).clientKey?.signsBy).toBe('PS256');
  });

  it('want a route where the provider begins logins', () => {
    const provider = providers.oidc(good);
    const options = {
      baseUrl: 'https://app.example.com',
      secret: 'x'.repeat(32),
      redis: 'memory',
      provider,
    } as const;
    expect(() => connectAuth(options)).toThrow(/routes\.initiateLogin must be given/);
  });
});

describe("a login by profile 'ipsie-sl1'", () => {
  /** Its client has a secret, which is all that this provider knows of clients. */
  const start = () =>
    startApp({
      op,
      now: clock.now,
      preset: (baseUrl) => {
        op.registerApp(baseUrl);
        const { issuer, clientId, clientSecret } = op;
        const client = { issuer, clientId, clientSecret, idTokenSigningAlgorithm: 'ES256' } as const;
        return Object.freeze({ ...providers.oidc(client), profile: 'ipsie-sl1' });
      },
      routes: { initiateLogin: '/initiate-login' },
    });

  const logIn = async (change: object) => {
    const app = await start();
    const session_expiry = Math.floor(clock.now() / 1000) + 3600;
    const honest = { acr: 'mfa', amr: ['pwd', 'otp'], session_expiry };
    op.script({ claims: (claims) => ({ ...claims, ...honest, ...change }) });
    return { app, outcome: await tryLogin(app) };
  };

  it('is one whose ID token has all that the profile names', async () => {
    expect((await logIn({})).outcome).toEqual(loggedIn);
  });

  it.each<[string, object]>([
    ['aud', { aud: [op.clientId] }],
    ['acr', { acr: undefined }],
    ['acr', { acr: 2 }],
    ['amr', { amr: undefined }],
    ['amr', { amr: 'pwd' }],
    ['amr', { amr: [] }],
    ['auth_time', { auth_time: undefined }],
    ['session_expiry', { session_expiry: undefined }],
    ['session_expiry', { session_expiry: 1 }],
  ])('is refused for its %s: %j', async (member, change) => {
    const { app, outcome } = await logIn(change);
    expect(outcome).toEqual(refused('provider_invalid_response'));
    expect(app.errors.at(-1)!.error).toMatchObject({ fault: { member } });
  });
});
