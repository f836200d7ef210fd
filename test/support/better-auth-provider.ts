import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins/jwt';
import type { Callback } from './browser-client.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { exchange } from './http-exchange.ts';
import { serve } from './listen.ts';
import type { Registration, SignInOptions } from './open-id-provider.ts';

export interface BetterAuthProvider {
  readonly issuer: string;
  /** Registers an application by its base URL. Its metadata is what the server takes; it makes id and secret itself. */
  registerApp(baseUrl: string, metadata?: object): Promise<Registration>;
  /** Signs in and consents, as the pages do that whoever runs such a server writes. Neither is asked twice of a jar. */
  signIn(authorizationUrl: string, options?: SignInOptions): Promise<Callback>;
  /** Opens a page of the server, or sends JSON to it as its pages do, with the cookies of a browser. */
  visit(url: string | URL, jar: CookieJar, body?: object): Promise<Response>;
  close(): Promise<void>;
}

const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'the first programmer' };

/**
 * Starts a Better Auth server with its plugins `jwt` and `oauthProvider`, on loopback, in memory. Ada has an account.
 *
 * @param signingAlgorithm What ID tokens are signed by. @default its own: EdDSA
 */
export async function startBetterAuthProvider(signingAlgorithm?: 'RS256'): Promise<BetterAuthProvider> {
  let auth!: ReturnType<typeof createServer>;
  const { origin, close } = await serve((own) => {
    auth = createServer(own, signingAlgorithm);
    return toNodeHandler(auth);
  }, 'localhost');
  const api = `${origin}/api/auth`;
  await auth.api.signUpEmail({ body: ADA });

  const visit = async (url: string | URL, jar: CookieJar, body?: object) => {
    const cookie = jar.header(url);
    const asJson = { accept: 'application/json', 'content-type': 'application/json', origin };
    const response = await exchange({
      method: body ? 'POST' : 'GET',
      url,
      headers: { ...(cookie && { cookie }), ...(body ? asJson : { accept: 'text/html' }) },
      body: body && JSON.stringify(body),
    });
    jar.store(url, response.headers.getSetCookie());
    return response;
  };
  /** Does what a page does: it hands back the signed query that it was opened with, and goes where it is told. */
  const answerPage = async (page: URL, jar: CookieJar, path: string, body: object) => {
    const response = await visit(api + path, jar, { ...body, oauth_query: page.search.slice(1) });
    const { url, ...said } = await response.json();
    if (!url) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(said)}`);
    return new URL(url, origin);
  };

  return {
    issuer: api,
    close,
    visit,
    async registerApp(baseUrl, metadata) {
      const { headers } = await auth.api.signInEmail({ body: ADA, returnHeaders: true });
      const cookie = headers.getSetCookie().map((line) => line.split(';')[0]);
      const client = await auth.api.adminCreateOAuthClient({
        headers: new Headers({ cookie: cookie.join('; ') }),
        body: {
          // Those of the type `web` may not be on loopback, nor without TLS.
          application_type: 'native',
          token_endpoint_auth_method: 'client_secret_basic',
          redirect_uris: [`${baseUrl}/oauth/callback`],
          post_logout_redirect_uris: [baseUrl, `${baseUrl}/`],
          enable_end_session: true,
          ...metadata,
        },
      });
      return { issuer: api, clientId: client.client_id, clientSecret: client.client_secret! };
    },
    async signIn(authorizationUrl, { cancel = false, jar = createCookieJar() } = {}) {
      const { headers } = await visit(authorizationUrl, jar);
      let at = new URL(headers.get('location')!, authorizationUrl);
      if (at.pathname === '/sign-in') at = await answerPage(at, jar, '/sign-in/email', ADA);
      if (at.pathname === '/consent') at = await answerPage(at, jar, '/oauth2/consent', { accept: !cancel });
      return { method: 'GET', url: at.href };
    },
  };
}

function createServer(origin: string, signingAlgorithm?: 'RS256') {
  return betterAuth({
    baseURL: origin,
    secret: 'a secret of the server under test, long enough to be one',
    database: memoryAdapter({
      user: [],
      session: [],
      account: [],
      verification: [],
      jwks: [],
      oauthClient: [],
      oauthConsent: [],
      oauthResource: [],
      oauthClientResource: [],
      oauthAccessToken: [],
      oauthRefreshToken: [],
      oauthClientAssertion: [],
    }),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [
      jwt(signingAlgorithm && { jwks: { keyPairConfig: { alg: signingAlgorithm } } }),
      oauthProvider({ loginPage: '/sign-in', consentPage: '/consent', accessTokenExpiresIn: 60 }),
    ],
  });
}
