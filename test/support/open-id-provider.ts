import { once } from 'node:events';
import type { ClientMetadata, Provider } from 'oidc-provider';
import { type ProviderOptions, startProvider } from '../../example-app/provider.ts';
import type { Callback } from './browser-client.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { withFreePort } from './free-port.ts';
import { createProviderFaults, type ProviderFaults } from './provider-faults.ts';
import { createProviderStorage } from './provider-storage.ts';
import { walkProvider } from './provider-walk.ts';
import { takeRsaKey } from './rsa-keys.ts';

export interface OpenIdProviderOptions extends Partial<ProviderOptions> {
  /** Registers an application at once, as `registerApp()` does. */
  baseUrl?: string;
}

/** What an application needs to know of its registration. */
export interface Registration {
  issuer: string;
  clientId: string;
  clientSecret: string;
}

export interface SignInOptions {
  /** Who signs in, where the provider asks. @default 'ada' */
  as?: string;
  /** Presses Cancel instead. */
  cancel?: boolean;
  /** The browser at the provider; with the same one again nobody is asked who they are. @default a new one */
  jar?: CookieJar;
}

/** A real provider for tests, with its people and its faults. */
export interface OpenIdProvider extends ProviderFaults {
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  /**
   * Registers an application by its base URL, or replaces the registration with the same client id. Its callback
   * is `/oauth/callback` and the page after logout `/`; metadata replaces any of it.
   */
  registerApp(baseUrl: string, metadata?: Partial<ClientMetadata>): Promise<Registration>;
  /** Signs in at the URL the application redirected to, and returns what the browser brings back to it. */
  signIn(authorizationUrl: string, options?: SignInOptions): Promise<Callback>;
  /** Follows a redirect to the provider's logout to its end, and returns where the browser is then. */
  signOut(endSessionUrl: string, jar: CookieJar): Promise<string>;
  /** Stops listening and cuts all connections. */
  down(): Promise<void>;
  /** Listens again on the same port, knowing all it knew. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a provider on a free port that stays its own while it is down. */
export async function startOpenIdProvider(options: OpenIdProviderOptions = {}): Promise<OpenIdProvider> {
  const { baseUrl, host = 'localhost', ...others } = options;
  const storage = createProviderStorage();
  const signingKey = takeRsaKey();
  const { faults, middleware } = createProviderFaults();
  const start = (port: number) =>
    startProvider({ clients: [], adapter: storage, middleware, signingKey, ...others, host, port });
  const running = await (options.port ? start(options.port) : withFreePort(start));
  const { issuer, port, provider, server } = running;

  const registerApp = async (base: string, metadata: Partial<ClientMetadata> = {}) => {
    const client = { ...createClient(base), ...metadata };
    await storage('Client').upsert(client.client_id, client);
    return { issuer, clientId: client.client_id, clientSecret: client.client_secret };
  };
  if (baseUrl) await registerApp(baseUrl);

  return {
    issuer,
    port,
    provider,
    ...faults,
    registerApp,
    signIn: (url, { as = 'ada', cancel = false, jar = createCookieJar() } = {}) =>
      walkProvider(url, jar, cancel ? { cancel: 'yes' } : { person: as }),
    signOut: async (url, jar) => (await walkProvider(url, jar, { cancel: 'yes' })).url,
    down: running.close,
    async up() {
      server.listen(port, host);
      await once(server, 'listening');
    },
    close: running.close,
  };
}

function createClient(baseUrl: string) {
  const base = baseUrl.replace(/\/$/, '');
  return {
    client_id: 'app',
    client_secret: 'the-secret-of-the-app-at-the-provider',
    redirect_uris: [`${base}/oauth/callback`],
    post_logout_redirect_uris: [base, `${base}/`],
    backchannel_logout_session_required: true, // `sid` in the ID token, given a backchannel_logout_uri.
  };
}
