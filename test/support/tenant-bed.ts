import type { Server } from 'node:http';
import { afterEach } from '@jest/globals';
import express, { type Express } from 'express';
import {
  type ConnectAuth,
  type ConnectAuthOptions,
  connectAuth,
  type ErrorEvent,
  type LogoutEvent,
  type ProviderDefinition,
  providers,
  requireAuth,
} from 'express-connect-auth';
import { type BrowserClient, createBrowser, type RequestHeaders } from './browser-client.ts';
import type { CookieJar } from './cookie-jar.ts';
import { type ListeningServer, serve } from './listen.ts';
import type { ScriptedProvider } from './scripted-provider.ts';

/** An application with tenants, under test: `/` says who is there, `/me` is guarded. */
export interface TenantApp {
  readonly origin: string;
  readonly server: Server;
  readonly auth: ConnectAuth;
  readonly logouts: LogoutEvent[];
  readonly errors: ErrorEvent[];
  /** How often the provider of a tenant was asked for. */
  readonly loads: string[];
  browser(jar?: CookieJar): BrowserClient;
  /** Logs in at a tenant, and returns the answer of the callback. */
  logIn(browser: BrowserClient, tenant: string, path?: string): Promise<Response>;
}

export interface TenantAppOptions extends Partial<ConnectAuthOptions> {
  /** Whose provider each tenant has. */
  readonly ops: Readonly<Record<string, ScriptedProvider>>;
  /** Changes what is found for a tenant. */
  readonly load?: (tenant: string, found: ProviderDefinition | undefined) => unknown;
  readonly handlers?: (app: Express) => void;
  readonly port?: number;
  /** Another version of Express. */
  readonly createApp?: () => Express;
}

/** Header by which the tests' proxy names the tenant of a request. */
export const TENANT_HEADER = 'x-tenant';

/** Headers of a request to a tenant. */
export const at = (tenant: string): RequestHeaders => ({ [TENANT_HEADER]: tenant });

/** Starts such applications, and closes them after the test. */
export function useTenantApps(): (options: TenantAppOptions) => Promise<TenantApp> {
  const started: { server: ListeningServer; auth: ConnectAuth }[] = [];
  afterEach(async () => {
    for (const { server, auth } of started.splice(0)) {
      await server.close();
      await auth.close();
    }
  });

  return async ({ ops, load, handlers, port, createApp = express, ...options }) => {
    const logouts: LogoutEvent[] = [];
    const errors: ErrorEvent[] = [];
    const loads: string[] = [];
    let auth!: ConnectAuth;
    const server = await serve(
      async (origin) => {
        const found: Record<string, ProviderDefinition> = {};
        for (const [tenant, op] of Object.entries(ops)) {
          const base = [options.baseUrl ?? origin].flat()[0]!;
          const registered = await op.registerApp(base, { callbackPath: `/oauth/callback/${tenant}` });
          found[tenant] = providers.oidc(registered);
        }
        auth = connectAuth({
          baseUrl: origin,
          secret: 'a secret of the tests, long enough to be one',
          redis: 'memory',
          tenant: ({ headers }) => headers[TENANT_HEADER] as string | undefined,
          provider: async (tenant) => {
            loads.push(tenant);
            const given = found[tenant];
            return (load ? await load(tenant, given) : given) as ProviderDefinition | undefined;
          },
          onLogout: (event) => void logouts.push(event),
          onError: (event) => void errors.push(event),
          ...options,
        });
        const app = createApp();
        app.use(auth);
        handlers?.(app);
        app.get('/', (req, res) => {
          const { tenant, isAuthenticated } = req.auth;
          res.json({ tenant, isAuthenticated, user: req.user ?? null });
        });
        app.get('/me', requireAuth, (req, res) => void res.json(req.user));
        return app;
      },
      'localhost',
      port,
    );
    started.push({ server, auth });
    return {
      ...{ origin: server.origin, server: server.server, auth, logouts, errors, loads },
      browser: (jar) => createBrowser(server.origin, jar),
      logIn: async (browser, tenant, path = '/login') => {
        const redirect = await browser.get(path, at(tenant));
        const location = redirect.headers.get('location');
        if (!location) throw new Error(`${path} answered ${redirect.status} without a redirect.`);
        return browser.deliver(await ops[tenant]!.signIn(location));
      },
    };
  };
}

/** What `/` says of a browser at a tenant. */
export async function lookAround(browser: BrowserClient, tenant: string) {
  const answer = await browser.get('/', at(tenant));
  return { status: answer.status, ...(answer.status === 200 ? await answer.json() : {}) };
}
