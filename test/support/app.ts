import type { Server } from 'node:http';
import express, { type Express } from 'express';
import {
  type ConnectAuth,
  type ConnectAuthOptions,
  connectAuth,
  type ErrorEvent,
  type LoginEvent,
  type LogoutEvent,
  type OidcOptions,
  type ProviderDefinition,
  providers,
  requireAuth,
} from 'express-connect-auth';
import { type BrowserClient, createBrowser } from './browser-client.ts';
import type { CookieJar } from './cookie-jar.ts';
import { serve } from './listen.ts';
import type { OpenIdProvider, SignInOptions } from './open-id-provider.ts';
import { withoutUndefined } from './without-undefined.ts';

export interface TestAppOptions extends Omit<Partial<ConnectAuthOptions>, 'provider'> {
  /** Whoever can register an app and sign people in; the app's provider is made from the registration. */
  op: Pick<OpenIdProvider, 'registerApp' | 'signIn'>;
  /** Changes of the `providers.oidc()` options. */
  oidc?: Partial<OidcOptions>;
  /** Registers the app by its base URL and makes its provider, where that is not `providers.oidc()` at `op`. */
  preset?: (baseUrl: string) => ProviderDefinition;
  /** Makes the Express application. @default express() of Express 5 */
  createExpress?: () => Express;
  /** @default 'localhost' */
  host?: string;
  port?: number;
  /** Adds middleware in front of connectAuth. */
  before?: (app: Express) => void;
  /** Adds routes behind connectAuth, before the standard ones. */
  handlers?: (app: Express) => void;
}

/** An application under test, over real HTTP. Its standard routes: `/`, `/me` (guarded), `/api/me`, `/save?k=v`. */
export interface TestApp {
  readonly origin: string;
  readonly auth: ConnectAuth;
  readonly server: Server;
  /** What the hooks were told, in order. */
  readonly logins: LoginEvent[];
  readonly logouts: LogoutEvent[];
  readonly errors: ErrorEvent[];
  browser(jar?: CookieJar): BrowserClient;
  /** Logs in from `path` to the end, and returns the answer of the callback. */
  logIn(browser: BrowserClient, options?: LogInOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface LogInOptions extends SignInOptions {
  /** @default '/login' */
  path?: string;
}

export async function startApp({
  op,
  oidc,
  preset,
  createExpress = express,
  host,
  port,
  before,
  handlers,
  ...options
}: TestAppOptions): Promise<TestApp> {
  const logins: LoginEvent[] = [];
  const logouts: LogoutEvent[] = [];
  const errors: ErrorEvent[] = [];
  let auth!: ConnectAuth;

  const server = await serve(
    async (origin) => {
      const registered = [options.baseUrl ?? origin].flat()[0]!;
      const provider =
        preset?.(registered) ??
        providers.oidc(withoutUndefined({ ...(await op.registerApp(registered)), ...oidc }));
      const app = createExpress();
      before?.(app);
      auth = connectAuth({
        baseUrl: origin,
        secret: 'a secret of the tests, long enough to be one',
        redis: 'memory',
        ...(options.providers ? {} : { provider }),
        onLogin: (event) => void logins.push(event),
        onLogout: (event) => void logouts.push(event),
        onError: (event) => void errors.push(event),
        ...options,
        // The default name is tested by itself; elsewhere no test shall care about the port.
        session: { cookieName: 'session', ...options.session },
      });
      app.use(auth);
      handlers?.(app);
      app.get('/', (req, res) => {
        res.json({ user: req.user ?? null });
      });
      app.get('/me', requireAuth, (req, res) => {
        res.json(req.user);
      });
      app.all('/api/me', requireAuth, (req, res) => {
        res.json(req.user);
      });
      app.get('/save', (req, res) => {
        Object.assign(req.session, req.query);
        const { cookie: _, ...data } = req.session;
        res.json(data);
      });
      return app;
    },
    host ?? 'localhost',
    port,
  );

  return {
    origin: server.origin,
    server: server.server,
    auth,
    logins,
    logouts,
    errors,
    browser: (jar) => createBrowser(server.origin, jar),
    logIn: async (browser, { path = '/login', ...signIn } = {}) => {
      const redirect = await browser.get(path);
      const location = redirect.headers.get('location');
      if (!location)
        throw new Error(`${path} answered ${redirect.status} without a redirect to the provider.`);
      return browser.deliver(await op.signIn(location, signIn));
    },
    close: async () => {
      await server.close();
      await auth.close();
    },
  };
}
