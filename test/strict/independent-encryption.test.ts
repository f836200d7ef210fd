import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type OidcOptions, requireAuth } from 'express-connect-auth';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { takeRsaKey } from '../support/rsa-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps } from '../support/use-apps.ts';

const start = useApps();
const running: OpenIdProvider[] = [];
afterAll(async () => {
  for (const op of running) await op.close();
});

const rsa = takeRsaKey();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicJwk = (key: KeyObject) => ({ ...createPublicKey(key).export({ format: 'jwk' }), use: 'enc' });

const RSA = { alg: 'RSA-OAEP-256', enc: 'A256GCM' } as const;
const EC = { alg: 'ECDH-ES', enc: 'A128CBC-HS256' } as const;
const DIR = { alg: 'dir', enc: 'A128CBC-HS256' } as const;

/** What is registered of each kind of answer. */
const register = (kind: string, { alg, enc }: { alg: string; enc: string }) => ({
  [`${kind}_encrypted_response_alg`]: alg,
  [`${kind}_encrypted_response_enc`]: enc,
});

const protectedBy = (encryption: typeof RSA | typeof EC | typeof DIR, key?: KeyObject) => ({
  client: {
    ...register('id_token', encryption),
    ...register('userinfo', encryption),
    userinfo_signed_response_alg: 'RS256',
    introspection_signed_response_alg: 'RS256',
    ...register('introspection', encryption),
    ...(key ? { jwks: { keys: [publicJwk(key)] } } : {}),
  },
  oidc: {
    idTokenEncryption: encryption,
    userinfoEncryption: encryption,
    userinfoSigningAlgorithm: 'RS256',
    introspectionEncryption: encryption,
    introspectionSigningAlgorithm: 'RS256',
    userinfoAtLogin: true,
    ...(key ? { decryptionKeys: pem(key) } : {}),
  } satisfies Partial<OidcOptions>,
});

async function startProvider() {
  const op = await startOpenIdProvider({
    accessTokenSeconds: 60,
    configuration: {
      features: {
        devInteractions: { enabled: false },
        encryption: { enabled: true },
        jwtUserinfo: { enabled: true },
        introspection: { enabled: true, allowedPolicy: () => true },
        jwtIntrospection: { enabled: true },
        revocation: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      enabledJWA: {
        idTokenEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES', 'dir'],
        userinfoEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES', 'dir'],
        introspectionEncryptionAlgValues: ['RSA-OAEP-256', 'ECDH-ES', 'dir'],
      },
    },
  });
  running.push(op);
  return op;
}

describe.each([
  ['RSA-OAEP-256 and A256GCM', protectedBy(RSA, rsa)],
  ['ECDH-ES and A128CBC-HS256', protectedBy(EC, ec)],
  ['the client secret', protectedBy(DIR)],
])('oidc-provider that encrypts all its answers by %s', (_, { client, oidc }) => {
  it('logs in, tells who it is, refreshes, is asked about tokens, and logs out', async () => {
    const op = await startProvider();
    const clock = createTestClock();
    const app = await start({
      op: { ...op, registerApp: (base: string) => op.registerApp(base, client as never) },
      oidc,
      now: clock.now,
      handlers: (web) => {
        addTokenRoutes(web);
        const bearer = {
          audience: 'an API',
          introspection: 'opaque',
          dangerouslyAcceptMissingAudience: true,
        } as const;
        web.get('/orders', requireAuth({ bearer }), (req, res) => void res.json(req.user));
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    expect(app.errors.map(({ error }) => error.message)).toEqual([]);
    expect(await whoIs(browser)).toBe('ada');
    const { token } = await ask(browser);
    expect((await ask(browser, '/userinfo')).claims).toMatchObject({ sub: 'ada', name: 'Ada Lovelace' });
    const program = { accept: '*/*', authorization: `Bearer ${token}` };
    expect((await app.browser().get('/orders', program)).status).toBe(200);
    clock.advance(45_000);
    const refreshed = await ask(browser);
    expect(refreshed.status).toBe(200);
    expect(refreshed.token).not.toBe(token);
    const leave = await browser.post('/logout');
    expect((await fetch(leave.headers.get('location')!)).status).toBe(200);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.message)).toEqual([]);
  });
});
