import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { OidcOptions } from 'express-connect-auth';
import type { Configuration } from 'oidc-provider';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps } from '../support/use-apps.ts';

const start = useApps();
const running: OpenIdProvider[] = [];
afterAll(async () => {
  for (const op of running) await op.close();
});

/** A provider that anybody might run: its own configuration, and how an application is registered there. */
interface Deployment {
  readonly configuration: Partial<Configuration>;
  readonly client: object;
  readonly oidc: Partial<OidcOptions>;
  readonly signingKey?: 'EC';
}

const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const clientKey = ec();

const deployments: Record<string, Deployment> = {
  'ES256 and secrets in the body, found out by discovery': {
    configuration: {
      clientAuthMethods: ['client_secret_post', 'none'],
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    },
    client: { token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'ES256' },
    oidc: { idTokenSigningAlgorithm: 'ES256' },
    signingKey: 'EC',
  },
  'claims in userinfo only, and a form for the answer': {
    configuration: { conformIdTokenClaims: true },
    client: { token_endpoint_auth_method: 'client_secret_basic' },
    oidc: { userinfoAtLogin: true, responseMode: 'form_post' },
  },
  'a key for the client, iss in the answer, and short tokens, as the rules of banks have it': {
    configuration: {
      clientAuthMethods: ['private_key_jwt'],
      pkce: { required: () => true },
      enabledJWA: { idTokenSigningAlgValues: ['ES256'], clientAuthSigningAlgValues: ['ES256'] },
      ttl: {
        AccessToken: 60,
        AuthorizationCode: 30,
        IdToken: 300,
        Interaction: 300,
        Session: 600,
        Grant: 600,
        RefreshToken: 600,
      },
    },
    client: {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      client_secret: undefined,
      jwks: {
        keys: [{ ...clientKey.publicKey.export({ format: 'jwk' }), kid: 'ours', use: 'sig', alg: 'ES256' }],
      },
    },
    oidc: {
      clientKey: async () => clientKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      clientKeyId: 'ours',
      clientSecret: undefined as never,
      idTokenSigningAlgorithm: 'ES256',
    },
    signingKey: 'EC',
  },
};

async function startDeployment({ configuration, client, signingKey }: Deployment) {
  const op = await startOpenIdProvider({
    configuration,
    accessTokenSeconds: 60,
    ...(signingKey ? { signingKey: ec().privateKey } : {}),
  });
  running.push(op);
  return { ...op, registerApp: (base: string) => op.registerApp(base, client) };
}

describe.each(Object.entries(deployments))('oidc-provider with %s', (_, deployment) => {
  it('logs in, tells who it is, refreshes and logs out (R-54, R-03)', async () => {
    const op = await startDeployment(deployment);
    const clock = createTestClock();
    const app = await start({ op, oidc: deployment.oidc, now: clock.now, handlers: addTokenRoutes });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    expect((await (await browser.get('/me')).json()).name).toBe('Ada Lovelace');
    const { token } = await ask(browser);
    clock.advance(45_000);
    const refreshed = await ask(browser);
    expect(refreshed.status).toBe(200);
    expect(refreshed.token).not.toBe(token);
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.message)).toEqual([]);
  });
});

describe('oidc-provider that compares the bytes of HTTP Basic', () => {
  // The server decodes by itself: here it is handed what a server would read that does not.
  const comparingBytes: NonNullable<Parameters<typeof startOpenIdProvider>[0]>['middleware'] = async (
    ctx,
    next,
  ) => {
    const given = /^Basic (.+)$/.exec(ctx.get('authorization'))?.[1];
    if (given !== undefined) {
      const [id = '', ...secret] = Buffer.from(given, 'base64').toString().split(':');
      const encode = (part: string) => encodeURIComponent(part);
      const credentials = `${encode(id)}:${encode(secret.join(':'))}`;
      ctx.req.headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    }
    await next();
  };
  const SIMPLE = 'a-secret_of.many~parts';
  const BASE64 = 'q83vEjRWeJA+/w==';

  it.each([
    ['what needs no encoding', SIMPLE, {}, 'ada'],
    ['base64, raw', BASE64, { quirks: { basicEncoding: 'raw' } }, 'ada'],
    ['base64', BASE64, {}, null],
  ] as const)('takes a secret of %s, or is told what to try (R-30)', async (_, client_secret, oidc, user) => {
    const configuration = { clientAuthMethods: ['client_secret_basic'] as never };
    const op = await startOpenIdProvider({ configuration, middleware: comparingBytes });
    running.push(op);
    const registerApp = (base: string) => op.registerApp(base, { client_id: 'app-1', client_secret });
    const app = await start({ op: { ...op, registerApp }, oidc });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe(user);
    if (user === null)
      expect(app.errors.at(-1)!.error.message).toMatch(/invalid_client.*basicEncoding: 'raw'/);
  });
});
