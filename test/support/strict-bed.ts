import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import type { OidcOptions } from 'express-connect-auth';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import type { TestApp, TestAppOptions } from './app.ts';
import { type OpenIdProvider, startOpenIdProvider } from './open-id-provider.ts';
import { addTokenRoutes } from './token-routes.ts';
import { useApps } from './use-apps.ts';

/** The key of the client, as it is given in PEM and as the provider knows it. */
export const clientKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const publicJwk = (key: KeyObject, more: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  use: 'sig',
  ...more,
});

/** Everything that the strict half of the standards needs at the provider, by its features. */
const FEATURES = {
  pushedAuthorizationRequests: { enabled: true },
  requestObjects: { enabled: true },
  jwtResponseModes: { enabled: true },
} as Configuration['features'];

const ALGORITHMS = ['RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA'];
export const WAYS = ['client_secret_basic', 'client_secret_jwt', 'private_key_jwt', 'none'];

export interface StrictAppOptions extends Partial<TestAppOptions> {
  client?: Partial<ClientMetadata>;
  oidc?: Partial<OidcOptions>;
}

export interface StrictBed {
  readonly op: OpenIdProvider;
  /** What reached the provider's pages and endpoints, as `METHOD path?query`. */
  readonly seen: readonly string[];
  /** Starts an application whose client proves itself by {@link clientKeys}, unless told otherwise. */
  start(options?: StrictAppOptions): Promise<TestApp>;
}

/** Sets up a provider with more of its features switched on, for a test file. */
export function setUpStrictProvider(
  change: () => Partial<Configuration> | Promise<Partial<Configuration>> = () => ({}),
): StrictBed {
  const startApp = useApps();
  const seen: string[] = [];
  let op: OpenIdProvider;
  beforeAll(async () => {
    const { features, ...others } = await change();
    op = await startOpenIdProvider({
      accessTokenSeconds: 300,
      configuration: {
        clientAuthMethods: WAYS as never,
        enabledJWA: {
          clientAuthSigningAlgValues: ['HS256', ...ALGORITHMS],
          requestObjectSigningAlgValues: ALGORITHMS,
          authorizationSigningAlgValues: ALGORITHMS,
          idTokenSigningAlgValues: ALGORITHMS,
        } as never,
        ...others,
        features: { ...FEATURES, ...features } as never,
      },
    });
    op.provider.use(async (ctx, next) => {
      seen.push(`${ctx.method} ${ctx.url}`);
      await next();
    });
  });
  afterAll(() => op?.close());

  return {
    seen,
    get op() {
      return op;
    },
    start: ({ client, oidc, handlers, ...options } = {}) =>
      startApp({
        op: {
          signIn: op.signIn,
          registerApp: (base) =>
            op.registerApp(base, {
              client_secret: undefined,
              token_endpoint_auth_method: 'private_key_jwt',
              jwks: { keys: [publicJwk(clientKeys.publicKey)] },
              ...client,
            } as never),
        },
        oidc: { clientSecret: undefined, clientKey: pemOf(clientKeys.privateKey), ...oidc } as never,
        handlers: (app) => {
          addTokenRoutes(app);
          handlers?.(app);
        },
        ...options,
      }),
  };
}
